// Bilinear interpolation, channels-last and planar.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned.h"
#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// For every output index the two inputs that it lies between and the weight of the second.
struct Interpolation {
  std::vector<int> first, second;
  std::vector<float> weight;
  int in = 0;
  bool doubles = false;  // exactly twice as many outputs as inputs, with half-pixel centres
  bool halves = false;   // exactly half as many
};
// Half-pixel centres, or those of the first and the last pixel on each other.
Interpolation MakeInterpolation(int in, int out, bool align_corners = false);

struct ResizeArgs {
  TensorView in, out;  // as many channels
  const Interpolation* vertical = nullptr;
  const Interpolation* horizontal = nullptr;
};
using ResizeKernel = void (*)(const ResizeArgs&);
ResizeKernel SelectResize(Target target);

struct ResizePlanarArgs {
  const Plane* in = nullptr;
  const Plane* out = nullptr;
  int planes = 0;
  const Interpolation* vertical = nullptr;
  const Interpolation* horizontal = nullptr;
  float* scratch = nullptr;  // ResizePlanarScratch(horizontal->in) floats
  bool sigmoid = false;
};
size_t ResizePlanarScratch(int in_width);
using ResizePlanarKernel = void (*)(const ResizePlanarArgs&);
ResizePlanarKernel SelectResizePlanar(Target target);

}  // namespace scrim::nn
