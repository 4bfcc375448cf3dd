// AdamW over one flat parameter vector, Muon over the matrices in it, and the moving average of what they produce.
#pragma once

#include <memory>
#include <vector>

#include "network.h"

namespace scrim::train {

namespace cpu {
class AdamWStep;
}

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 1e-2;  // on convolution weights only
  double max_norm = 5.;        // gradients longer than this are shortened to it
  bool muon = false;           // update Network::matrices() by Muon instead
  double muon_momentum = 0.95;
};

// Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2. Muon: Jordan et al. 2024, Muon, an
// optimizer for hidden layers in neural networks, with Nesterov momentum; its updates are scaled as long as AdamW's are
// (Liu et al. 2025, Muon is scalable for LLM training, section 2.2), so that one learning rate serves both.
class AdamW {
 public:
  AdamW(Network& network, const AdamWOptions& options);
  void Step(double learning_rate);

  // State, for checkpoints: two moments as long as the parameters, and the number of steps taken.
  torch::Tensor first, second;
  int64_t steps = 0;

 private:
  // Matrices that are orthogonalised together, lying, each filled up with zeros: these stay zeros.
  struct MatrixBatch {
    std::vector<int64_t> sizes;  // matrices, rows, columns
    torch::Tensor index;         // of each element in the parameters; behind the last of these for a filling zero
    torch::Tensor length;        // of an update, per unit of learning rate
  };
  void StepOnGpu(double learning_rate);
  MatrixBatch MakeBatch(const std::vector<Network::Matrix>& matrices) const;
  void UpdateMatrices(double learning_rate);

  Network& network_;
  AdamWOptions options_;
  std::shared_ptr<cpu::AdamWStep> on_cpu_;  // null on a GPU
  // With Muon alone: 0 where it updates, 1 elsewhere; how far the first moment goes towards the gradient.
  torch::Tensor adam_mask_, first_rate_;
  std::vector<MatrixBatch> batches_;
};

// Warm-up from a tenth over the first `warmup` share of the run, then a cosine down to a hundredth.
double LearningRate(double peak, double progress, double warmup);

// Moves average's parameters and statistics towards network's by 1 - decay; early in a run the decay is lower, so that
// the average does not remember the initialisation.
void UpdateAverage(Network& average, Network& network, double decay, int64_t step);

}  // namespace scrim::train
