#include "image/convert.h"

#include <gtest/gtest.h>

namespace scrim::image {
namespace {

// A smooth picture, so that chroma at half resolution loses little.
Frame Gradient(int width, int height) {
  Frame frame(PixelFormat::kRgba, width, height);
  for (int y = 0; y < height; ++y) {
    uint8_t* row = frame.view().row(0, y);
    for (int x = 0; x < width; ++x) {
      row[4 * x] = static_cast<uint8_t>(40 + 2 * x);
      row[4 * x + 1] = static_cast<uint8_t>(200 - 2 * y);
      row[4 * x + 2] = static_cast<uint8_t>(90 + x + y);
      row[4 * x + 3] = 255;
    }
  }
  return frame;
}

class EveryFormat : public testing::TestWithParam<PixelFormat> {};

TEST_P(EveryFormat, ThereAndBack) {
  for (auto [width, height] : {std::pair{1, 1}, {2, 2}, {7, 5}, {16, 9}, {33, 1}, {1, 33}}) {
    const Frame in = Gradient(width, height);
    Frame other(GetParam(), width, height), back(PixelFormat::kRgba, width, height);
    ASSERT_TRUE(ConvertFromRgba(in.view(), other.view()).ok());
    ASSERT_TRUE(ConvertToRgba(other.view(), back.view()).ok());
    const int tolerance = IsYuv(GetParam()) ? 6 : 0;
    for (int y = 0; y < height; ++y) {
      for (int i = 0; i < 4 * width; ++i) {
        ASSERT_NEAR(back.view().row(0, y)[i], in.view().row(0, y)[i], tolerance) << width << "x" << height << " " << i;
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Convert, EveryFormat,
                         testing::Values(PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                                         PixelFormat::kI420, PixelFormat::kYuy2),
                         [](const auto& info) { return PixelFormatName(info.param); });

TEST(Convert, BgraSwapsRedAndBlueAndKeepsAlpha) {
  Frame rgba(PixelFormat::kRgba, 1, 1), bgra(PixelFormat::kBgra, 1, 1);
  uint8_t* p = rgba.view().planes[0];
  p[0] = 1, p[1] = 2, p[2] = 3, p[3] = 4;
  ASSERT_TRUE(ConvertToRgba(rgba.view(), bgra.view()).ok());
  const uint8_t* q = bgra.view().planes[0];
  EXPECT_EQ(q[0], 3);
  EXPECT_EQ(q[2], 1);
  EXPECT_EQ(q[3], 4);
}

TEST(Convert, RefusesOtherSizesAndOutputs) {
  Frame a(PixelFormat::kRgba, 2, 2), b(PixelFormat::kRgba, 3, 2), nv12(PixelFormat::kNv12, 2, 2);
  EXPECT_FALSE(ConvertToRgba(a.view(), b.view()).ok());
  EXPECT_FALSE(ConvertToRgba(a.view(), nv12.view()).ok());
  EXPECT_FALSE(ConvertFromRgba(nv12.view(), a.view()).ok());
}

}  // namespace
}  // namespace scrim::image
