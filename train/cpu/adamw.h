// An optimiser's step in one pass over the parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cpu/orthogonalise.h"

namespace scrim::train::cpu {

struct AdamWSettings {
  double beta1, beta2, epsilon, weight_decay, max_norm, muon_momentum;
};

// As AdamW (optimizer.h) has it, which keeps the state.
class AdamWStep {
 public:
  struct Matrix {
    int64_t offset, rows, columns;
  };
  // matrices: those that Muon updates, by offset.
  AdamWStep(const AdamWSettings& settings, std::vector<Matrix> matrices);

  // All of `count` floats; gradients are zero afterwards. decay: 1 where the weights decay, 0 elsewhere. steps: with
  // this one.
  void Run(size_t count, const float* decay, int64_t steps, double rate, float* parameters, float* gradients,
           float* first, float* second);

 private:
  const AdamWSettings settings_;
  const std::vector<Matrix> matrices_;
  Orthogonaliser orthogonaliser_;
  std::vector<float> update_;
};

}  // namespace scrim::train::cpu
