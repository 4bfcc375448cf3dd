#include "retouch/skin_smoothing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <utility>

#include "image/convert.h"

namespace scrim::retouch {
namespace {

using image::Frame;
using image::PixelFormat;

constexpr int kWidth = 320, kHeight = 280;
constexpr double kCentreX = 160, kCentreY = 140, kFace = 110;

bool InEye(int x, int y) { return std::hypot(x - 120, y - 110) < 12 || std::hypot(x - 200, y - 110) < 12; }
bool InFace(int x, int y) { return std::hypot(x - kCentreX, y - kCentreY) < kFace && !InEye(x, y); }

// A face of one colour, shaded from left to right, plus `texture` on all channels; dark eyes, a grey room.
Frame Face(const std::function<float(int, int)>& texture) {
  Frame frame(PixelFormat::kRgba, kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      uint8_t* p = frame.view().row(0, y) + 4 * x;
      const float shade = static_cast<float>(0.1 * (x - kCentreX)), more = texture(x, y);
      const float skin[] = {200 + shade + more, 150 + shade + more, 130 + shade + more};
      for (int c = 0; c < 3; ++c) {
        const float value = InEye(x, y) ? 30 : InFace(x, y) ? skin[c] : 90;
        p[c] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.f, 255.f)));
      }
      p[3] = 255;
    }
  }
  return frame;
}

image::BoxedAlpha SkinAlpha() {
  image::BoxedAlpha skin;
  image::Clear(kWidth, kHeight, &skin);
  skin.box = {50, 30, 271, 251};
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) skin.alpha.row(y)[x] = InFace(x, y) ? 255 : 0;
  return skin;
}

Frame Smoothed(const Frame& face, float strength) {
  Frame frame = face;
  SkinSmoothing smoothing;
  smoothing.set_strength(strength);
  smoothing.Apply(frame.view(), SkinAlpha());
  return frame;
}

int At(const Frame& frame, int x, int y, int c = 1) { return frame.view().row(0, y)[4 * x + c]; }

// Mean distance between two faces away from the rims.
double Distance(const Frame& a, const Frame& b) {
  double sum = 0;
  int count = 0;
  for (int y = 150; y < 220; ++y)
    for (int x = 110; x < 210; ++x) sum += std::abs(At(a, x, y) - At(b, x, y)), ++count;
  return sum / count;
}

float None(int, int) { return 0; }
// Blotches of 12 pixels.
float Blotches(int x, int y) { return 8 * static_cast<float>(std::sin(x * 0.26) * std::sin(y * 0.26)); }

TEST(SkinSmoothing, TakesBlotchesAwayAndKeepsTheShape) {
  const Frame clean = Face(None), blotched = Face(Blotches);
  const double before = Distance(blotched, clean);
  EXPECT_GT(before, 2);
  EXPECT_LT(Distance(Smoothed(blotched, 1), clean), 0.4 * before);
  const double half = Distance(Smoothed(blotched, 0.5f), clean);
  EXPECT_LT(half, 0.75 * before);
  EXPECT_GT(half, 0.4 * before);
  EXPECT_LT(Distance(Smoothed(clean, 1), clean), 0.5);  // nothing to smooth: shading stays
}

TEST(SkinSmoothing, TakesARedSpotAway) {
  Frame face = Face(None);
  for (int y = 160; y < 168; ++y)
    for (int x = 140; x < 148; ++x) face.view().row(0, y)[4 * x + 1] -= 14, face.view().row(0, y)[4 * x + 2] -= 14;
  const Frame smooth = Smoothed(face, 1);
  const int before = At(face, 143, 163, 0) - At(face, 143, 163, 1) - 50,
            after = At(smooth, 143, 163, 0) - At(smooth, 143, 163, 1) - 50;
  EXPECT_LT(after, 0.6 * before);
}

