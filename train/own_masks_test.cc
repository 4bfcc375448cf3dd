#include "own_masks.h"

#include <gtest/gtest.h>

#include <optional>

#include "graph/scrimnet.h"

namespace scrim::train {
namespace {

class OwnMasks : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto graph = graph::Scrimnet(graph::ScrimnetConfig{});
    ASSERT_TRUE(graph.ok());
    network_.emplace(*Network::Create(*graph, torch::kCPU));
    network_->Initialise(3);
    torch::manual_seed(5);
    input_ = torch::rand({24, 4, 32, 64}) * 2 - 1;
    input_.select(1, 3).zero_();
  }

  torch::Tensor Used(OwnMaskOptions options, const torch::Tensor& input) {
    torch::Tensor used = input.clone();
    UseOwnMasks(*network_, options, used);
    return used;
  }

  std::optional<Network> network_;
  torch::Tensor input_;
};

TEST_F(OwnMasks, AShareOfTheSamplesGetsThemAndNoPictureChanges) {
  EXPECT_TRUE(torch::equal(Used({0.f, 1, 2, 0}, input_), input_));
  const torch::Tensor some = Used({0.5f, 1, 2, 0}, input_), all = Used({1.f, 1, 2, 0}, input_);
  EXPECT_TRUE(torch::equal(all.narrow(1, 0, 3), input_.narrow(1, 0, 3)));
  const int64_t with = (some.select(1, 3).flatten(1).abs().amax(1) > 0).sum().item<int64_t>();
  EXPECT_GT(with, 5);
  EXPECT_LT(with, 19);
  EXPECT_GT(all.select(1, 3).flatten(1).abs().amax(1).min().item<float>(), 0);
  EXPECT_FALSE(torch::equal(Used({1.f, 1, 3, 0}, input_), all));  // another step, other motions
}

TEST_F(OwnMasks, AreWhatTheNetworkSaysOfTheFrameBefore) {
  const torch::Tensor got = Used({1.f, 1, 2, 0}, input_).select(1, 3),
                      still = torch::sigmoid(network_->Forward(input_, false)).select(1, 0);
  const torch::Tensor differences = (got - still).abs().flatten(1).amax(1);
  const int64_t unmoved = (differences < 1e-5).sum().item<int64_t>();
  EXPECT_GT(unmoved, 2);
  EXPECT_LT(unmoved, 16);
}

TEST_F(OwnMasks, AreTheSameWhicheverProcessMakesThem) {
  const OwnMaskOptions options{0.5f, 1, 2, 0};
  OwnMaskOptions second = options;
  second.first = 12;
  const torch::Tensor apart =
      torch::cat({Used(options, input_.narrow(0, 0, 12)), Used(second, input_.narrow(0, 12, 12))});
  EXPECT_LT((Used(options, input_) - apart).abs().max().item<float>(), 1e-5f);
}

}  // namespace
}  // namespace scrim::train
