#include "compose/edge_colours.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compose/compositor.h"
#include "image/convert.h"

namespace scrim::compose {
namespace {

using image::Frame;
using image::PixelFormat;

constexpr int kWidth = 320, kHeight = 180;
constexpr int kPerson[3] = {180, 120, 90}, kRoom[3] = {40, 200, 60};

// A disc whose alpha falls over `soft` pixels.
image::Bytes Disc(double soft) {
  image::Bytes alpha(kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const double inside = 60 - std::hypot(x - 160, y - 90);
      alpha.row(y)[x] = static_cast<uint8_t>(std::lround(255 * std::min(1., std::max(0., inside / soft + 0.5))));
    }
  return alpha;
}

// The disc as a camera sees it before a room, in a format.
Frame Seen(const image::Bytes& alpha, PixelFormat format, const int (&room)[3] = kRoom) {
  Frame rgba(PixelFormat::kRgba, kWidth, kHeight), frame(format, kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y) {
    uint8_t* p = rgba.view().row(0, y);
    for (int x = 0; x < kWidth; ++x, p += 4) {
      const double a = alpha.row(y)[x] / 255.;
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::lround(a * kPerson[c] + (1 - a) * room[c]));
      p[3] = 255;
    }
  }
  EXPECT_TRUE(image::ConvertFromRgba(std::as_const(rgba).view(), frame.view()).ok());
  return frame;
}

// Six pixels of 320: a soft mask of 24 at 720p.
constexpr double kSoft = 6;

// Greatest difference between the composite over a colour and the disc as seen before that colour.
int Error(PixelFormat format, const EdgeOptions& options) {
  constexpr int kBehind[3] = {20, 30, 220};
  const image::Bytes alpha = Disc(kSoft);
  Frame frame = Seen(alpha, format), truth = Seen(alpha, format, kBehind);
  Frame rgba(PixelFormat::kRgba, kWidth, kHeight), true_rgba(PixelFormat::kRgba, kWidth, kHeight);
  Compositor compositor;
  Background background;
  background.color = {kBehind[0], kBehind[1], kBehind[2]};
  EXPECT_TRUE(compositor.SetBackground(std::move(background)).ok());
  compositor.SetEdges(options);
  EXPECT_TRUE(compositor.Compose(frame.view(), alpha, frame.view()).ok());
  EXPECT_TRUE(image::ConvertToRgba(std::as_const(frame).view(), rgba.view()).ok());
  EXPECT_TRUE(image::ConvertToRgba(std::as_const(truth).view(), true_rgba.view()).ok());
  int worst = 0;
  for (int y = 0; y < kHeight; ++y)
    for (int i = 0; i < 4 * kWidth; ++i)
      worst = std::max(worst, std::abs(rgba.view().row(0, y)[i] - true_rgba.view().row(0, y)[i]));
  return worst;
}

class EdgesOfEveryFormat : public testing::TestWithParam<PixelFormat> {};
INSTANTIATE_TEST_SUITE_P(All, EdgesOfEveryFormat,
                         testing::Values(PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                                         PixelFormat::kI420, PixelFormat::kYuy2),
                         [](const auto& info) { return PixelFormatName(info.param); });

TEST_P(EdgesOfEveryFormat, TheOldRoomDoesNotShineThrough) {
  const int before = Error(GetParam(), {.decontaminate = false, .light_wrap = 0}),
            after = Error(GetParam(), {.decontaminate = true, .light_wrap = 0});
  std::printf("greatest error of a colour %d, corrected %d\n", before, after);
  EXPECT_GT(before, 30);
  EXPECT_LT(after, 8);
}

TEST_P(EdgesOfEveryFormat, LightWrapsAroundTheOutlineAlone) {
  const image::Bytes alpha = Disc(4);
  Frame frame = Seen(alpha, GetParam()), lit = Seen(alpha, GetParam());
  Compositor compositor;
  Background white;
  white.color = {255, 255, 255};
  ASSERT_TRUE(compositor.SetBackground(std::move(white)).ok());
  compositor.SetEdges({.decontaminate = false, .light_wrap = 0});
  ASSERT_TRUE(compositor.Compose(frame.view(), alpha, frame.view()).ok());
  compositor.SetEdges({.decontaminate = false, .light_wrap = 0.4f});
  ASSERT_TRUE(compositor.Compose(lit.view(), alpha, lit.view()).ok());
  Frame a(PixelFormat::kRgba, kWidth, kHeight), b(PixelFormat::kRgba, kWidth, kHeight);
  ASSERT_TRUE(image::ConvertToRgba(std::as_const(frame).view(), a.view()).ok());
  ASSERT_TRUE(image::ConvertToRgba(std::as_const(lit).view(), b.view()).ok());
  const auto brighter = [&](int x) { return b.view().row(0, 90)[4 * x + 2] - a.view().row(0, 90)[4 * x + 2]; };
  EXPECT_GT(brighter(160 + 56), 8);  // just inside the outline
  EXPECT_GT(brighter(160 + 56), brighter(160 + 53));
  EXPECT_EQ(brighter(160), 0);       // in the middle
  EXPECT_EQ(brighter(160 + 80), 0);  // behind
}

TEST(EdgeColours, TransparentPicturesHaveThePersonsColours) {
  const image::Bytes alpha = Disc(kSoft);
  Frame frame = Seen(alpha, PixelFormat::kRgba);
  Compositor compositor;
  Background transparent;
  transparent.kind = Background::Kind::kTransparent;
  ASSERT_TRUE(compositor.SetBackground(std::move(transparent)).ok());
  ASSERT_TRUE(compositor.Compose(frame.view(), alpha, frame.view()).ok());
  for (int x = 0; x < kWidth; ++x) {
    const uint8_t* p = frame.view().row(0, 90) + 4 * x;
    if (p[3] < 64) continue;
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(p[c], kPerson[c], 16) << x << " alpha " << int(p[3]);
  }
}

TEST(EdgeColours, SolidAndEmptyFramesStayAsTheyAre) {
  for (int value : {0, 255}) {
    image::Bytes alpha(kWidth, kHeight);
    std::fill(alpha.data(), alpha.data() + alpha.size(), static_cast<uint8_t>(value));
    Frame frame = Seen(Disc(1), PixelFormat::kNv12), back = Seen(Disc(1), PixelFormat::kNv12);
    EdgeColours edges;
    const image::ConstFrameView view = std::as_const(back).view();
    edges.Prepare(frame.view(), alpha, &view, true);
    std::vector<uint8_t> out(kWidth), bytes(kWidth, static_cast<uint8_t>(value));
    edges.CorrectRow(0, 50, frame.view().row(0, 50), bytes.data(), out.data());
    EXPECT_TRUE(std::equal(out.begin(), out.end(), frame.view().row(0, 50)));
  }
}

// Odd sizes, smaller than a cell and not multiples of it.
TEST_P(EdgesOfEveryFormat, AnySize) {
  for (auto [width, height] : {std::pair{1, 1}, {2, 3}, {7, 5}, {161, 3}, {333, 77}}) {
    Frame frame(GetParam(), width, height);
    Fill(frame.view(), {200, 100, 50});
    image::Bytes alpha(width, height);
    for (size_t i = 0; i < alpha.size(); ++i) alpha.data()[i] = static_cast<uint8_t>(i * 37);
    Compositor compositor;
    ASSERT_TRUE(compositor.Compose(frame.view(), alpha, frame.view()).ok());
  }
}

}  // namespace
}  // namespace scrim::compose
