// Batch norm while training, with the ReLU behind it.
#pragma once

#include "cpu/tensor.h"

namespace scrim::train::cpu {

struct BatchNormWeights {
  const float *scale, *offset;
  float *mean, *variance;                   // running
  float *scale_gradient, *offset_gradient;  // added to
};

// One batch norm; mean_ and inverse_ remember the statistics that the last Forward used.
class BatchNorm {
 public:
  BatchNorm(int channels, bool relu) : relu_(relu), mean_(size_t(channels)), inverse_(size_t(channels)) {}

  // running: uses the running statistics and leaves them; else the batch's, and moves the running ones (variance:
  // unbiased) by momentum, as torch::batch_norm does. y may be x.
  void Forward(const Tensor& x, const BatchNormWeights& weights, bool running, double momentum, const Tensor& y);

  // x and running: as they were. dx may be dy; its data is null where it is not wanted. add: to dx.
  void Backward(const Tensor& x, const Tensor& dy, const BatchNormWeights& weights, bool running, const Tensor& dx,
                bool add) const;

 private:
  bool relu_;
  std::vector<float> mean_, inverse_;
};

}  // namespace scrim::train::cpu
