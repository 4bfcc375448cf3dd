#include "compose/brightness.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compose/compositor.h"
#include "image/convert.h"

namespace scrim::compose {
namespace {

using image::Color;
using image::Frame;
using image::PixelFormat;

constexpr int kWidth = 64, kHeight = 48;
constexpr PixelFormat kFormats[] = {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb,
                                    PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2};

Frame Plain(PixelFormat format, Color color) {
  Frame frame(format, kWidth, kHeight);
  Fill(frame.view(), color);
  return frame;
}

// The person is the left half.
image::Bytes LeftHalf() {
  image::Bytes alpha(kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y) {
    std::fill(alpha.row(y), alpha.row(y) + kWidth / 2, uint8_t{255});
    std::fill(alpha.row(y) + kWidth / 2, alpha.row(y) + kWidth, uint8_t{0});
  }
  return alpha;
}

std::array<int, 3> ColourAt(const Frame& frame, int x, int y) {
  Frame rgba(PixelFormat::kRgba, kWidth, kHeight);
  EXPECT_TRUE(image::ConvertToRgba(frame.view(), rgba.view()).ok());
  const uint8_t* p = rgba.view().row(0, y) + 4 * x;
  return {p[0], p[1], p[2]};
}

// What becomes of a person of this colour before a background of that one.
std::array<int, 3> Drawn(PixelFormat format, Color person, Color background, float strength, bool keep_room = false) {
  Compositor compositor;
  compositor.SetEdges({false, 0});
  compositor.SetDrawing({keep_room, strength, {}});
  Background behind;
  behind.color = background;
  EXPECT_TRUE(compositor.SetBackground(behind).ok());
  Frame frame = Plain(format, person);
  EXPECT_TRUE(compositor.Compose(frame.view(), LeftHalf(), frame.view()).ok());
  const std::array<int, 3> room = ColourAt(frame, kWidth - 4, kHeight / 2);
  const Color there = keep_room ? person : background;
  EXPECT_NEAR(room[0], there.red, 3);
  EXPECT_NEAR(room[1], there.green, 3);
  EXPECT_NEAR(room[2], there.blue, 3);
  return ColourAt(frame, 4, kHeight / 2);
}

TEST(BrightnessMatch, GoesTheShareOfTheWay) {
  const Color person{100, 100, 100}, bright{130, 130, 130}, dark{80, 80, 80};
  for (PixelFormat format : kFormats) {
    EXPECT_NEAR(Drawn(format, person, bright, 0)[1], 100, 2) << PixelFormatName(format);
    EXPECT_NEAR(Drawn(format, person, bright, 0.5f)[1], 115, 3) << PixelFormatName(format);
    EXPECT_NEAR(Drawn(format, person, bright, 1)[1], 130, 3) << PixelFormatName(format);
    EXPECT_NEAR(Drawn(format, person, dark, 1)[1], 80, 3) << PixelFormatName(format);
  }
}

TEST(BrightnessMatch, NobodyGoesOutInTheDark) {
  for (PixelFormat format : kFormats) {
    EXPECT_GT(Drawn(format, {128, 128, 128}, {0, 0, 0}, 1)[1], 75) << PixelFormatName(format);
    EXPECT_LT(Drawn(format, {128, 128, 128}, {255, 255, 255}, 1)[1], 180) << PixelFormatName(format);
    EXPECT_LT(Drawn(format, {0, 0, 0}, {255, 255, 255}, 1)[1], 4) << PixelFormatName(format);
  }
}

TEST(BrightnessMatch, ColoursStayWhatTheyAre) {
  for (PixelFormat format : kFormats) {
    const std::array<int, 3> lit = Drawn(format, {120, 80, 60}, {110, 110, 110}, 1);
    EXPECT_GT(lit[0], 124) << PixelFormatName(format);
    EXPECT_NEAR(double(lit[0]) / lit[1], 1.5, 0.15) << PixelFormatName(format);
    EXPECT_NEAR(double(lit[1]) / lit[2], 4. / 3, 0.15) << PixelFormatName(format);
  }
}

TEST(BrightnessMatch, FollowsSlowlyAndIsLostWithNobody) {
  BrightnessMatch match;
  match.set_strength(1);
  const Frame person = Plain(PixelFormat::kRgba, {100, 100, 100}), other = Plain(PixelFormat::kRgba, {130, 130, 130});
  image::Bytes nobody(kWidth, kHeight);
  std::fill(nobody.data(), nobody.data() + nobody.size(), uint8_t{0});
  match.Prepare(person.view(), nobody, other.view(), true);
  EXPECT_EQ(match.curve(), 0);
  match.Prepare(person.view(), LeftHalf(), other.view(), false);
  const float first = match.curve();
  EXPECT_GT(first, 0.1f);
  match.Prepare(person.view(), LeftHalf(), person.view(), true);
  EXPECT_NEAR(match.curve(), 0.9f * first, 0.01f);
  match.Prepare(person.view(), nobody, person.view(), false);
  EXPECT_NEAR(match.curve(), 0.9f * first, 0.01f);
  for (int i = 0; i < 60; ++i) match.Prepare(person.view(), LeftHalf(), person.view(), false);
  EXPECT_NEAR(match.curve(), 0, 0.01f);
}

TEST(KeepRoom, ThePersonIsReplaced) {
  for (PixelFormat format : kFormats) {
    const std::array<int, 3> drawn = Drawn(format, {200, 120, 40}, {20, 60, 100}, 1, /*keep_room=*/true);
    EXPECT_NEAR(drawn[0], 20, 3) << PixelFormatName(format);
    EXPECT_NEAR(drawn[2], 100, 3) << PixelFormatName(format);
  }
}

// The hole that the person leaves is filled with the room beside it.
TEST(KeepRoom, BeforeABlurNobodyIsLeft) {
  Compositor compositor;
  compositor.SetDrawing({true, 0, {}});
  Background blur;
  blur.kind = Background::Kind::kBlur;
  ASSERT_TRUE(compositor.SetBackground(blur).ok());
  Frame frame = Plain(PixelFormat::kI420, {40, 90, 40});
  Frame person = Plain(PixelFormat::kI420, {250, 20, 20});
  const image::Bytes alpha = LeftHalf();
  for (int p = 0; p < 3; ++p) {
    const image::PlaneLayout layout = image::LayoutOf(PixelFormat::kI420, kWidth, kHeight, p);
    for (int y = 0; y < layout.rows; ++y)
      std::copy_n(person.view().row(p, y), layout.row_bytes / 2, frame.view().row(p, y));
  }
  ASSERT_TRUE(compositor.Compose(frame.view(), alpha, frame.view()).ok());
  for (int x : {1, kWidth / 4, kWidth / 2 - 2, kWidth - 2}) {
    const std::array<int, 3> colour = ColourAt(frame, x, kHeight / 2);
    EXPECT_NEAR(colour[0], 40, 8) << x;
    EXPECT_NEAR(colour[1], 90, 8) << x;
  }
}

TEST(KeepRoom, TransparentWhereThePersonWas) {
  Compositor compositor;
  compositor.SetDrawing({true, 0, {}});
  Background nothing;
  nothing.kind = Background::Kind::kTransparent;
  ASSERT_TRUE(compositor.SetBackground(nothing).ok());
  Frame frame = Plain(PixelFormat::kRgba, {40, 90, 40});
  ASSERT_TRUE(compositor.Compose(frame.view(), LeftHalf(), frame.view()).ok());
  EXPECT_EQ(frame.view().row(0, 5)[4 * 3 + 3], 0);
  EXPECT_EQ(frame.view().row(0, 5)[4 * (kWidth - 3) + 3], 255);
}

}  // namespace
}  // namespace scrim::compose
