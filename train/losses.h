// What training minimises.
#pragma once

#include <torch/torch.h>

namespace scrim::train {

// Boundary-weighted binary cross-entropy plus soft Dice (Milletari et al. 2016, V-Net, section 3), the latter per
// picture and smoothed by one pixel, so that pictures without a person count too. And, `edges` times, the mean absolute
// difference of the horizontal and vertical gradients of probability and truth, in units of each truth's own
// gradient: it tells a sharp outline from a blurred one, on soft masks too (as in deep matting: Xu et al. 2017; Lin et
// al. 2022 use a pyramid of it). Pixels of weight 0 do not count. All tensors n×planes×h×w; a scalar, the sum over the
// planes.
torch::Tensor SegmentationLoss(const torch::Tensor& logits, const torch::Tensor& truth, const torch::Tensor& weight,
                               double edges);

}  // namespace scrim::train
