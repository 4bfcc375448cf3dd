// Depthwise convolution of bytes, channels-last: products of 16 bits, added in 16 bits for a few taps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// Consecutive taps whose products are added in 16 bits. Where the positive or the negative weights of such taps add up
// to more than 128, every product is widened by itself.
inline constexpr int kDepthwiseRun = 5;
bool FitsDepthwiseRuns(const int8_t* weights, int channels, int taps);  // channels × taps, row-major

struct DepthwiseInt8Args {
  const uint8_t* in = nullptr;                    // the window of output pixel (0, 0)
  size_t in_row_stride = 0, in_pixel_stride = 0;  // of the input's own rows and pixels
  int kernel_h = 1, kernel_w = 1, stride = 1, dilation = 1;
  const int16_t* weights = nullptr;   // kernel_h × kernel_w × channels rounded up to kChannelAlign
  bool runs = false;                  // FitsDepthwiseRuns
  const int32_t* bias = nullptr;      // channels rounded up, here and below
  const float* multiplier = nullptr;  // see quantised_conv.h
  ByteView out;
};

using DepthwiseInt8Kernel = void (*)(const DepthwiseInt8Args&);
DepthwiseInt8Kernel SelectDepthwiseInt8(Target target);

}  // namespace scrim::nn
