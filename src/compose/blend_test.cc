#include "compose/blend.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "image/convert.h"

namespace scrim::compose {
namespace {

using image::Frame;
using image::PixelFormat;

class EveryFormat : public testing::TestWithParam<PixelFormat> {};
INSTANTIATE_TEST_SUITE_P(Blend, EveryFormat,
                         testing::Values(PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                                         PixelFormat::kI420, PixelFormat::kYuy2),
                         [](const auto& info) { return PixelFormatName(info.param); });

TEST_P(EveryFormat, ZeroIsTheBackgroundAndFullThePerson) {
  for (auto [width, height] : {std::pair{1, 1}, {2, 2}, {5, 3}, {18, 7}, {65, 33}}) {
    Frame person(GetParam(), width, height), background(GetParam(), width, height), out(GetParam(), width, height);
    Fill(person.view(), {250, 10, 30});
    Fill(background.view(), {20, 200, 90});
    image::Bytes alpha(width, height);
    std::vector<uint8_t> scratch;
    for (int value : {0, 255}) {
      std::fill(alpha.data(), alpha.data() + alpha.size(), static_cast<uint8_t>(value));
      Blend(person.view(), alpha, background.view(), out.view(), &scratch);
      const image::ConstFrameView expected = value == 0 ? background.view() : person.view();
      for (int p = 0; p < PlaneCount(GetParam()); ++p) {
        const image::PlaneLayout layout = LayoutOf(GetParam(), width, height, p);
        for (int y = 0; y < layout.rows; ++y) {
          for (int i = 0; i < layout.row_bytes; ++i) ASSERT_EQ(out.view().row(p, y)[i], expected.row(p, y)[i]);
        }
      }
    }
  }
}

// All formats draw the same picture: an upright edge in the middle of even columns.
TEST_P(EveryFormat, BlendsLikeRgba) {
  constexpr int kWidth = 20, kHeight = 8;
  Frame person(GetParam(), kWidth, kHeight), background(GetParam(), kWidth, kHeight),
      rgba(PixelFormat::kRgba, kWidth, kHeight);
  Fill(person.view(), {200, 100, 50});
  Fill(background.view(), {40, 60, 180});
  image::Bytes alpha(kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) alpha.row(y)[x] = static_cast<uint8_t>(x < 8 ? 0 : x < 12 ? 128 : 255);
  }
  std::vector<uint8_t> scratch;
  Blend(person.view(), alpha, background.view(), person.view(), &scratch);  // in place
  ASSERT_TRUE(image::ConvertToRgba(person.view(), rgba.view()).ok());
  for (int x = 0; x < kWidth; ++x) {
    const double a = alpha.row(0)[x] / 255.0;
    const uint8_t* p = rgba.view().row(0, 3) + 4 * x;
    EXPECT_NEAR(p[0], 200 * a + 40 * (1 - a), 4);
    EXPECT_NEAR(p[1], 100 * a + 60 * (1 - a), 4);
    EXPECT_NEAR(p[2], 50 * a + 180 * (1 - a), 4);
    EXPECT_EQ(p[3], 255);
  }
}

TEST(Blend, AlphaOfTheFrameIsIgnored) {
  Frame person(PixelFormat::kRgba, 3, 1), background(PixelFormat::kRgba, 3, 1);
  Fill(person.view(), {9, 9, 9, 0});  // as from an RGBx camera
  Fill(background.view(), {1, 2, 3});
  image::Bytes alpha(3, 1);
  alpha.data()[0] = 0, alpha.data()[1] = 128, alpha.data()[2] = 255;
  std::vector<uint8_t> scratch;
  Blend(person.view(), alpha, background.view(), person.view(), &scratch);
  for (int x = 0; x < 3; ++x) EXPECT_EQ(person.view().planes[0][4 * x + 3], 255);
}

}  // namespace
}  // namespace scrim::compose
