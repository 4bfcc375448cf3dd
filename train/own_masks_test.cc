#include "own_masks.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <utility>
#include <vector>

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

  static OwnMaskOptions Options(float share, uint64_t step, int frames = 1) {
    OwnMaskOptions options;
    options.share = share, options.step = step, options.frames = frames;
    options.levels = {0.f, 1.f}, options.doubting = 0.f;
    return options;
  }

  torch::Tensor Used(OwnMaskOptions options, const torch::Tensor& input) {
    torch::Tensor used = input.clone();
    UseOwnMasks(*network_, options, used);
    return used;
  }

  std::optional<Network> network_;
  torch::Tensor input_;
};

// Of pictures that hold their pixels' own coordinates: the frame before holds where its pixels are now.
TEST(FrameBefore, StandsStillMovesAsAWholeOrBends) {
  const int64_t n = 16, h = 48, w = 64;
  const torch::Tensor x = torch::linspace(-1, 1, w).view({1, 1, w}).expand({1, h, w}),
                      y = torch::linspace(-1, 1, h).view({1, h, 1}).expand({1, h, w}),
                      now = torch::stack({x, y}, 1).expand({n, 2, h, w}).contiguous();
  // How far things are away, and how far from a straight line between two that are 8 pixels apart, away from the
  // borders.
  auto moved = [&](Pace pace) {
    std::vector<Random> randoms;
    for (int64_t i = 0; i < n; ++i) randoms.emplace_back(7, 1, uint64_t(i));
    const torch::Tensor inner =
        FrameBefore(now, std::vector<Pace>(size_t(n), pace), randoms).slice(2, 16, 32).slice(3, 20, 44);
    const torch::Tensor far = (inner - now.slice(2, 16, 32).slice(3, 20, 44)).abs(),
                        crooked = (inner.slice(3, 0, -8) + inner.slice(3, 8) - 2 * inner.slice(3, 4, -4)).abs();
    return std::pair(far.mean().item<float>(), crooked.mean().item<float>());
  };
  const auto [still, straight] = moved(Pace::Still());
  const auto [slow, little] = moved(Pace::Slow());
  const auto [fast, much] = moved(Pace::Fast());
  EXPECT_LT(still, 1e-4);
  EXPECT_LT(straight, 1e-4);
  EXPECT_GT(slow, 0.02);
  EXPECT_LT(slow, 0.08);
  EXPECT_GT(fast, 2 * slow);
  EXPECT_GT(much, 5 * little);
}

TEST_F(OwnMasks, AShareOfTheSamplesGetsThemAndNoPictureChanges) {
  EXPECT_TRUE(torch::equal(Used(Options(0.f, 2), input_), input_));
  const torch::Tensor some = Used(Options(0.5f, 2), input_), all = Used(Options(1.f, 2), input_);
  EXPECT_TRUE(torch::equal(all.narrow(1, 0, 3), input_.narrow(1, 0, 3)));
  const int64_t with = (some.select(1, 3).flatten(1).abs().amax(1) > 0).sum().item<int64_t>();
  EXPECT_GT(with, 5);
  EXPECT_LT(with, 19);
  EXPECT_GT(all.select(1, 3).flatten(1).abs().amax(1).min().item<float>(), 0);
  EXPECT_FALSE(torch::equal(Used(Options(1.f, 3), input_), all));  // another step, other motions
}

TEST_F(OwnMasks, AreWhatTheNetworkSaysOfTheFrameBefore) {
  const torch::Tensor got = Used(Options(1.f, 2), input_).select(1, 3),
                      still = torch::sigmoid(network_->Forward(input_, false)).select(1, 0);
  const torch::Tensor differences = (got - still).abs().flatten(1).amax(1);
  const int64_t unmoved = (differences < 1e-5).sum().item<int64_t>();
  EXPECT_GT(unmoved, 2);
  EXPECT_LT(unmoved, 16);
}

TEST_F(OwnMasks, AreShownWithTheirLevels) {
  OwnMaskOptions options = Options(1.f, 2);
  const torch::Tensor plain = Used(options, input_).select(1, 3);
  options.levels = {0.3f, 0.7f};
  const torch::Tensor got = Used(options, input_).select(1, 3).contiguous(), unlevelled = plain.contiguous();
  for (int64_t i = 0; i < got.numel(); ++i)
    ASSERT_NEAR(got.data_ptr<float>()[i], options.levels(unlevelled.data_ptr<float>()[i]), 1e-5f);
}

// The whole of these pictures moves, and is another everywhere: what stood still keeps its mask.
TEST_F(OwnMasks, AreDoubtedWhereTheWholePictureMoved) {
  OwnMaskOptions options = Options(1.f, 2);
  const torch::Tensor plain = Used(options, input_).select(1, 3);
  options.doubting = 1.f;
  const torch::Tensor left = (Used(options, input_).select(1, 3) / plain).flatten(1).mean(1);
  int still = 0, moved = 0;
  for (int64_t i = 0; i < left.numel(); ++i) {
    const float share = left[i].item<float>();
    if (share > 0.999f) ++still;
    if (share < 0.4f) ++moved;
  }
  EXPECT_GT(still, 2);
  EXPECT_LT(still, 16);
  EXPECT_EQ(still + moved, 24);
}

// Where nothing moves, the mask after n frames is what the network says when shown the one after n - 1.
TEST_F(OwnMasks, AfterSeveralFramesComeFromTheOneBefore) {
  std::vector<torch::Tensor> after{input_.select(1, 3).clone()};
  for (int i = 0; i < 3; ++i) {
    torch::Tensor seen = input_.clone();
    seen.select(1, 3).copy_(after.back());
    after.push_back(torch::sigmoid(network_->Forward(seen, false)).select(1, 0));
  }
  std::set<size_t> lengths;
  for (uint64_t step = 0; step < 12; ++step) {
    const torch::Tensor got = Used(Options(1.f, step, 3), input_).select(1, 3);
    size_t most = 0;
    int64_t samples = 0;
    for (size_t frames = 1; frames < after.size(); ++frames) {
      const int64_t like = ((got - after[frames]).abs().flatten(1).amax(1) < 1e-6).sum().item<int64_t>();
      if (like > samples) most = frames, samples = like;
    }
    EXPECT_GT(samples, 2) << step;  // a third of 24 stands still
    lengths.insert(most);
  }
  EXPECT_EQ(lengths, (std::set<size_t>{1, 2, 3}));
}

TEST_F(OwnMasks, AreTheSameWhicheverProcessMakesThem) {
  const OwnMaskOptions options = Options(0.5f, 2, 4);
  OwnMaskOptions second = options;
  second.first = 12;
  const torch::Tensor apart =
      torch::cat({Used(options, input_.narrow(0, 0, 12)), Used(second, input_.narrow(0, 12, 12))});
  EXPECT_LT((Used(options, input_) - apart).abs().max().item<float>(), 1e-5f);
}

}  // namespace
}  // namespace scrim::train
