#include "cpu/adamw.h"

#include <algorithm>
#include <cmath>

#include "cpu/elementwise.h"

namespace scrim::train::cpu {
namespace {

int MostOf(const std::vector<AdamWStep::Matrix>& matrices, bool shorter) {
  int64_t most = 1;
  for (const auto& m : matrices)
    most = std::max(most, shorter ? std::min(m.rows, m.columns) : std::max(m.rows, m.columns));
  return int(most);
}

}  // namespace

AdamWStep::AdamWStep(const AdamWSettings& settings, std::vector<Matrix> matrices)
    : settings_(settings),
      matrices_(std::move(matrices)),
      orthogonaliser_(MostOf(matrices_, true), MostOf(matrices_, false)) {
  int64_t most = 0;
  for (const Matrix& m : matrices_) most = std::max(most, m.rows * m.columns);
  update_.resize(size_t(most));
}

void AdamWStep::Run(size_t count, const float* decay, int64_t steps, double rate, float* p, float* g, float* first,
                    float* second) {
  const AdamWSettings& s = settings_;
  const double norm = std::sqrt(SumOfSquares(g, count));
  const float clip = float(std::min(1., s.max_norm / (norm + 1e-6))), keep2 = float(s.beta2),
              take2 = float(1 - s.beta2), shrink = float(-rate * s.weight_decay),
              correct2 = float(1 / (1 - std::pow(s.beta2, double(steps)))), epsilon = float(s.epsilon),
              length = float(-rate / (1 - std::pow(s.beta1, double(steps))));
  // AdamW's elements up to the next matrix, then the matrix.
  size_t at = 0;
  for (size_t next = 0; next <= matrices_.size(); ++next) {
    const size_t end = next < matrices_.size() ? size_t(matrices_[next].offset) : count;
    const float take1 = float(1 - s.beta1);
    for (size_t i = at; i < end; ++i) {
      const float d = g[i] * clip;
      first[i] += (d - first[i]) * take1;
      second[i] = second[i] * keep2 + d * d * take2;
      p[i] += p[i] * decay[i] * shrink;
      p[i] += length * first[i] / (std::sqrt(second[i] * correct2) + epsilon);
      g[i] = 0.f;
    }
    if (next == matrices_.size()) break;
    const Matrix& m = matrices_[next];
    const size_t size = size_t(m.rows * m.columns);
    const float take = float(1 - s.muon_momentum), momentum = float(s.muon_momentum);
    for (size_t k = 0; k < size; ++k) {
      const size_t i = end + k;
      const float d = g[i] * clip;
      first[i] += (d - first[i]) * take;
      second[i] = second[i] * keep2 + d * d * take2;
      update_[k] = d + (first[i] - d) * momentum;  // Nesterov's
      g[i] = 0.f;
    }
    orthogonaliser_.Run(int(m.rows), int(m.columns), update_.data());
    const float step = float(-rate * 0.2 * std::sqrt(double(std::max(m.rows, m.columns))));
    for (size_t k = 0; k < size; ++k) {
      const size_t i = end + k;
      p[i] += p[i] * decay[i] * shrink;
      p[i] += step * update_[k];
    }
    at = end + size;
  }
}

}  // namespace scrim::train::cpu
