#include "image/frame.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "image/color.h"
#include "image/convert.h"

namespace scrim::image {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb,
                                    PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2};

TEST(Validate, RefusesWhatCannotBeAFrame) {
  Frame frame(PixelFormat::kNv12, 5, 3);
  EXPECT_TRUE(Validate(frame.view()).ok());
  FrameView bad = frame.view();
  bad.width = 0;
  EXPECT_EQ(Validate(bad).code(), Code::kInvalidArgument);
  bad = frame.view();
  bad.height = kMaxSide + 1;
  EXPECT_EQ(Validate(bad).code(), Code::kInvalidArgument);
  bad = frame.view();
  bad.planes[1] = nullptr;
  EXPECT_NE(Validate(bad).message().find("plane 1"), std::string::npos);
  bad = frame.view();
  bad.strides[1] = 5;  // U and V of 3 columns need 6 bytes
  EXPECT_NE(Validate(bad).message().find("stride of plane 1"), std::string::npos);
  bad = frame.view();
  bad.format = static_cast<PixelFormat>(99);
  EXPECT_EQ(Validate(bad).code(), Code::kInvalidArgument);
}

TEST(Fill, PaintsEveryPixelOfEveryFormatAndSize) {
  const Color color{200, 60, 20};
  for (PixelFormat format : kFormats) {
    for (int width : {1, 2, 5, 8}) {
      for (int height : {1, 2, 3}) {
        Frame frame(format, width, height);
        Fill(frame.view(), color);
        Frame rgba(PixelFormat::kRgba, width, height);
        ASSERT_TRUE(ConvertToRgba(frame.view(), rgba.view()).ok());
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            const uint8_t* p = rgba.view().row(0, y) + 4 * x;
            EXPECT_NEAR(p[0], color.red, 2) << PixelFormatName(format);
            EXPECT_NEAR(p[1], color.green, 2) << PixelFormatName(format);
            EXPECT_NEAR(p[2], color.blue, 2) << PixelFormatName(format);
            EXPECT_EQ(p[3], 255);
          }
        }
      }
    }
  }
}

TEST(Fill, LeavesThePaddingAlone) {
  std::vector<uint8_t> bytes(64, 7);
  FrameView view;
  view.width = 3, view.height = 2, view.planes[0] = bytes.data(), view.strides[0] = 32;
  Fill(view, {1, 2, 3});
  EXPECT_EQ(bytes[11], 255);
  EXPECT_EQ(bytes[12], 7);
  EXPECT_EQ(bytes[44], 7);
}

TEST(Color, KnownValuesOfBt601AndBt709) {
  EXPECT_EQ(RgbToYuv(YuvMatrix::kBt601Video, 255, 255, 255), (std::array<uint8_t, 3>{235, 128, 128}));
  EXPECT_EQ(RgbToYuv(YuvMatrix::kBt601Video, 0, 0, 0), (std::array<uint8_t, 3>{16, 128, 128}));
  EXPECT_EQ(RgbToYuv(YuvMatrix::kBt601Video, 255, 0, 0), (std::array<uint8_t, 3>{81, 90, 240}));
  EXPECT_EQ(RgbToYuv(YuvMatrix::kBt709Video, 255, 0, 0), (std::array<uint8_t, 3>{63, 102, 240}));
  EXPECT_EQ(RgbToYuv(YuvMatrix::kBt601Full, 255, 0, 0), (std::array<uint8_t, 3>{76, 85, 255}));
}

TEST(Color, ThereAndBackWithinRounding) {
  for (YuvMatrix matrix :
       {YuvMatrix::kBt601Video, YuvMatrix::kBt709Video, YuvMatrix::kBt601Full, YuvMatrix::kBt709Full}) {
    for (int r = 0; r < 256; r += 17) {
      for (int g = 0; g < 256; g += 17) {
        for (int b = 0; b < 256; b += 17) {
          const auto yuv = RgbToYuv(matrix, r, g, b);
          const auto rgb = YuvToRgb(CoefficientsOf(matrix), yuv[0], yuv[1], yuv[2]);
          EXPECT_NEAR(rgb[0], r, 3);
          EXPECT_NEAR(rgb[1], g, 3);
          EXPECT_NEAR(rgb[2], b, 3);
        }
      }
    }
  }
}

}  // namespace
}  // namespace scrim::image
