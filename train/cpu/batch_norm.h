// Batch norm while training, with the ReLU behind it, channel by channel: whoever has a channel in its cache can do it.
#pragma once

#include <vector>

#include "cpu/tensor.h"

namespace scrim::train::cpu {

// The value of x is max(x * scale + shift, low).
struct Activation {
  float scale, shift, low;
  Vec operator()(Vec x) const { return Max(x * scale + shift, Fill(low)); }
};

// The gradient of x, from the gradient d of its activation: the mean and what goes with x fall away, since the
// statistics move with x.
struct ActivationGradient {
  float mask_scale, mask_shift;  // d counts where x * mask_scale + mask_shift > 0
  float scale, mean, along, across;
  Vec Masked(Vec x, Vec d) const { return x * mask_scale + mask_shift > 0.f ? d : Vec{}; }
  Vec operator()(Vec x, Vec d) const { return Masked(x, d) * scale + (x - mean) * along + across; }
};

struct BatchNormWeights {
  const float *scale, *offset;
  float *mean, *variance;                   // running
  float *scale_gradient, *offset_gradient;  // added to
};

// One batch norm, and what it remembers of the last forward pass.
class BatchNorm {
 public:
  BatchNorm(int channels, bool relu, const BatchNormWeights& weights)
      : relu_(relu),
        weights_(weights),
        mean_(size_t(channels)),
        inverse_(size_t(channels)),
        activations_(size_t(channels)) {}

  // Finds the activation of a channel of `count` values. running: with the running statistics, which stay; else with
  // the channel's, and moves the running ones (variance: unbiased) by momentum, as torch::batch_norm does.
  void Measure(int c, const float* x, size_t count, bool running, double momentum);
  const Activation& activation(int c) const { return activations_[size_t(c)]; }

  // y: the activation of all of x; y may be x.
  void Forward(int c, const float* x, size_t count, float* y) const;

  // Adds to the weights' gradients and returns what makes x's gradient from d. x: as it was measured.
  ActivationGradient Backward(int c, const float* x, const float* d, size_t count, bool running) const;

 private:
  const bool relu_;
  const BatchNormWeights weights_;
  std::vector<float> mean_, inverse_;
  std::vector<Activation> activations_;
};

// dx of all of x; dx may be d. add: to dx.
void ApplyGradient(const ActivationGradient& gradient, const float* x, const float* d, size_t count, bool add,
                   float* dx);

}  // namespace scrim::train::cpu
