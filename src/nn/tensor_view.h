// A picture of floats: what goes into a network, out of it, and from kernel to kernel.
#pragma once

#include <cstddef>

namespace scrim::nn {

// Channels-last floats inside somebody else's memory. Strides count floats.
struct TensorView {
  float* data = nullptr;
  int height = 0, width = 0, channels = 0;
  size_t row_stride = 0, pixel_stride = 0;
};

}  // namespace scrim::nn
