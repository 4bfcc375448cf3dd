// Depthwise convolution, channels-last: every channel has a kernel of its own.
#pragma once

#include <cstddef>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct DepthwiseArgs {
  const float* in = nullptr;                      // the window of output pixel (0, 0)
  size_t in_row_stride = 0, in_pixel_stride = 0;  // of the input's own rows and pixels
  int kernel_h = 1, kernel_w = 1, stride = 1, dilation = 1;
  const float* weights = nullptr;  // kernel_h × kernel_w × channels rounded up to kChannelAlign
  const float* bias = nullptr;     // channels rounded up
  TensorView out;
  const float* residual = nullptr;  // optional
  size_t residual_row_stride = 0, residual_pixel_stride = 0;
  float low = kNoLimit, low_after = kNoLimit;
  Ending ending = Ending::kNone;
  const float* slope = nullptr;  // channels rounded up, for Ending::kPRelu
};

using DepthwiseKernel = void (*)(const DepthwiseArgs&);
DepthwiseKernel SelectDepthwise(Target target);

}  // namespace scrim::nn
