#include "engine/segmenter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "engine/fake_program.h"
#include "graph/scrimnet.h"
#include "graph/testing.h"
#include "image/convert.h"

namespace scrim::engine {
namespace {

using image::Frame;
using image::PixelFormat;

// Bright is person.
float Bright(const float* c) { return c[0] > 0.f ? 1.f : 0.f; }

std::unique_ptr<Segmenter> Make(FakeProgram::Mask mask, bool previous_mask = true, SegmenterOptions options = {},
                                graph::PreviousMaskRule rule = {}) {
  InputSpec input;
  input.previous_mask = previous_mask, input.previous_mask_rule = rule;
  auto program = std::make_unique<FakeProgram>(32, 18, previous_mask ? 4 : 3, std::move(mask));
  auto segmenter = Segmenter::Create(std::move(program), input, options);
  EXPECT_TRUE(segmenter.ok()) << segmenter.status().message();
  return std::move(segmenter).value();
}

Frame Plain(PixelFormat format, int width, int height, int grey) {
  Frame frame(format, width, height);
  Fill(frame.view(), {uint8_t(grey), uint8_t(grey), uint8_t(grey)});
  return frame;
}

TEST(Segmenter, AlphaHasTheFramesSizeInEveryFormat) {
  auto segmenter = Make(Bright);
  image::Bytes alpha;
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                             PixelFormat::kI420, PixelFormat::kYuy2}) {
    for (auto [width, height] : {std::pair{1, 1}, {33, 17}, {640, 360}}) {
      for (int grey : {10, 240}) {
        segmenter->Reset();
        ASSERT_TRUE(segmenter->Process(Plain(format, width, height, grey).view(), &alpha).ok());
        ASSERT_EQ(alpha.width(), width);
        ASSERT_EQ(alpha.height(), height);
        for (size_t i = 0; i < alpha.size(); ++i) ASSERT_EQ(alpha.data()[i], grey > 128 ? 255 : 0);
      }
    }
  }
}

TEST(Segmenter, ThePreviousMaskIsFedBackUntilReset) {
  // Adds 0.25 to the previous mask each time.
  SegmenterOptions options;
  options.stabiliser.enabled = options.regions.enabled = false;
  auto segmenter = Make([](const float* c) { return c[3] + 0.25f; }, true, options, {0.f, 1.f});
  image::Bytes alpha;
  const Frame frame = Plain(PixelFormat::kRgb, 64, 36, 100);
  for (float expected : {0.25f, 0.5f, 0.75f, 1.f, 1.f}) {
    ASSERT_TRUE(segmenter->Process(frame.view(), &alpha).ok());
    EXPECT_FLOAT_EQ(segmenter->mask().data()[5], expected);
  }
  segmenter->Reset();
  ASSERT_TRUE(segmenter->Process(frame.view(), &alpha).ok());
  EXPECT_FLOAT_EQ(segmenter->mask().data()[5], 0.25f);
}

TEST(Segmenter, ThePreviousMaskIsPartlyTheSteadyOne) {
  // On a still picture: 0.5, then a quarter more than what was shown.
  SegmenterOptions options;
  options.stabiliser.still_rate = options.stabiliser.jump_rate = 0.2f, options.stabiliser.hold = 0.f;
  options.regions.enabled = false;
  const Frame frame = Plain(PixelFormat::kRgb, 64, 36, 100);
  for (const float share : {0.f, 0.5f, 1.f}) {
    auto segmenter =
        Make([](const float* c) { return c[3] == 0.f ? 0.5f : c[3] + 0.25f; }, true, options, {0.f, 1.f, share});
    image::Bytes alpha;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(segmenter->Process(frame.view(), &alpha).ok());
    // The steady mask of the second picture: 0.5 + 0.2 · (0.75 - 0.5).
    EXPECT_NEAR(segmenter->mask().data()[5], 0.25f + share * 0.55f + (1 - share) * 0.75f, 1e-5f);
  }
}

TEST(Segmenter, WhatTheNetworkIsUnsureOfIsNotShownToItAgain) {
  SegmenterOptions options;
  options.stabiliser.enabled = options.regions.enabled = false;
  const Frame frame = Plain(PixelFormat::kRgb, 64, 36, 100);
  for (const auto& [mask, shown] : {std::pair(0.5f, 0.f), {0.6f, 0.25f}, {0.9f, 1.f}, {1.f, 1.f}}) {
    std::vector<float> seen;
    auto segmenter = Make(
        [&seen, mask = mask](const float* c) {
          seen.push_back(c[3]);
          return mask;
        },
        true, options);
    image::Bytes alpha;
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(segmenter->Process(frame.view(), &alpha).ok());
    EXPECT_EQ(seen.front(), 0.f);
    EXPECT_NEAR(seen.back(), shown, 1e-6f) << mask;
    EXPECT_EQ(segmenter->mask().data()[5], mask);
  }
}

