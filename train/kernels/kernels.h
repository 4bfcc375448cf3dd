// Training operations for few channels on the CPU, forwards and backwards. oneDNN spends most of a step on these
// layers; these kernels took a 119-MMAC network from 33 to 23 CPU-ms a sample at 160 pixels. float32, NCHW, zero
// padding.
#pragma once

#include <torch/torch.h>

#include "graph/graph.h"

namespace scrim::train::kernels {

// True for what Convolve can do: stride and dilation 1, and 1×1, 3×3 depthwise, or 3×3 of at most 24 input channels.
bool Supports(const torch::Tensor& x, const torch::Tensor& weight, const graph::ConvAttributes& conv);

// The convolution without bias, differentiable. Call only when Supports says so.
torch::Tensor Convolve(const torch::Tensor& x, const torch::Tensor& weight, const graph::ConvAttributes& conv);

// Batch norm with the batch's statistics, and ReLU if asked, in one pass each way. Updates mean and variance (unbiased)
// by momentum, as torch::batch_norm does. Fixed: mean and variance are used as they are, and stay.
torch::Tensor BatchNormRelu(const torch::Tensor& x, const torch::Tensor& scale, const torch::Tensor& offset,
                            torch::Tensor mean, torch::Tensor variance, double momentum, double epsilon, bool relu,
                            bool fixed);

}  // namespace scrim::train::kernels
