// 1×1 convolutions: products of matrices.
#pragma once

#include <cstddef>
#include <vector>

#include "cpu/batch_norm.h"
#include "cpu/tensor.h"

namespace scrim::train::cpu {

// Weights and their gradients: out × in.
class Pointwise {
 public:
  Pointwise(int in, int out, size_t in_stride, size_t out_stride);

  // Floats that both want as scratch.
  size_t scratch_size() const;

  // norm: what is convolved are its activations of x; null: x. bias: null for none.
  void Forward(const Tensor& x, const BatchNorm* norm, const float* weights, const float* bias, const Tensor& y,
               float* scratch) const;

  // Adds to weight_gradient. The gradient of the first dx.channels channels of x (of their activations) goes to dx, or
  // is added to it; none if dx.data is null.
  void Backward(const Tensor& x, const BatchNorm* norm, const Tensor& dy, const float* weights, float* weight_gradient,
                const Tensor& dx, bool accumulate, float* scratch) const;

 private:
  const int in_, out_;
  const size_t panel_, block_;  // values of a channel at a time, and for the weights' gradient
  std::vector<ptrdiff_t> rows_, d_rows_, panel_rows_, block_rows_;
};

// gradient[c] += the sum of channel c.
void AddBiasGradient(const Tensor& dy, float* gradient);

}  // namespace scrim::train::cpu
