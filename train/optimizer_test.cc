#include "optimizer.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace scrim::train
