// AdamW over one flat parameter vector, and the moving average of what it produces.
#pragma once

#include "network.h"

namespace scrim::train {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 1e-2;  // on convolution weights only
  double max_norm = 5.;        // gradients longer than this are shortened to it
};

// Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2.
class AdamW {
 public:
  AdamW(Network& network, const AdamWOptions& options);
  void Step(double learning_rate);

  // State, for checkpoints: two moments as long as the parameters, and the number of steps taken.
  torch::Tensor first, second;
  int64_t steps = 0;

 private:
  Network& network_;
  AdamWOptions options_;
};

// Warm-up from a tenth over the first `warmup` share of the run, then a cosine down to a hundredth.
double LearningRate(double peak, double progress, double warmup);

// Moves average's parameters and statistics towards network's by 1 - decay; early in a run the decay is lower, so that
// the average does not remember the initialisation.
void UpdateAverage(Network& average, Network& network, double decay, int64_t step);

}  // namespace scrim::train