TEST(Segmenter, WhereAMovingCamerasPictureChangedLessIsShown) {
  SegmenterOptions options;
  options.regions.enabled = false;
  float seen = -1.f;
  auto segmenter = Make(
      [&seen](const float* c) {
        seen = c[3];
        return 1.f;
      },
      true, options);
  image::Bytes alpha;
  ASSERT_TRUE(segmenter->Process(Plain(PixelFormat::kRgb, 64, 36, 100).view(), &alpha).ok());
  ASSERT_TRUE(segmenter->Process(Plain(PixelFormat::kRgb, 64, 36, 101).view(), &alpha).ok());
  EXPECT_EQ(seen, 1.f);
  ASSERT_TRUE(segmenter->Process(Plain(PixelFormat::kRgb, 64, 36, 140).view(), &alpha).ok());
  EXPECT_NEAR(seen, 1.f - graph::PreviousMaskRule().distrust, 1e-6f);
  segmenter->Reset();
  ASSERT_TRUE(segmenter->Process(Plain(PixelFormat::kRgb, 64, 36, 100).view(), &alpha).ok());
  EXPECT_EQ(seen, 0.f);
}

TEST(Segmenter, ThreeChannelNetworksWork) {
  auto segmenter = Make(Bright, /*previous_mask=*/false);
  image::Bytes alpha;
  ASSERT_TRUE(segmenter->Process(Plain(PixelFormat::kRgba, 64, 36, 250).view(), &alpha).ok());
  EXPECT_EQ(alpha.data()[0], 255);
}

TEST(Segmenter, RefusesANetworkThatIsNotAsDescribed) {
  InputSpec input;
  input.previous_mask = true;
  const auto made = Segmenter::Create(std::make_unique<FakeProgram>(32, 18, 3, Bright), input);
  EXPECT_EQ(made.status().code(), Code::kUnsupported);
}

TEST(Segmenter, NumbersThatAreNoneAreAnErrorAndDoNotStay) {
  bool broken = false;
  auto segmenter = Make([&](const float* c) {
    return broken ? std::numeric_limits<float>::quiet_NaN() : std::isfinite(c[3]) ? 1.f : c[3];
  });
  image::Bytes alpha;
  const Frame frame = Plain(PixelFormat::kI420, 33, 19, 100);
  ASSERT_TRUE(segmenter->Process(frame.view(), &alpha).ok());
  broken = true;
  EXPECT_EQ(segmenter->Process(frame.view(), &alpha).code(), Code::kInternal);
  ASSERT_EQ(alpha.width(), 33);
  for (size_t i = 0; i < alpha.size(); ++i) ASSERT_EQ(alpha.data()[i], 0);
  broken = false;
  ASSERT_TRUE(segmenter->Process(frame.view(), &alpha).ok());
  EXPECT_EQ(alpha.data()[0], 255);
}

TEST(Segmenter, OutputBeyondZeroAndOneIsClamped) {
  auto segmenter = Make([](const float*) { return 1.5f; });
  image::Bytes alpha;
  ASSERT_TRUE(segmenter->Process(Plain(PixelFormat::kRgb, 4, 4, 0).view(), &alpha).ok());
  EXPECT_EQ(segmenter->mask().data()[0], 1.f);
}

// An upright camera keeps an upright network while a budget lowers its size.
TEST(Segmenter, ABudgetKeepsTheFramesShape) {
  graph::Model model = graph::RandomModel(*graph::ScrimnetPreset("quality"), 1);
  model.density = {256, 144}, model.densities = {{256, 144}, {144, 256}};
  SegmenterOptions options;
  options.budget_ms = 1e-6;
  auto segmenter = Segmenter::Create(std::make_shared<graph::Model>(std::move(model)), options);
  ASSERT_TRUE(segmenter.ok()) << segmenter.status().message();
  image::Bytes alpha;
  for (auto [width, height] : {std::pair{90, 160}, {160, 90}}) {
    const Frame frame = Plain(PixelFormat::kRgba, width, height, 100);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE((*segmenter)->Process(frame.view(), &alpha).ok());
    const graph::Density density = (*segmenter)->density();
    EXPECT_EQ(density.width > density.height, width > height);
    EXPECT_EQ(std::max(density.width, density.height), 160);
  }
}

TEST(Segmenter, RefusesImpossibleFrames) {
  auto segmenter = Make(Bright);
  image::Bytes alpha(3, 3);
  image::ConstFrameView nothing;
  EXPECT_EQ(segmenter->Process(nothing, &alpha).code(), Code::kInvalidArgument);
  EXPECT_TRUE(alpha.empty());
}

}  // namespace
}  // namespace scrim::engine
