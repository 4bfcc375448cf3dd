// What cameras, light and codecs do to a picture's colours.
#pragma once

#include <opencv2/core.hpp>

#include "augment/random.h"

namespace scrim::train {

// Gamma, contrast, brightness, white balance, saturation, defocus, sensor noise (more of it in low light) and JPEG
// artefacts, each at random. rgba is changed in place; its alpha channel, the mask, stays.
void RandomColours(cv::Mat& rgba, Random& random);

}  // namespace scrim::train
