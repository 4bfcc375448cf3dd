#include "compose/room_blur.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/blur.h"
#include "image/convert.h"

namespace scrim::compose {
namespace {

using image::Frame;
using image::PixelFormat;

// A grey room (left darker than right) and a bright red person in the middle.
Frame Scene(PixelFormat format, image::Bytes* alpha) {
  Frame rgba(PixelFormat::kRgba, 320, 180), frame(format, 320, 180);
  alpha->Resize(320, 180);
  for (int y = 0; y < 180; ++y) {
    for (int x = 0; x < 320; ++x) {
      const bool person = x >= 100 && x < 220 && y >= 60;
      const uint8_t grey = x < 160 ? 60 : 140;
      uint8_t* p = rgba.view().row(0, y) + 4 * x;
      p[0] = person ? 255 : grey, p[1] = person ? 0 : grey, p[2] = person ? 0 : grey, p[3] = 255;
      alpha->row(y)[x] = person ? 255 : 0;
    }
  }
  EXPECT_TRUE(image::ConvertFromRgba(rgba.view(), frame.view()).ok());
  return frame;
}

TEST(RoomBlur, ThePersonDoesNotBleedInAnyFormat) {
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                             PixelFormat::kI420, PixelFormat::kYuy2}) {
    image::Bytes alpha;
    const Frame frame = Scene(format, &alpha);
    Frame out(format, 320, 180), rgba(PixelFormat::kRgba, 320, 180);
    RoomBlur blur;
    for (float sigma : {3.f, 14.f, 60.f}) {
      blur.Render(frame.view(), alpha, sigma, out.view());
      ASSERT_TRUE(image::ConvertToRgba(out.view(), rgba.view()).ok());
      for (int y = 0; y < 180; ++y) {
        for (int x = 0; x < 320; ++x) {
          const uint8_t* p = rgba.view().row(0, y) + 4 * x;
          ASSERT_LE(p[0] - p[1], 8) << PixelFormatName(format) << " sigma " << sigma << " at " << x << "," << y;
          ASSERT_GE(p[0], 55);
          ASSERT_LE(p[0], 146);
        }
      }
    }
  }
}

TEST(RoomBlur, BlursByTheStrengthAskedFor) {
  // The step between dark and bright room, above the person: its width grows with sigma.
  image::Bytes alpha;
  const Frame frame = Scene(PixelFormat::kRgba, &alpha);
  Frame out(PixelFormat::kRgba, 320, 180);
  RoomBlur blur;
  int last_width = 0;
  for (float sigma : {4.f, 14.f, 40.f}) {
    blur.Render(frame.view(), alpha, sigma, out.view());
    int width = 0;
    for (int x = 0; x < 320; ++x) {
      const int v = out.view().row(0, 2)[4 * x];
      width += v > 68 && v < 132;
    }
    EXPECT_GT(width, last_width * 2);
    last_width = width;
  }
}

TEST(RoomBlur, NothingButPersonGivesGreyAndTinyFramesWork) {
  for (auto [width, height] : {std::pair{1, 1}, {2, 1}, {1, 90}, {33, 17}}) {
    Frame frame(PixelFormat::kI420, width, height), out(PixelFormat::kI420, width, height);
    Fill(frame.view(), {255, 0, 0});
    image::Bytes alpha(width, height);
    std::fill(alpha.data(), alpha.data() + alpha.size(), uint8_t{255});
    RoomBlur blur;
    blur.Render(frame.view(), alpha, 100.f, out.view());
    EXPECT_NEAR(out.view().planes[1][0], 128, 1);
    EXPECT_NEAR(out.view().planes[2][0], 128, 1);
  }
}

// What a blur at full size gives, although the picture is made small for it.
TEST(RoomBlur, IsAGaussianAtAnEdge) {
  constexpr int kWide = 640, kHigh = 360;
  for (const float sigma : {4.f, 14.f, 40.f}) {
    image::Frame frame(image::PixelFormat::kRgb, kWide, kHigh), out(image::PixelFormat::kRgb, kWide, kHigh);
    image::Floats exact(kWide, kHigh), scratch;
    for (int y = 0; y < kHigh; ++y) {
      for (int x = 0; x < kWide; ++x) {
        const int value = x > kWide / 2 + 2 ? 255 : 0;
        exact.row(y)[x] = static_cast<float>(value);
        for (int c = 0; c < 3; ++c) frame.view().row(0, y)[3 * x + c] = static_cast<uint8_t>(value);
      }
    }
    image::GaussianBlur(sigma * kHigh / 720, &exact, &scratch);
    image::Bytes alpha(kWide, kHigh);
    std::fill(alpha.data(), alpha.data() + alpha.size(), uint8_t{0});
    RoomBlur().Render(std::as_const(frame).view(), alpha, sigma, out.view());
    float worst = 0;
    for (int x = 0; x < kWide; ++x)
      worst = std::max(worst, std::abs(exact.row(kHigh / 2)[x] - out.view().row(0, kHigh / 2)[3 * x]));
    EXPECT_LT(worst, 6) << sigma;
  }
}

}  // namespace
}  // namespace scrim::compose
