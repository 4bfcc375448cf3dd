#include "matte/regions.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace scrim::matte {
namespace {

constexpr int kWidth = 100, kHeight = 50;  // an island of 0.4 % has 20 pixels, a hole of 0.2 % ten

image::Floats Empty() {
  image::Floats mask(kWidth, kHeight);
  std::fill(mask.data(), mask.data() + mask.size(), 0.f);
  return mask;
}

void Paint(image::Floats* mask, int left, int top, int width, int height, float value) {
  for (int y = top; y < top + height; ++y)
    for (int x = left; x < left + width; ++x) mask->row(y)[x] = value;
}

// The person: a large strong block.
image::Floats Person() {
  image::Floats mask = Empty();
  Paint(&mask, 30, 10, 40, 40, 1.f);
  return mask;
}

// The mask of the last of several frames that all look the same.
image::Floats After(int frames, const image::Floats& mask, const RegionOptions& options = {}) {
  Regions regions(options);
  image::Floats result;
  for (int i = 0; i < frames; ++i) result = mask, regions.Process(&result);
  return result;
}

bool Same(const image::Floats& a, const image::Floats& b) {
  return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

TEST(RegionsTest, ThePersonStays) {
  EXPECT_TRUE(Same(After(5, Person()), Person()));
  EXPECT_TRUE(Same(After(5, Empty()), Empty()));
}

TEST(RegionsTest, SpecksAndFaintCloudsGo) {
  image::Floats mask = Person();
  Paint(&mask, 5, 5, 3, 3, 1.f);       // strong, but tiny
  Paint(&mask, 80, 20, 15, 20, 0.5f);  // large, but faint
  const image::Floats result = After(4, mask);
  EXPECT_TRUE(Same(result, Person()));
}

TEST(RegionsTest, TheyFadeInsteadOfPopping) {
  Regions regions;
  image::Floats mask = Person();
  Paint(&mask, 5, 5, 8, 8, 1.f);  // large enough
  const image::Floats before = mask;
  regions.Process(&mask);
  EXPECT_TRUE(Same(mask, before));
  for (float expected : {0.75f, 0.5f, 0.25f, 0.f}) {  // most of it is hidden
    mask = Person();
    Paint(&mask, 5, 5, 3, 3, 1.f);
    regions.Process(&mask);
    EXPECT_NEAR(mask.row(6)[6], expected, 1e-6);
  }
  regions.Reset();
  mask = Person();
  Paint(&mask, 5, 5, 3, 3, 1.f);
  regions.Process(&mask);
  EXPECT_EQ(mask.row(6)[6], 0.f);
}

TEST(RegionsTest, AStrongLargeRegionIsThereAtOnce) {
  Regions regions;
  image::Floats mask = Person();
  regions.Process(&mask);
  mask = Person();
  Paint(&mask, 5, 10, 12, 40, 0.95f);  // somebody enters
  image::Floats expected = mask;
  regions.Process(&mask);
  EXPECT_TRUE(Same(mask, expected));
}

TEST(RegionsTest, FaintHandsThatTouchThePersonStay) {
  image::Floats mask = Person();
  Paint(&mask, 22, 30, 8, 5, 0.3f);
  EXPECT_TRUE(Same(After(5, mask), mask));
  Paint(&mask, 21, 35, 1, 1, 0.3f);  // by a corner, too
  EXPECT_TRUE(Same(After(5, mask), mask));
}

TEST(RegionsTest, SmallHolesAreFilledLargeOnesAreNot) {
  image::Floats mask = Person();
  Paint(&mask, 40, 20, 2, 2, 0.f);
  EXPECT_TRUE(Same(After(1, mask), Person()));
  Paint(&mask, 45, 30, 6, 6, 0.f);  // an arm akimbo
  const image::Floats result = After(5, mask);
  EXPECT_EQ(result.row(32)[47], 0.f);
  EXPECT_EQ(result.row(20)[40], 1.f);
}

TEST(RegionsTest, NotchesAtTheBorderAreNoHoles) {
  image::Floats mask = Person();
  Paint(&mask, 45, kHeight - 2, 2, 2, 0.f);
  EXPECT_TRUE(Same(After(3, mask), mask));
}

TEST(RegionsTest, RingsAreOneRegion) {  // runs that meet further down
  image::Floats mask = Empty();
  Paint(&mask, 10, 10, 80, 30, 0.9f);
  Paint(&mask, 20, 15, 60, 20, 0.f);
  EXPECT_TRUE(Same(After(3, mask), mask));
}

TEST(RegionsTest, OffAndAfterResetAndAnySize) {
  image::Floats mask = Person();
  Paint(&mask, 5, 5, 3, 3, 1.f);
  EXPECT_TRUE(Same(After(5, mask, {.enabled = false}), mask));
  Regions regions;
  for (auto [width, height] : {std::pair{1, 1}, {7, 3}, {256, 144}}) {
    image::Floats other(width, height);
    std::fill(other.data(), other.data() + other.size(), 1.f);
    regions.Process(&other);
    EXPECT_EQ(other.data()[0], 1.f);
    regions.Reset();
  }
}

}  // namespace
}  // namespace scrim::matte
