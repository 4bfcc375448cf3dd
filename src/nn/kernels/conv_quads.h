// Convolution of quads, stride 1: vectors run over the pixels of a row, each lane the four channels of one, so that a
// few channels at full resolution use all lanes. What conv_planar.h is to floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// Weights in the kernel's order: picture of quads, row, column, output, channel of the quad. `weights` is outputs ×
// (quads · 4) × kernel_h × kernel_w, row-major.
std::vector<int8_t> PackQuads(const int8_t* weights, int outputs, int quads, int kernel_h, int kernel_w);

// How many neighbours of a kernel's row may be added in 16 bits before they are widened: 3, or 1.
int RunOfTaps(const int8_t* packed, int outputs, int quads, int kernel_h, int kernel_w);

struct ConvQuadsArgs {
  const Quads* in = nullptr;  // in_quads; data points at the window of output pixel (0, 0)
  int in_quads = 0;
  int kernel_h = 1, kernel_w = 1, dilation = 1;
  const int8_t* weights = nullptr;  // from PackQuads
  int run = 1;                      // RunOfTaps
  const int32_t* bias = nullptr;    // outputs, here and below
  const float* multiplier = nullptr;
  Quads out;             // the channels behind the outputs become 0
  Plane real[kQuad];     // instead of out, where the first has data: outputs as floats, sum · multiplier
  bool sigmoid = false;  // of real
  int outputs = 0, height = 0, width = 0;
};

using ConvQuadsKernel = void (*)(const ConvQuadsArgs&);
ConvQuadsKernel SelectConvQuads(Target target);

}  // namespace scrim::nn
