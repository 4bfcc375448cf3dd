#include "compose/parse_background.h"

#include <gtest/gtest.h>

namespace scrim::compose {
namespace {

using Kind = Background::Kind;

TEST(ParseBackground, KnowsEveryKind) {
  EXPECT_EQ(ParseBackground("transparent")->kind, Kind::kTransparent);
  EXPECT_EQ(ParseBackground("room")->kind, Kind::kRoom);
  EXPECT_EQ(ParseBackground("blur")->kind, Kind::kBlur);
  EXPECT_EQ(ParseBackground("blur")->blur_sigma, 14.f);
  EXPECT_EQ(ParseBackground("blur:0.5")->blur_sigma, 0.5f);
  EXPECT_EQ(ParseBackground("blur:37.25")->blur_sigma, 37.25f);
  const auto color = ParseBackground("#00b1F0");
  ASSERT_TRUE(color.ok());
  EXPECT_EQ(color->kind, Kind::kColor);
  EXPECT_EQ(color->color.red, 0x00);
  EXPECT_EQ(color->color.green, 0xb1);
  EXPECT_EQ(color->color.blue, 0xf0);
  EXPECT_EQ(color->color.alpha, 255);
  for (const char* path : {"coast.jpg", "/tmp/#1.png", "blurred.png", "./room", "Transparent"})
    EXPECT_EQ(ParseBackground(path)->kind, Kind::kImage) << path;
}

TEST(ParseBackground, RefusesBadNumbers) {
  for (const char* bad : {"", "blur:", "blur:.", "blur:0.4", "blur:101", "blur:1e1", "blur:4,5", "blur:1.2.3",
                          "blur: 5", "blur:-5", "#12345", "#1234567", "#12345g", "#-12345", "#"})
    EXPECT_EQ(ParseBackground(bad).status().code(), Code::kInvalidArgument) << bad;
}

}  // namespace
}  // namespace scrim::compose
