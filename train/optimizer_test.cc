#include "optimizer.h"

#include <gtest/gtest.h>

#include "cpu/orthogonalise.h"
#include "graph/scrimnet.h"

namespace scrim::train {
namespace {

TEST(OptimizerTest, MuonTurnsMatricesByOrthogonalSteps) {
  auto network = Network::Create(*graph::Scrimnet({}), torch::kCPU);
  ASSERT_TRUE(network.ok()) << network.status().message();
  network->Initialise(1);
  AdamWOptions options;
  options.muon = true, options.weight_decay = 0, options.max_norm = 1e9;
  AdamW optimizer(*network, options);
  torch::manual_seed(2);
  torch::NoGradGuard no_grad;
  network->gradients().copy_(torch::randn_like(network->gradients()));
  const torch::Tensor before = network->parameters().clone();
  constexpr double kRate = 0.01;
  optimizer.Step(kRate);
  const torch::Tensor change = before - network->parameters();
  EXPECT_EQ(network->gradients().abs().max().item<float>(), 0.f);

  torch::Tensor others = torch::ones_like(change);
  ASSERT_FALSE(network->matrices().empty());
  for (const Network::Matrix& m : network->matrices()) {
    const auto part = change.narrow(0, m.offset, m.rows * m.columns).view({m.rows, m.columns});
    const double length = kRate * 0.2 * std::sqrt(double(std::max(m.rows, m.columns)));
    const torch::Tensor singular = torch::linalg_svdvals(part / length);
    // Five iterations leave them near one; a random square matrix has a few tiny singular values that stay smaller.
    EXPECT_LT(singular.max().item<float>(), 1.4f) << m.rows << "x" << m.columns;
    EXPECT_GT(singular.mean().item<float>(), 0.6f) << m.rows << "x" << m.columns;
    others.narrow(0, m.offset, m.rows * m.columns).zero_();
  }
  // AdamW's first step moves everything else by the learning rate, whatever the gradient's length.
  const torch::Tensor moved = change.abs().masked_select(others > 0);
  EXPECT_NEAR(moved.median().item<float>(), kRate, 1e-3 * kRate);
}

// Jordan's iteration in double precision.
TEST(OptimizerTest, OrthogonalisesByTheGramMatrix) {
  torch::manual_seed(3);
  for (const auto& [rows, columns] : {std::pair(1, 3), {2, 2}, {7, 5}, {5, 7}, {48, 192}, {130, 70}, {96, 100}}) {
    torch::Tensor fast = torch::randn({rows, columns}) * 0.01;
    fast.narrow(0, 0, 1).mul_(30);  // one direction far longer than the others
    torch::Tensor x = fast.to(torch::kDouble);
    if (rows > columns) x = x.t();
    x = x / x.norm();
    for (int i = 0; i < 5; ++i) {
      const torch::Tensor a = x.mm(x.t());
      x = 3.4445 * x + (-4.7750 * a + 2.0315 * a.mm(a)).mm(x);
    }
    if (rows > columns) x = x.t();
    cpu::Orthogonaliser(130, 200).Run(rows, columns, fast.data_ptr<float>());
    EXPECT_LT((fast - x).norm().item<double>(), 2e-3 * x.norm().item<double>()) << rows << "x" << columns;
  }
}

// One pass over the elements does what AdamW's equations say.
TEST(OptimizerTest, StepsAsAdamWDoes) {
  auto network = Network::Create(*graph::Scrimnet({}), torch::kCPU);
  network->Initialise(1);
  const AdamWOptions o;
  AdamW optimizer(*network, o);
  torch::manual_seed(2);
  torch::NoGradGuard no_grad;
  torch::Tensor p = network->parameters().to(torch::kDouble), first = torch::zeros_like(p), second = first.clone();
  for (int step = 1; step <= 3; ++step) {
    torch::Tensor g = torch::randn(p.sizes());
    network->gradients().copy_(g);
    optimizer.Step(0.01);
    g = g.to(torch::kDouble) * std::min(1., o.max_norm / g.norm().item<double>());
    first = o.beta1 * first + (1 - o.beta1) * g;
    second = o.beta2 * second + (1 - o.beta2) * g * g;
    p = p - 0.01 * o.weight_decay * p * network->decay_mask();
    p = p -
        0.01 * first / (1 - std::pow(o.beta1, step)) / ((second / (1 - std::pow(o.beta2, step))).sqrt() + o.epsilon);
  }
  EXPECT_LT((network->parameters() - p).abs().max().item<double>(), 1e-6);
  EXPECT_LT((optimizer.second - second).abs().max().item<double>(), 1e-9);
}

}  // namespace
}  // namespace scrim::train
