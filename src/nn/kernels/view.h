// What every kernel shares: views of pictures and the operations that end a kernel.
//
// Two layouts. Channels-last (TensorView): vectors run over the channels of a pixel, the layout of the trunk. Planar
// (Plane): vectors run over the pixels of a row, the layout of values with few channels. Kernels read zero borders
// around their input instead of checking bounds, and never write outside the pixels of their output; channels-last
// kernels write kChannelAlign channels at a time, which the plan leaves room for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/aligned.h"
#include "nn/tensor_view.h"

namespace scrim::nn {

// Channels of a pixel that are written at once: eight floats are one AVX2 vector, two of SSE4, half of AVX-512.
inline constexpr int kChannelAlign = 8;

struct Plane {
  float* data = nullptr;
  size_t row_stride = 0;
};

// Bytes, channels-last; strides count bytes. Pixels of at most four channels take 4 bytes and are written whole, larger
// ones multiples of kChannelAlign.
struct ByteView {
  uint8_t* data = nullptr;
  int height = 0, width = 0, channels = 0;
  size_t row_stride = 0, pixel_stride = 0;
};

// A picture of bytes whose pixels hold four channels, side by side: what planes are to floats.
struct Quads {
  uint8_t* data = nullptr;
  size_t row_stride = 0;
};
inline constexpr int kQuad = 4;

// What happens to a convolution's sum before it is stored: v = max(v, low); v += residual; v = max(v, low_after).
// ReLU is a limit of 0, none is kNoLimit.
inline constexpr float kNoLimit = -std::numeric_limits<float>::infinity();

// And then, where it is wanted: hard swish, v * clip(v / 6 + 1/2, 0, 1), or PReLU, max(v, 0) + slope * min(v, 0) with a
// slope for each channel, rounded up to kChannelAlign.
enum class Ending { kNone, kHardSwish, kPRelu };

}  // namespace scrim::nn
