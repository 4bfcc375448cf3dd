// Multiplies every channel of a picture by one plane (attention gates, spatial attention), or every pixel by one gain
// for each channel (squeeze and excitation).
#pragma once

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct GateArgs {
  TensorView in, out;  // out may be in
  Plane gate;
};

using GateKernel = void (*)(const GateArgs&);
GateKernel SelectGate(Target target);

struct ScaleArgs {
  TensorView in, out;               // out may be in
  const float* gain = nullptr;      // for each channel; what stands behind them up to kChannelAlign is read too
  const float* residual = nullptr;  // optional: added; same size as out, strides its own
  size_t residual_row_stride = 0, residual_pixel_stride = 0;
};

using ScaleKernel = void (*)(const ScaleArgs&);
ScaleKernel SelectScale(Target target);

}  // namespace scrim::nn
