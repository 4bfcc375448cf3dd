// The two inner loops of all convolutions: weighted sums of shifted rows, and their weights' gradients.
#pragma once

#include <cstddef>

namespace scrim::train::cpu {

// Rows that a sum is taken over: row t begins at source + offsets[t].
struct Taps {
  const float* source;
  const ptrdiff_t* offsets;
  int count;
};

// The weight of tap t for output o is data[o * out + t * tap].
struct TapWeights {
  const float* data;
  ptrdiff_t out, tap;
};

// out[o * out_stride + x] = (accumulate: +=) bias[o] + sum over t of weight(o, t) * row t [x], for o < outs, x < width.
// bias: may be null. Reads and writes whole vectors: up to kLanes - 1 floats behind width.
void WeightedSums(const Taps& taps, const TapWeights& weights, const float* bias, float* out, size_t out_stride,
                  int outs, size_t width, bool accumulate);

// Rows of gradients: line y of output o begins at data + o * out + y * line.
struct Lines {
  const float* data;
  size_t out, line;
};

// gradient[o * out + t * tap] += sum over y < lines and x < width of d(o, y)[x] * (row t + y * source_line)[x], where
// out and tap are those of `weights`. Nothing behind width is read.
void AddWeightGradients(const Taps& taps, size_t source_line, const Lines& d, int outs, int lines, size_t width,
                        float* gradient, ptrdiff_t out, ptrdiff_t tap);

}  // namespace scrim::train::cpu
