#include "image/opacity.h"

#include <gtest/gtest.h>

namespace scrim::image {
namespace {

Frame Pixels(PixelFormat format) {
  Frame frame(format, 3, 1);
  const uint8_t bytes[] = {10, 20, 30, 255, 40, 50, 60, 128, 70, 80, 90, 0};
  std::copy(bytes, bytes + 12, frame.view().planes[0]);
  return frame;
}

TEST(Opacity, IsOpaqueLooksAtEveryPixelOfFormatsWithAlpha) {
  Frame frame(PixelFormat::kRgba, 37, 5);
  Fill(frame.view(), {1, 2, 3});
  EXPECT_TRUE(IsOpaque(frame.view()));
  frame.view().row(0, 4)[4 * 36 + 3] = 254;
  EXPECT_FALSE(IsOpaque(frame.view()));
  EXPECT_TRUE(IsOpaque(Frame(PixelFormat::kI420, 4, 4).view()));
}

TEST(Opacity, WhatAlphaHidesIsNotKept) {
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra}) {
    const Frame in = Pixels(format);
    Frame out(format, 3, 1);
    Bytes opacity;
    SplitAlpha(in.view(), {1, 2, 3}, out.view(), &opacity);
    EXPECT_EQ(opacity.data()[0], 255);
    EXPECT_EQ(opacity.data()[1], 128);
    EXPECT_EQ(opacity.data()[2], 0);
    const uint8_t* p = out.view().planes[0];
    EXPECT_EQ(p[4], 40);  // straight alpha: colours stay
    EXPECT_EQ(p[7], 255);
    EXPECT_EQ(p[8], format == PixelFormat::kRgba ? 1 : 3);
    EXPECT_EQ(p[10], format == PixelFormat::kRgba ? 3 : 1);
  }
}

TEST(Opacity, FlattenLaysOverAColour) {
  Frame frame = Pixels(PixelFormat::kRgba);
  Flatten(frame.view(), {200, 100, 0});
  const uint8_t* p = frame.view().planes[0];
  EXPECT_EQ(p[0], 10);
  EXPECT_EQ(p[4], (40 * 128 + 200 * 127 + 127) / 255);
  EXPECT_EQ(p[8], 200);
  EXPECT_TRUE(IsOpaque(frame.view()));
}

TEST(Opacity, MultiplyAlphaIsExactAtTheEnds) {
  Bytes opacity(3, 1), alpha(3, 1);
  const uint8_t opacities[] = {0, 255, 128}, alphas[] = {255, 77, 200};
  std::copy(opacities, opacities + 3, opacity.data());
  std::copy(alphas, alphas + 3, alpha.data());
  MultiplyAlpha(opacity, &alpha);
  EXPECT_EQ(alpha.data()[0], 0);
  EXPECT_EQ(alpha.data()[1], 77);
  EXPECT_EQ(alpha.data()[2], 100);
}

}  // namespace
}  // namespace scrim::image