TEST(SkinSmoothing, KeepsPores) {
  std::mt19937 random(3);
  std::vector<float> noise(kWidth * kHeight);
  for (float& n : noise) n = static_cast<float>(random() % 9) - 4;
  const Frame clean = Face(None),
              pores = Face([&](int x, int y) { return noise[static_cast<size_t>(y * kWidth + x)]; });
  const double left = Distance(Smoothed(pores, 1), clean) / Distance(pores, clean);
  EXPECT_GT(left, 0.4);
  EXPECT_LT(left, 0.85);
}

TEST(SkinSmoothing, EyesAndTheirRimsStayCrisp) {
  const Frame face = Face(Blotches), smooth = Smoothed(face, 1);
  for (int y = 90; y < 132; ++y) {
    for (int x = 100; x < 222; ++x) {
      const double from_eye = std::min(std::hypot(x - 120, y - 110), std::hypot(x - 200, y - 110)) - 12;
      if (from_eye < 0) ASSERT_EQ(At(smooth, x, y), At(face, x, y)) << x << " " << y;
      if (from_eye < 1.5) ASSERT_NEAR(At(smooth, x, y), At(face, x, y), 1) << x << " " << y;
    }
  }
}

TEST(SkinSmoothing, TouchesNothingButSkin) {
  const Frame face = Face(Blotches), smooth = Smoothed(face, 1);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      for (int c = 0; c < 4; ++c)
        if (!InFace(x, y)) ASSERT_EQ(At(smooth, x, y, c), At(face, x, y, c)) << x << " " << y;
}

TEST(SkinSmoothing, StillFramesStayStill) {
  SkinSmoothing smoothing;
  smoothing.set_strength(0.7f);
  Frame first = Face(Blotches);
  smoothing.Apply(first.view(), SkinAlpha());
  for (int i = 0; i < 3; ++i) {
    Frame next = Face(Blotches);
    smoothing.Apply(next.view(), SkinAlpha());
    ASSERT_TRUE(
        std::equal(first.view().row(0, 0), first.view().row(0, 0) + 4 * kWidth * kHeight, next.view().row(0, 0)));
  }
}

TEST(SkinSmoothing, NoSkinNoChange) {
  const Frame face = Face(Blotches);
  Frame frame = face;
  SkinSmoothing smoothing;
  smoothing.set_strength(1);
  image::BoxedAlpha none;
  image::Clear(kWidth, kHeight, &none);
  smoothing.Apply(frame.view(), none);
  none.box = {10, 10, 12, 12};  // four pixels are nobody's face
  none.alpha.row(10)[10] = none.alpha.row(11)[11] = 255;
  smoothing.Apply(frame.view(), none);
  EXPECT_TRUE(std::equal(face.view().row(0, 0), face.view().row(0, 0) + 4 * kWidth * kHeight,
                         std::as_const(frame).view().row(0, 0)));
}

TEST(SkinSmoothing, AllFormatsAlike) {
  const Frame face = Face(Blotches), expected = Smoothed(face, 1);
  for (const PixelFormat format :
       {PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2}) {
    for (int matrix = 0; matrix < 4; ++matrix) {
      Frame frame(format, kWidth, kHeight, static_cast<image::YuvMatrix>(matrix));
      ASSERT_TRUE(image::ConvertFromRgba(face.view(), frame.view()).ok());
      SkinSmoothing smoothing;
      smoothing.set_strength(1);
      smoothing.Apply(frame.view(), SkinAlpha());
      Frame rgba(PixelFormat::kRgba, kWidth, kHeight);
      ASSERT_TRUE(image::ConvertToRgba(std::as_const(frame).view(), rgba.view()).ok());
      EXPECT_LT(Distance(rgba, expected), 1) << image::PixelFormatName(format) << " " << matrix;
      for (int y = 150; y < 220; ++y)
        for (int x = 110; x < 210; ++x)
          for (int c = 0; c < 3; ++c)
            ASSERT_NEAR(At(rgba, x, y, c), At(expected, x, y, c), 4) << image::PixelFormatName(format) << " " << matrix;
    }
  }
}

}  // namespace
}  // namespace scrim::retouch
