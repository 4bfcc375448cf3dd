// Depthwise convolutions, a channel at a time: what is in front of one and behind it can be done while the channel is
// in the cache.
#pragma once

#include <cstddef>
#include <vector>

#include "cpu/window.h"
#include "graph/graph.h"

namespace scrim::train::cpu {

class Depthwise {
 public:
  // Square kernels of up to 7, not smaller than the stride; a stride of 1, or of 2 without dilation.
  static bool Supports(const graph::ConvAttributes& conv, int channels);

  Depthwise(const graph::ConvAttributes& conv, int n, int h, int w, int out_h, int out_w);

  // Floats of scratch, 64-byte aligned, that must be zero at first and are left so that the next call may have them.
  size_t scratch_size() const { return scratch_size_; }

  // One channel. weights: those of its kernel.
  void Forward(const Source& x, const float* weights, float* y, float* scratch) const;
  // Adds to weight_gradient. The gradient of x (of its activation, if it has one) goes to dx, or is added to it; none
  // if dx is null.
  void Backward(const Source& x, const GradientSource& d, const float* weights, float* weight_gradient, float* dx,
                bool add, float* scratch) const;

 private:
  // What one phase of the input's rows or columns gets of the kernel: taps first, first + stride, ...
  struct Part {
    int first, count;
  };
  Part PartOf(int phase) const { return {phase, (kernel_ - phase + window_.stride - 1) / window_.stride}; }
  template <typename Use>
  void ForBlocks(int positions_y, Use use) const;
  void InputGradient(const float* d, const float* weights, int first, int lines, int picture, int count, bool add,
                     float* wide, float* dx) const;

  const int kernel_;
  const Window window_;
  std::vector<ptrdiff_t> columns_;  // where a tap's column begins in a row of the source
  size_t wide_pitch_, scratch_size_;
};

}  // namespace scrim::train::cpu
