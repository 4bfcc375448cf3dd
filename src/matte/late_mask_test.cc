#include "matte/late_mask.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace scrim::matte {
namespace {

constexpr int kWidth = 40, kHeight = 30;
const uint8_t kSkin[4] = {200, 150, 120, 255}, kShirt[4] = {30, 60, 160, 255}, kWall[4] = {90, 90, 80, 255};

struct Rect {
  int left, top, right, bottom;
  bool Has(int x, int y) const { return x >= left && x < right && y >= top && y < bottom; }
};

image::Bytes Picture(const Rect& person) {
  image::Bytes picture(kWidth, kHeight, 4);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const uint8_t* color = !person.Has(x, y) ? kWall : y < person.top + 6 ? kSkin : kShirt;
      std::copy(color, color + 4, picture.row(y) + 4 * x);
    }
  }
  return picture;
}

image::Floats MaskOf(const Rect& person) {
  image::Floats mask(kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) mask.row(y)[x] = person.Has(x, y);
  return mask;
}

TEST(TrimLateMask, LeavesAStillPictureAlone) {
  const Rect person{10, 5, 25, 30};
  image::Bytes noisy = Picture(person);
  for (size_t i = 0; i < noisy.size(); ++i) noisy.data()[i] += i % 7;
  image::Floats mask = MaskOf(person);
  TrimLateMask({}, Picture(person), noisy, &mask);
  for (size_t i = 0; i < mask.size(); ++i) ASSERT_EQ(mask.data()[i], MaskOf(person).data()[i]);
}

TEST(TrimLateMask, NoRoomShowsWhereAPersonLeft) {
  const Rect before{10, 5, 25, 30};
  for (int step : {1, 2, 5, 40}) {
    const Rect now{10 + step, 5, 25 + step, 30};
    image::Floats mask = MaskOf(before);
    TrimLateMask({}, Picture(before), Picture(now), &mask);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        if (!now.Has(x, y)) {
          ASSERT_EQ(mask.row(y)[x], 0.f) << step << ": " << x << " " << y;
        }
        if (now.Has(x, y) && before.Has(x, y)) {
          ASSERT_EQ(mask.row(y)[x], 1.f) << step << ": " << x << " " << y;
        }
      }
    }
  }
}

TEST(TrimLateMask, AMovingMouthMakesNoHole) {
  const Rect person{10, 5, 25, 30};
  image::Bytes before = Picture(person), now = Picture(person);
  for (int x = 15; x < 20; ++x) {  // lips one row further down, where skin was
    std::copy(kShirt, kShirt + 4, before.row(8) + 4 * x);
    std::copy(kShirt, kShirt + 4, now.row(9) + 4 * x);
  }
  image::Floats mask = MaskOf(person);
  TrimLateMask({}, before, now, &mask);
  for (size_t i = 0; i < mask.size(); ++i) ASSERT_EQ(mask.data()[i], MaskOf(person).data()[i]);
}

TEST(TrimLateMask, AnotherPictureLeavesNothing) {
  image::Bytes now(kWidth, kHeight, 4);
  for (size_t i = 0; i < now.size(); ++i) now.data()[i] = i % 4 == 1 ? 0 : 255;
  image::Floats mask(kWidth, kHeight);
  std::fill(mask.data(), mask.data() + mask.size(), 1.f);
  TrimLateMask({}, Picture({10, 5, 25, 30}), now, &mask);
  for (size_t i = 0; i < mask.size(); ++i) ASSERT_EQ(mask.data()[i], 0.f);
}

}  // namespace
}  // namespace scrim::matte
