// What training minimises.
#pragma once

#include <torch/torch.h>

namespace scrim::train {

// Boundary-weighted binary cross-entropy plus soft Dice (Milletari et al. 2016, V-Net, section 3), the latter per
// picture and smoothed by one pixel, so that pictures without a person count too. All tensors n×1×h×w; a scalar.
torch::Tensor SegmentationLoss(const torch::Tensor& logits, const torch::Tensor& truth, const torch::Tensor& weight);

}  // namespace scrim::train
