#include "optimizer.h"

#include <algorithm>
#include <cmath>

#include "cpu/adamw.h"

namespace scrim::train {

namespace {

using torch::Tensor;

// Nearest semi-orthogonal matrices, roughly: singular values end between 0.7 and 1.2. x: n×rows×columns, lying. The
// quintic iteration and its coefficients are Jordan's.
Tensor Orthogonalise(Tensor x) {
  x = x / (x.square().sum({1, 2}, true).sqrt() + 1e-7);
  for (int i = 0; i < 5; ++i) {
    const Tensor a = x.bmm(x.transpose(1, 2));
    x = torch::baddbmm(x, torch::baddbmm(a, a, a, -4.7750, 2.0315), x, 3.4445, 1.);
  }
  return x;
}

int64_t Short(const Network::Matrix& m) { return std::min(m.rows, m.columns); }
int64_t Long(const Network::Matrix& m) { return std::max(m.rows, m.columns); }

// Multiplications in one of the iterations.
double Work(int64_t rows, int64_t columns) { return double(rows) * double(rows) * double(2 * columns + rows); }

// Alike enough that filling up costs each batch at most half as much again: of default's 50 matrices come 16 batches.
// One by one they are 1,400 small operations, a third of a step on an H200 (25 of 65 ms for quality, 64 samples).
std::vector<std::vector<Network::Matrix>> Alike(std::vector<Network::Matrix> matrices) {
  std::sort(matrices.begin(), matrices.end(),
            [](const auto& a, const auto& b) { return std::pair(Short(a), Long(a)) < std::pair(Short(b), Long(b)); });
  std::vector<std::vector<Network::Matrix>> batches;
  int64_t columns = 0;
  double work = 0;
  for (const Network::Matrix& m : matrices) {
    const double own = Work(Short(m), Long(m));
    columns = std::max(columns, Long(m)), work += own;
    if (batches.empty() || double(batches.back().size() + 1) * Work(Short(m), columns) > 1.5 * work)
      batches.emplace_back(), columns = Long(m), work = own;
    batches.back().push_back(m);
  }
  return batches;
}

}  // namespace

AdamW::AdamW(Network& network, const AdamWOptions& options)
    : first(torch::zeros_like(network.parameters())),
      second(torch::zeros_like(network.parameters())),
      network_(network),
      options_(options) {
  if (network.device().is_cpu()) {
    std::vector<cpu::AdamWStep::Matrix> matrices;
    if (options_.muon)
      for (const Network::Matrix& m : network.matrices()) matrices.push_back({m.offset, m.rows, m.columns});
    on_cpu_ = std::make_shared<cpu::AdamWStep>(
        cpu::AdamWSettings{options_.beta1, options_.beta2, options_.epsilon, options_.weight_decay, options_.max_norm,
                           options_.muon_momentum},
        std::move(matrices));
    return;
  }
  if (!options_.muon) return;
  adam_mask_ = torch::ones_like(network.parameters());
  for (const Network::Matrix& m : network.matrices()) adam_mask_.narrow(0, m.offset, m.rows * m.columns).zero_();
  first_rate_ = adam_mask_ * (options_.muon_momentum - options_.beta1) + (1 - options_.muon_momentum);
  for (const auto& matrices : Alike(network.matrices())) batches_.push_back(MakeBatch(matrices));
}

AdamW::MatrixBatch AdamW::MakeBatch(const std::vector<Network::Matrix>& matrices) const {
  int64_t rows = 0, columns = 0;
  for (const Network::Matrix& m : matrices) rows = std::max(rows, Short(m)), columns = std::max(columns, Long(m));
  const int64_t count = int64_t(matrices.size()), behind = network_.parameters().numel();
  Tensor index = torch::full({count, rows, columns}, behind, torch::kInt64), length = torch::empty({count, 1, 1});
  for (int64_t i = 0; i < count; ++i) {
    const Network::Matrix& m = matrices[size_t(i)];
    const Tensor own = torch::arange(m.offset, m.offset + m.rows * m.columns, torch::kInt64).view({m.rows, m.columns}),
                 lying = m.rows > m.columns ? own.t() : own;
    index[i].narrow(0, 0, lying.size(0)).narrow(1, 0, lying.size(1)).copy_(lying);
    length[i] = 0.2 * std::sqrt(double(Long(m)));
  }
  return {{count, rows, columns}, index.view({-1}).to(network_.device()), length.to(network_.device())};
}

void AdamW::Step(double learning_rate) {
  torch::NoGradGuard no_grad;
  ++steps;
  if (on_cpu_ == nullptr) return StepOnGpu(learning_rate);
  on_cpu_->Run(size_t(network_.parameters().numel()), network_.decay_mask().data_ptr<float>(), steps, learning_rate,
               network_.parameters().data_ptr<float>(), network_.gradients().data_ptr<float>(), first.data_ptr<float>(),
               second.data_ptr<float>());
}

void AdamW::StepOnGpu(double learning_rate) {
  torch::Tensor& p = network_.parameters();
  torch::Tensor& g = network_.gradients();
  // On the device: reading the norm back would stall a GPU at every step.
  g.mul_(torch::clamp_max(options_.max_norm / (g.norm() + 1e-6), 1.0));
  if (options_.muon)
    first.lerp_(g, first_rate_);
  else
    first.lerp_(g, 1 - options_.beta1);
  second.mul_(options_.beta2).addcmul_(g, g, 1 - options_.beta2);
  const double correct1 = 1 - std::pow(options_.beta1, double(steps)),
               correct2 = 1 - std::pow(options_.beta2, double(steps));
  p.addcmul_(p, network_.decay_mask(), -learning_rate * options_.weight_decay);
  const torch::Tensor scale = (second / correct2).sqrt_().add_(options_.epsilon);
  p.addcdiv_(options_.muon ? first * adam_mask_ : first, scale, -learning_rate / correct1);
  if (options_.muon) UpdateMatrices(learning_rate);
  g.zero_();
}

void AdamW::UpdateMatrices(double learning_rate) {
  // AdamW's first moment is of no use here; the matrices' part of it holds Muon's momentum instead.
  const Tensor nesterov = torch::lerp(network_.gradients(), first, options_.muon_momentum);
  const Tensor filled = torch::cat({nesterov, torch::zeros({1}, nesterov.options())});
  Tensor update = torch::zeros_like(filled);
  for (const MatrixBatch& b : batches_) {
    const Tensor x = Orthogonalise(filled.index_select(0, b.index).view(b.sizes)) * b.length;
    update.index_copy_(0, b.index, x.view({-1}));
  }
  network_.parameters().add_(update.narrow(0, 0, nesterov.numel()), -learning_rate);
}

double LearningRate(double peak, double progress, double warmup) {
  if (progress < warmup) return peak * (0.1 + 0.9 * progress / warmup);
  const double x = std::min(1., (progress - warmup) / (1 - warmup));
  return peak * (0.01 + 0.99 * 0.5 * (1 + std::cos(M_PI * x)));
}

void UpdateAverage(Network& average, Network& network, double decay, int64_t step) {
  torch::NoGradGuard no_grad;
  const double now = std::min(decay, (1. + double(step)) / (10. + double(step)));
  average.parameters().lerp_(network.parameters(), 1 - now);
  average.statistics().lerp_(network.statistics(), 1 - now);
}

}  // namespace scrim::train
