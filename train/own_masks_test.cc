#include "own_masks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/mask_network.h"
#include "graph/scrimnet.h"
#include "graph/testing.h"

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
    options.rule = {0.f, 1.f, 0.f, 0.f};  // as it is
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
  options.rule = {0.3f, 0.7f, 0.f, 0.f};
  const torch::Tensor got = Used(options, input_).select(1, 3).contiguous(), unlevelled = plain.contiguous();
  for (int64_t i = 0; i < got.numel(); ++i)
    ASSERT_NEAR(got.data_ptr<float>()[i], options.rule.Levels(unlevelled.data_ptr<float>()[i]), 1e-5f);
}

// The whole of these pictures moves, and is another everywhere: what stood still keeps its mask.
TEST_F(OwnMasks, AreDistrustedWhereTheWholePictureMoved) {
  OwnMaskOptions options = Options(1.f, 2);
  const torch::Tensor plain = Used(options, input_).select(1, 3);
  options.rule.distrust = 0.9f, options.distrusting = 1.f;
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

// A program that keeps what it was shown in the fourth channel, row by row.
class Recorder : public nn::Program {
 public:
  explicit Recorder(std::unique_ptr<nn::Program> program) : program_(std::move(program)) {}
  nn::TensorView input() override { return program_->input(); }
  void Run() override {
    const nn::TensorView seen = program_->input();
    shown.clear();
    for (size_t y = 0; y < size_t(seen.height); ++y)
      for (size_t x = 0; x < size_t(seen.width); ++x)
        shown.push_back(seen.data[y * seen.row_stride + x * seen.pixel_stride + 3]);
    program_->Run();
  }
  const float* output() const override { return program_->output(); }
  int64_t macs() const override { return program_->macs(); }
  size_t activation_bytes() const override { return program_->activation_bytes(); }
  size_t weight_bytes() const override { return program_->weight_bytes(); }
  const char* target() const override { return program_->target(); }
  std::vector<Step> RunTimed() override { return program_->RunTimed(); }

  std::vector<float> shown;

 private:
  const std::unique_ptr<nn::Program> program_;
};

// Training, the engine and calibration show the network the same of its masks, plane by plane.
TEST_F(OwnMasks, AreShownAsTheEngineShowsThem) {
  const int width = 64, height = 32, clips = 2;
  graph::Model model = graph::RandomModel({}, 3);
  model.density = {width, height};
  ASSERT_TRUE(network_->ImportWeights(model.weights).ok());
  // A room that stands still, then moves as a whole; somebody darker goes through it.
  torch::manual_seed(9);
  const torch::Tensor room = (torch::rand({clips, 4, height, width + 40}) * 255).round();
  std::vector<torch::Tensor> frames;
  for (int f = 0; f < 6; ++f) {
    torch::Tensor frame = room.narrow(3, f < 3 ? 0 : 5 * f, width).clone();
    frame.narrow(2, 8, 24).narrow(3, 8 * f, 16).mul_(0.2).round_();
    frame = frame / 127.5 - 1;
    frame.select(1, 3).zero_();
    frames.push_back(frame);
  }
  std::vector<std::unique_ptr<engine::MaskNetwork>> engines;
  std::vector<const Recorder*> recorders;
  for (int c = 0; c < clips; ++c) {
    auto program = nn::Program::Compile(model, model.density);
    ASSERT_TRUE(program.ok()) << program.status().message();
    auto recorder = std::make_unique<Recorder>(std::move(*program));
    recorders.push_back(recorder.get());
    engine::InputSpec spec;
    spec.normalisation = {model.input_scale, model.input_offset};
    spec.previous_mask = true, spec.previous_mask_rule = model.previous_mask_rule;
    auto made = engine::MaskNetwork::Create(std::move(recorder), spec, {});
    ASSERT_TRUE(made.ok()) << made.status().message();
    engines.push_back(std::move(*made));
  }
  for (size_t count = 1; count <= frames.size(); ++count) {
    std::vector<matte::MaskLoop> loops(clips, matte::MaskLoop({}, model.previous_mask_rule));
    const torch::Tensor trained =
        ShowOwnMasks(*network_, {frames.begin(), frames.begin() + int64_t(count)}, loops).contiguous();
    for (int c = 0; c < clips; ++c) {
      image::Bytes picture(width, height, 4);
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          for (int k = 0; k < 3; ++k)
            picture.row(y)[4 * x + k] =
                uint8_t(std::lround((frames[count - 1][c][k][y][x].item<float>() + 1) * 127.5f));
      ASSERT_TRUE(engines[size_t(c)]->Run(picture).ok());
      const torch::Tensor shown = trained[c][3].contiguous();
      for (int i = 0; i < width * height; ++i)
        ASSERT_NEAR(recorders[size_t(c)]->shown[size_t(i)], shown.data_ptr<float>()[i], 1e-3f)
            << "clip " << c << ", frame " << count << ", pixel " << i;
    }
  }
  // Calibration sees every picture a second time.
  const torch::Tensor mask = torch::sigmoid(network_->Forward(frames[0], false)).contiguous();
  std::vector<matte::MaskLoop> loops(clips, matte::MaskLoop({}, model.previous_mask_rule));
  const torch::Tensor again = ShowOwnMasks(*network_, {frames[0], frames[0]}, loops).select(1, 3).contiguous();
  for (int c = 0; c < clips; ++c) {
    const float* first = mask[c].data_ptr<float>();
    const std::vector<float> calibrated =
        matte::ShownOfStill(model.previous_mask_rule, {first, first + width * height}, width, height);
    for (int i = 0; i < width * height; ++i) ASSERT_NEAR(calibrated[size_t(i)], again[c].data_ptr<float>()[i], 1e-5f);
  }
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
