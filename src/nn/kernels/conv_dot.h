// 1×1 convolution of a channels-last picture to a few planes: for each pixel and plane the dot product of its channels.
#pragma once

#include <cstddef>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct ConvDotArgs {
  TensorView in;                   // as large as the output
  const float* weights = nullptr;  // out_planes × in.channels
  const float* bias = nullptr;     // out_planes
  const Plane* out = nullptr;
  int out_planes = 0;
  const Plane* residual = nullptr;  // optional: out_planes
  float low = kNoLimit, low_after = kNoLimit;
  bool sigmoid = false;
};

using ConvDotKernel = void (*)(const ConvDotArgs&);
ConvDotKernel SelectConvDot(Target target);

}  // namespace scrim::nn
