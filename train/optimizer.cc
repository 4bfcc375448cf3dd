#include "optimizer.h"

#include <cmath>

namespace scrim::train {

namespace {

// Nearest semi-orthogonal matrix, roughly: singular values end between 0.7 and 1.2. The quintic iteration and its
// coefficients are Jordan's.
torch::Tensor Orthogonalise(const torch::Tensor& gradient) {
  const bool tall = gradient.size(0) > gradient.size(1);
  torch::Tensor x = tall ? gradient.t().contiguous() : gradient;
  x = x / (x.norm() + 1e-7);
  for (int i = 0; i < 5; ++i) {
    const torch::Tensor a = x.mm(x.t());
    x = torch::addmm(x, torch::addmm(a, a, a, -4.7750, 2.0315), x, 3.4445, 1.);
  }
  return tall ? x.t() : x;
}

}  // namespace

AdamW::AdamW(Network& network, const AdamWOptions& options)
    : first(torch::zeros_like(network.parameters())),
      second(torch::zeros_like(network.parameters())),
      network_(network),
      options_(options) {
  if (!options_.muon) return;
  adam_mask_ = torch::ones_like(network.parameters());
  for (const Network::Matrix& m : network.matrices()) adam_mask_.narrow(0, m.offset, m.rows * m.columns).zero_();
}

void AdamW::Step(double learning_rate) {
  torch::NoGradGuard no_grad;
  ++steps;
  torch::Tensor& p = network_.parameters();
  torch::Tensor& g = network_.gradients();
  // On the device: reading the norm back would stall a GPU at every step.
  g.mul_(torch::clamp_max(options_.max_norm / (g.norm() + 1e-6), 1.0));
  if (options_.muon)
    first.lerp_(torch::where(adam_mask_ > 0, g, first), 1 - options_.beta1);
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
  // AdamW's first moment has decay beta1 and is of no use here; the matrices' part of it holds Muon's momentum instead.
  for (const Network::Matrix& m : network_.matrices()) {
    auto part = [&](torch::Tensor& flat) {
      return flat.narrow(0, m.offset, m.rows * m.columns).view({m.rows, m.columns});
    };
    torch::Tensor momentum = part(first), gradient = part(network_.gradients());
    momentum.lerp_(gradient, 1 - options_.muon_momentum);
    const double length = 0.2 * std::sqrt(double(std::max(m.rows, m.columns)));
    part(network_.parameters())
        .add_(Orthogonalise(torch::lerp(gradient, momentum, options_.muon_momentum)), -learning_rate * length);
  }
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
