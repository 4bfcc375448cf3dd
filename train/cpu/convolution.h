// Convolutions with a kernel: dense, depthwise or grouped, any stride and dilation.
#pragma once

#include <cstddef>
#include <vector>

#include "cpu/tensor.h"
#include "cpu/window.h"
#include "graph/graph.h"

namespace scrim::train::cpu {

// Weights and their gradients: out × in/groups × kernel_h × kernel_w.
class Convolution {
 public:
  // For inputs of in channels and n×h×w values, outputs of out_h×out_w.
  Convolution(const graph::ConvAttributes& conv, int in, int n, int h, int w, int out_h, int out_w);

  // Floats that Forward and Backward want as scratch, 64-byte aligned.
  size_t scratch_size() const { return scratch_size_; }

  // norm: what is convolved are its activations of x; null: x. bias: null for none.
  void Forward(const Tensor& x, const BatchNorm* norm, const float* weights, const float* bias, const Tensor& y,
               float* scratch) const;

  // Adds to weight_gradient. The gradient of the first dx.channels channels of x (of their activations) goes to dx, or
  // is added to it; none if dx.data is null.
  void Backward(const Tensor& x, const BatchNorm* norm, const Tensor& dy, const float* weights, float* weight_gradient,
                const Tensor& dx, bool accumulate, float* scratch) const;

 private:
  // Taps of the kernel that touch one phase of rows and columns.
  struct Phase {
    std::vector<ptrdiff_t> offsets;  // of gradients: output after output
    std::vector<int> taps;           // index in the kernel, alike for each output
  };
  struct Block {
    int picture, count, first, lines;
    size_t width;
  };
  template <typename Use>
  void ForBlocks(int positions_y, Use use) const;
  void InputGradient(const Block& block, const float* d, const std::vector<float>& packed, const Tensor& dx, int first,
                     bool accumulate, float* wide) const;
  void Pack(const float* weights, int channels, std::vector<float>* packed) const;
  // One output, or one channel of the input: weights are its own of the first channel, or output.
  void FewForward(const Block& block, const float* weights, float bias, const float* source, float* wide,
                  float* y) const;
  void FewInputGradient(const Block& block, const float* d, const float* weights, bool accumulate, float* wide,
                        float* dx) const;

  int groups_, in_, out_, kernel_;  // in and out of one group; taps of the kernel
  Window window_;
  bool few_;  // outputs: rows.h
  std::vector<ptrdiff_t> offsets_;
  std::vector<ptrdiff_t> columns_, d_columns_;  // where each column of the kernel begins, channel after channel
  std::vector<Phase> phases_;                   // stride × stride: rows by columns
  size_t wide_pitch_, scratch_size_;
};

}  // namespace scrim::train::cpu
