// Which part of a photo the network sees, and where a cut-out person stands before another background.
#pragma once

#include <opencv2/core.hpp>

#include "augment/random.h"

namespace scrim::train {

// Resamples the whole photo to width×height, as the product does: stretched, averaging when it shrinks.
cv::Mat Stretch(const cv::Mat& rgba, int width, int height);

// A random view of a photo: with probability stretched_share the whole of it, stretched to the target's aspect, else a
// crop that keeps the proportions within a quarter; mirrored, slightly rotated. What lies beyond the photo's edge
// continues it.
cv::Mat RandomView(const cv::Mat& rgba, float stretched_share, Random& random, int width, int height);

// Whether RandomComposite may cut the person out of this photo: one person whom nothing but its lower edge cuts off, or
// nothing at all and who stands. Where the sides or the top do, a straight cut would stand in the middle of the
// composite.
bool CanBeCutOut(const cv::Mat& rgba);

// A person cut out of a studio photo, or of one that CanBeCutOut, placed on a view of a background. Whoever is cut off
// below is framed as by a webcam: leaving the picture below, 45 to 130 % as high as it. Who is there from head to foot
// stands near or far, 20 to 100 % as high as the picture. People in the background stay people.
// lit: the light on the person is another one than on the background.
cv::Mat RandomComposite(const cv::Mat& foreground, const cv::Mat& background, bool lit, Random& random, int width,
                        int height);

}  // namespace scrim::train
