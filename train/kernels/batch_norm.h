// Batch norm while training, with the ReLU behind it.
#pragma once

#include <torch/torch.h>

namespace scrim::train::kernels {

struct FusedBatchNorm : torch::autograd::Function<FusedBatchNorm> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor x, torch::Tensor scale,
                               torch::Tensor offset, torch::Tensor mean, torch::Tensor variance, double momentum,
                               double epsilon, bool relu, bool fixed);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient);
};

}  // namespace scrim::train::kernels
