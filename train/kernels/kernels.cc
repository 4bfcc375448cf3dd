#include "kernels/kernels.h"

#include "kernels/batch_norm.h"
#include "kernels/convolution3x3.h"
#include "kernels/pointwise.h"

namespace scrim::train::kernels {

bool Supports(const torch::Tensor& x, const torch::Tensor& weight, const graph::ConvAttributes& conv) {
  if (conv.stride != 1 || conv.dilation != 1 || x.scalar_type() != torch::kFloat32) return false;
  if (conv.kernel_h == 1 && conv.kernel_w == 1)
    return conv.groups == 1 && conv.pad_top + conv.pad_left + conv.pad_bottom + conv.pad_right == 0;
  if (conv.kernel_h != 3 || conv.kernel_w != 3) return false;
  for (int pad : {conv.pad_top, conv.pad_left, conv.pad_bottom, conv.pad_right})
    if (pad != 1) return false;
  const bool depthwise = conv.groups == x.size(1) && conv.groups == weight.size(0);
  return depthwise || (conv.groups == 1 && x.size(1) <= 24);
}

torch::Tensor Convolve(const torch::Tensor& x, const torch::Tensor& weight, const graph::ConvAttributes& conv) {
  if (conv.kernel_h == 1) return Pointwise::apply(x, weight);
  return conv.groups == 1 ? Dense3x3::apply(x, weight) : Depthwise3x3::apply(x, weight);
}

torch::Tensor BatchNormRelu(const torch::Tensor& x, const torch::Tensor& scale, const torch::Tensor& offset,
                            torch::Tensor mean, torch::Tensor variance, double momentum, double epsilon, bool relu,
                            bool fixed) {
  return FusedBatchNorm::apply(x, scale, offset, mean, variance, momentum, epsilon, relu, fixed);
}

}  // namespace scrim::train::kernels
