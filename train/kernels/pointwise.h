// 1×1 convolutions: matrix products over the pixels of each picture.
#pragma once

#include <torch/torch.h>

namespace scrim::train::kernels {

struct Pointwise : torch::autograd::Function<Pointwise> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor x, torch::Tensor weight);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient);
};

}  // namespace scrim::train::kernels
