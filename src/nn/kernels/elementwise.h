// Sums, products and activations that were not fused into another kernel, for any layout: a plane is a picture whose
// rows are one pixel of width() channels.
#pragma once

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

enum class Elementwise { kCopy, kAdd, kMul };

struct ElementwiseArgs {
  Elementwise operation = Elementwise::kCopy;
  TensorView a, b, out;  // b is not read by kCopy
  float low = kNoLimit;  // 0 for ReLU
  Ending ending = Ending::kNone;
  const float* slope = nullptr;  // out.channels, for Ending::kPRelu
  bool sigmoid = false;          // after everything else
};

using ElementwiseKernel = void (*)(const ElementwiseArgs&);
ElementwiseKernel SelectElementwise(Target target);

inline TensorView AsPicture(const Plane& plane, int height, int width) {
  return {plane.data, height, 1, width, plane.row_stride, static_cast<size_t>(width)};
}

}  // namespace scrim::nn
