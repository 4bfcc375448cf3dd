// The fourth input channel while training: what the network would have said a frame ago.
#pragma once

#include <functional>
#include <opencv2/core.hpp>

#include "augment/random.h"
#include "augment/thin_plate_spline.h"

namespace scrim::train {

// Shares of the kinds of previous mask; they need not add up to 1.
struct PreviousMaskShares {
  float empty = 1.f;  // the first frame: all zeros; or nobody was there yet: faint noise
  float small = 0.f;  // the truth under a small affine jitter: carry over
  float large = 0.f;  // the truth under a large one, or somebody else's: recognise a wrong mask and drop it
  float spline =
      0.f;  // the picture warped by a thin-plate spline, the unwarped truth as its previous mask: fast motion
};

// Draws one kind and makes the mask (8 bit, as large as the picture; an empty Mat stands for zeros). For the spline
// kind it is the picture, truth included, that is changed. Small jitters are often blurred, eroded or dilated too, or
// carry an island or a hole, as the network's own masks do. `other` makes the mask of another picture, of the same
// size, and is asked only where one is wanted; empty: there is none. Where nobody is in the picture, whoever left is
// `other`.
cv::Mat RandomPreviousMask(cv::Mat& rgba, const PreviousMaskShares& shares, const ThinPlateSpline& spline,
                           Random& random, const std::function<cv::Mat()>& other = {});

}  // namespace scrim::train
