#include "engine/still_detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace scrim::engine {
namespace {

// What a camera of `sigma` noise gives of one scene at the network's size: a pixel is the mean of some 25 of the
// camera's, each channel on its own.
image::Bytes Noisy(float sigma, int seed) {
  image::Bytes picture(256, 144, 4);
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0.f, sigma / 5);
  for (int y = 0; y < 144; ++y) {
    for (int i = 0; i < 4 * 256; ++i) {
      const float scene = 120 + 60 * std::sin(0.11f * i) * std::cos(0.07f * y);
      picture.row(y)[i] = static_cast<uint8_t>(std::clamp(std::lround(scene + noise(random)), 0L, 255L));
    }
  }
  return picture;
}

TEST(StillDetector, NoiseIsNoChange) {
  const StillDetector still;
  for (float sigma : {0.f, 3.f, 6.f}) EXPECT_TRUE(still.Unchanged(Noisy(sigma, 1), Noisy(sigma, 2))) << sigma;
}

TEST(StillDetector, SmallMotionInACornerIsOne) {
  const StillDetector still;
  const image::Bytes before = Noisy(3.f, 1);
  for (auto [left, top] : {std::pair{0, 0}, {250, 140}, {130, 71}}) {
    image::Bytes now = Noisy(3.f, 2);
    for (int y = top; y < top + 4; ++y)  // the size of an eye
      for (int i = 4 * left; i < 4 * left + 24; ++i) now.row(y)[i] = static_cast<uint8_t>(now.row(y)[i] ^ 64);
    EXPECT_FALSE(still.Unchanged(before, now)) << left << " " << top;
  }
}

TEST(StillDetector, SlowLightAndAnotherSizeAre) {
  const StillDetector still;
  const image::Bytes before = Noisy(3.f, 1);
  image::Bytes now = before;
  for (size_t i = 0; i < now.size(); ++i) now.data()[i] += 4;
  EXPECT_FALSE(still.Unchanged(before, now));
  EXPECT_FALSE(still.Unchanged(before, image::Bytes(255, 144, 4)));
}

}  // namespace
}  // namespace scrim::engine
