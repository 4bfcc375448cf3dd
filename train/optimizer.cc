#include "optimizer.h"

#include <cmath>

namespace scrim::train {

AdamW::AdamW(Network& network, const AdamWOptions& options)
    : first(torch::zeros_like(network.parameters())),
      second(torch::zeros_like(network.parameters())),
      network_(network),
      options_(options) {}

void AdamW::Step(double learning_rate) {
  torch::NoGradGuard no_grad;
  ++steps;
  torch::Tensor& p = network_.parameters();
  torch::Tensor& g = network_.gradients();
  // On the device: reading the norm back would stall a GPU at every step.
  g.mul_(torch::clamp_max(options_.max_norm / (g.norm() + 1e-6), 1.0));
  first.lerp_(g, 1 - options_.beta1);
  second.mul_(options_.beta2).addcmul_(g, g, 1 - options_.beta2);
  const double correct1 = 1 - std::pow(options_.beta1, double(steps)),
               correct2 = 1 - std::pow(options_.beta2, double(steps));
  p.addcmul_(p, network_.decay_mask(), -learning_rate * options_.weight_decay);
  p.addcdiv_(first, (second / correct2).sqrt_().add_(options_.epsilon), -learning_rate / correct1);
  g.zero_();
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
