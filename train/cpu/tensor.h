// A batch's values of one node, channel outermost.
#pragma once

#include <cstddef>

#include "cpu/vector.h"

namespace scrim::train::cpu {

// Channel c of all n pictures is one run of n·h·w floats at data + c * stride: a 1×1 convolution is one product of
// matrices whose rows are long, even at 4×4 pixels, and parts of a concatenation lie side by side. What fills a row up
// to whole vectors is never read as a value, but may be overwritten. Memory is the owner's of the plan.
struct Tensor {
  float* data = nullptr;
  int channels = 0, n = 0, h = 0, w = 0;
  size_t stride = 0;  // floats from one channel to the next

  size_t plane() const { return size_t(h) * size_t(w); }
  size_t count() const { return size_t(n) * plane(); }  // values of a channel
  float* channel(int c) const { return data + size_t(c) * stride; }
};

// An odd number of vectors, so that the rows of a power of two of pixels do not all fall into the same few sets of the
// cache.
inline size_t ChannelStride(size_t count) {
  const size_t vectors = (count + 15) / 16;
  return (vectors | 1) * 16;
}

}  // namespace scrim::train::cpu
