// 3×3 convolutions of stride 1: dense ones of few channels, and depthwise.
#pragma once

#include <torch/torch.h>

namespace scrim::train::kernels {

struct Dense3x3 : torch::autograd::Function<Dense3x3> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor x, torch::Tensor weight);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient);
};

struct Depthwise3x3 : torch::autograd::Function<Depthwise3x3> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor x, torch::Tensor weight);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient);
};

}  // namespace scrim::train::kernels
