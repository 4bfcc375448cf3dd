// Means over windows at a cost that does not depend on the window's size.
#pragma once

#include "image/frame.h"

namespace scrim::image {

// Mean over the (2·radius+1)² window around each pixel, counting only pixels inside the picture. 1, 2 or 4 interleaved
// channels. In place; `scratch` is resized as needed.
void BoxBlur(int radius, Floats* picture, Floats* scratch);

// Three box blurs whose variances add up to sigma²: within 3 % of a Gaussian (Kovesi 2010, "Fast Almost-Gaussian
// Filtering", sections II and III). Sigma in pixels; below 0.5 nothing happens.
void GaussianBlur(float sigma, Floats* picture, Floats* scratch);

}  // namespace scrim::image
