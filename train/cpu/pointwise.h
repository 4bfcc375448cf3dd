// 1×1 convolutions: products of matrices.
#pragma once

#include <cstddef>
#include <vector>

#include "cpu/tensor.h"

namespace scrim::train::cpu {

// Weights and their gradients: out × in.
class Pointwise {
 public:
  Pointwise(int in, int out, size_t in_stride, size_t out_stride);

  // bias: null for none.
  void Forward(const Tensor& x, const float* weights, const float* bias, const Tensor& y) const;

  // Adds to weight_gradient. The gradient of the first dx.channels channels of x goes to dx, or is added to it; none if
  // dx.data is null.
  void Backward(const Tensor& x, const Tensor& dy, const float* weights, float* weight_gradient, const Tensor& dx,
                bool accumulate) const;

 private:
  int in_, out_;
  std::vector<ptrdiff_t> rows_, d_rows_;
};

// gradient[c] += the sum of channel c.
void AddBiasGradient(const Tensor& dy, float* gradient);

}  // namespace scrim::train::cpu
