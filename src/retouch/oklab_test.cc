#include "retouch/oklab.h"

#include <gtest/gtest.h>

namespace scrim::retouch {
namespace {

// The table of XYZ pairs in Ottosson's article speaks of sRGB's primaries as well; these are his values for sRGB.
TEST(Oklab, KnowsKnownColours) {
  const Oklab white = OklabOf(LinearOf(image::Color{255, 255, 255}));
  EXPECT_NEAR(white.lightness, 1, 1e-3);
  EXPECT_NEAR(white.a, 0, 1e-3);
  EXPECT_NEAR(white.b, 0, 1e-3);
  const Oklab red = OklabOf(LinearOf(image::Color{255, 0, 0}));
  EXPECT_NEAR(red.lightness, 0.6280, 1e-3);
  EXPECT_NEAR(red.a, 0.2249, 1e-3);
  EXPECT_NEAR(red.b, 0.1258, 1e-3);
  const Oklab blue = OklabOf(LinearOf(image::Color{0, 0, 255}));
  EXPECT_NEAR(blue.lightness, 0.4520, 1e-3);
  EXPECT_NEAR(blue.a, -0.0325, 1e-3);
  EXPECT_NEAR(blue.b, -0.3115, 1e-3);
}

TEST(Oklab, GoesThereAndBack) {
  for (int red = 0; red < 256; red += 15) {
    for (int green = 0; green < 256; green += 15) {
      for (int blue = 0; blue < 256; blue += 15) {
        const image::Color color{static_cast<uint8_t>(red), static_cast<uint8_t>(green), static_cast<uint8_t>(blue)};
        const LinearRgb back = LinearOf(OklabOf(LinearOf(color)));
        ASSERT_NEAR(SrgbOf(back[0]), red, 0.05);
        ASSERT_NEAR(SrgbOf(back[1]), green, 0.05);
        ASSERT_NEAR(SrgbOf(back[2]), blue, 0.05);
      }
    }
  }
}

TEST(Oklab, TheToeGoesThereAndBackAndIsFlatInTheDark) {
  EXPECT_NEAR(Toe(0), 0, 1e-6);
  EXPECT_NEAR(Toe(1), 1, 1e-6);
  for (float lightness = 0; lightness <= 1; lightness += 0.05f) EXPECT_NEAR(FromToe(Toe(lightness)), lightness, 1e-5);
  const float darkest = OklabOf(LinearOf(image::Color{1, 1, 1})).lightness;
  EXPECT_GT(darkest, 0.06);
  EXPECT_LT(Toe(darkest), 0.02);
}

}  // namespace
}  // namespace scrim::retouch
