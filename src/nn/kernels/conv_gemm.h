// Convolution as a matrix product, channels-last in and out: every output pixel is a row of sums over "segments", runs
// of floats at constant offsets from the pixel's window. A 1×1 convolution has one segment, a dense 3×3 one for every
// row of its kernel; no im2col copy is made.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned.h"
#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// Output channels that one tile computes: `vectors` vectors of `lanes` floats.
struct ColumnBlock {
  int lanes = 0, vectors = 0;
  int width() const { return lanes * vectors; }
};

// Splits output channels, rounded up to kChannelAlign, into blocks that the target's tiles cover.
std::vector<ColumnBlock> SplitColumns(int channels, Target target);

// Weights for the kernel: block by block, for every k one run of block.width() floats. `weights` is channels × depth,
// row-major; missing channels become zeros.
AlignedFloats PackColumns(const float* weights, int channels, int depth, const std::vector<ColumnBlock>& blocks);

struct ConvGemmArgs {
  const float* in = nullptr;                      // the window of output pixel (0, 0)
  size_t in_row_stride = 0, in_pixel_stride = 0;  // from one output pixel's window to the next
  const size_t* segments = nullptr;               // offsets within a window
  size_t segment_count = 1, segment_length = 0;   // their product is the depth of the packed weights
  const float* weights = nullptr;                 // from PackColumns
  const float* bias = nullptr;                    // as many as all blocks are wide
  const ColumnBlock* blocks = nullptr;
  size_t block_count = 0;
  TensorView out;                   // writes all blocks' channels
  const float* residual = nullptr;  // optional; same size as out, strides its own
  size_t residual_row_stride = 0, residual_pixel_stride = 0;
  float low = kNoLimit, low_after = kNoLimit;
  Ending ending = Ending::kNone;
  const float* slope = nullptr;  // as many as all blocks are wide, for Ending::kPRelu
};

using ConvGemmKernel = void (*)(const ConvGemmArgs&);
ConvGemmKernel SelectConvGemm(Target target);

}  // namespace scrim::nn
