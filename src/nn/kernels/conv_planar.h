// Convolution of planes, stride 1: vectors run over the pixels of a row, so that two or three channels at full
// resolution use all lanes. A few output planes are computed at a time; each loaded input serves all of them.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned.h"
#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

inline constexpr int kPlanarGroup = 4;  // output planes that are computed together

// Weights out × in × kernel_h × kernel_w, row-major, in the kernel's order: groups of up to kPlanarGroup outputs, then
// input plane, row, column, output.
AlignedFloats PackPlanar(const float* weights, int out_planes, int in_planes, int kernel_h, int kernel_w);

struct ConvPlanarArgs {
  const Plane* in = nullptr;  // in_planes; data points at the window of output pixel (0, 0)
  int in_planes = 0;
  int kernel_h = 1, kernel_w = 1, dilation = 1;
  const float* weights = nullptr;  // from PackPlanar
  const float* bias = nullptr;     // out_planes
  const Plane* out = nullptr;
  int out_planes = 0, height = 0, width = 0;
  const Plane* residual = nullptr;  // optional: out_planes
  float low = kNoLimit, low_after = kNoLimit;
  bool sigmoid = false;  // after everything else
};

using ConvPlanarKernel = void (*)(const ConvPlanarArgs&);
ConvPlanarKernel SelectConvPlanar(Target target);

}  // namespace scrim::nn
