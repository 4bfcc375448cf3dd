// Convolution of bytes as a matrix product (see conv_gemm.h), four bytes of a pixel at a time: the products of four
// neighbours add up in one lane, as the instructions of every target want it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// The bytes that a window consists of: runs of `length` bytes, a multiple of four, at offsets from its start.
struct ByteSegments {
  std::vector<size_t> offsets;
  size_t length = 0;
};

// Weights for the kernel, zeros where there are no channels. `weights` is channels × depth, row-major; depth is a
// multiple of four. Blocks of up to three times kChannelAlign channels; within a block, for four k, all its channels.
std::vector<int8_t> PackColumnsInt8(const int8_t* weights, int channels, size_t depth);

// Whether the sums of two groups of four bytes fit 16 bits, so that they may be added before they are widened.
bool FitsTwoGroups(const int8_t* weights, int channels, size_t depth, size_t segment_length);

struct ConvGemmInt8Args {
  const uint8_t* in = nullptr;                    // the window of output pixel (0, 0)
  size_t in_row_stride = 0, in_pixel_stride = 0;  // from one output pixel's window to the next
  const size_t* segments = nullptr;
  size_t segment_count = 1, segment_length = 0;
  const int8_t* weights = nullptr;    // from PackColumnsInt8
  bool two_groups = false;            // FitsTwoGroups
  const int32_t* bias = nullptr;      // channels rounded up to kChannelAlign, here and below
  const float* multiplier = nullptr;  // see quantised_conv.h
  ByteView out;
  const uint8_t* residual = nullptr;  // optional; same size as out, strides its own
  size_t residual_row_stride = 0, residual_pixel_stride = 0;
  float residual_multiplier = 0.f;
};

using ConvGemmInt8Kernel = void (*)(const ConvGemmInt8Args&);
ConvGemmInt8Kernel SelectConvGemmInt8(Target target);

}  // namespace scrim::nn
