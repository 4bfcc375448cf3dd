#include "metrics/clip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace scrim::metrics {
namespace {

constexpr int kSide = 10;
using Pixels = std::vector<uint8_t>;
Pixels Filled(uint8_t value) { return Pixels(kSide * kSide, value); }
GreyView View(const Pixels& pixels) { return {pixels.data(), kSide, kSide, kSide}; }

TEST(ClipTest, PerfectAlphaOfMovingTruthIsSteady) {
  ClipComparison clip;
  for (int t = 0; t < 4; ++t) {
    Pixels truth = Filled(0);
    for (int i = 0; i < 20 * (t + 1); ++i) truth[static_cast<size_t>(i)] = 255;
    clip.Add(View(Filled(90)), View(truth), View(truth));
  }
  const ClipQuality q = clip.Result();
  EXPECT_EQ(q.frames, 4);
  EXPECT_EQ(q.iou, 1);
  EXPECT_EQ(q.dtssd, 0);
  EXPECT_EQ(q.flicker, 0);
  EXPECT_DOUBLE_EQ(q.still_share, 0.8);
}

TEST(ClipTest, TremblingAlphaFlickers) {
  ClipComparison clip;
  const Pixels truth = Filled(255);
  for (const int value : {255, 204, 255})
    clip.Add(View(Filled(90)), View(truth), View(Filled(static_cast<uint8_t>(value))));
  EXPECT_NEAR(clip.Result().flicker, 0.2, 1e-12);
  EXPECT_NEAR(clip.Result().dtssd, 0.2, 1e-12);
  EXPECT_EQ(clip.Result().still_share, 1);
}

TEST(ClipTest, WhatMovesDoesNotFlicker) {
  ClipComparison clip;
  const Pixels truth = Filled(255);
  clip.Add(View(Filled(90)), View(truth), View(Filled(255)));
  clip.Add(View(Filled(90 + kStillLevels + 1)), View(truth), View(Filled(0)));
  EXPECT_EQ(clip.Result().flicker, 0);
  EXPECT_EQ(clip.Result().still_share, 0);
  EXPECT_EQ(clip.Result().dtssd, 1);
}

TEST(ClipTest, SkippedFramesAreNoChange) {
  ClipComparison clip;
  const Pixels truth = Filled(255);
  clip.Add(View(Filled(90)), View(truth), View(Filled(255)));
  clip.Skip();
  for (const int value : {0, 0}) clip.Add(View(Filled(90)), View(truth), View(Filled(static_cast<uint8_t>(value))));
  EXPECT_EQ(clip.Result().frames, 3);
  EXPECT_EQ(clip.Result().pairs, 1);
  EXPECT_EQ(clip.Result().flicker, 0);
  EXPECT_EQ(clip.Result().dtssd, 0);
  EXPECT_NEAR(clip.Result().iou, 1 / 3., 1e-12);
}

TEST(ClipTest, OneFrameHasNoChange) {
  ClipComparison clip;
  clip.Add(View(Filled(1)), View(Filled(255)), View(Filled(0)));
  EXPECT_EQ(clip.Result().frames, 1);
  EXPECT_EQ(clip.Result().dtssd, 0);
  EXPECT_EQ(clip.Result().iou, 0);
  EXPECT_EQ(ClipComparison().Result().frames, 0);
}

}  // namespace
}  // namespace scrim::metrics
