#include "matte/stabiliser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace scrim::matte {
namespace {

constexpr int kWidth = 32, kHeight = 18;

image::Bytes Picture(int value, std::mt19937* noise = nullptr) {
  image::Bytes picture(kWidth, kHeight, 4);
  for (size_t i = 0; i < picture.size(); ++i) {
    picture.data()[i] = static_cast<uint8_t>(value + (noise != nullptr ? static_cast<int>((*noise)() % 7) - 3 : 0));
  }
  return picture;
}

image::Floats Mask(float value) {
  image::Floats mask(kWidth, kHeight);
  std::fill(mask.data(), mask.data() + mask.size(), value);
  return mask;
}

void Steady(Stabiliser& stabiliser, const image::Bytes& picture, image::Floats* mask) {
  stabiliser.Observe(picture);
  stabiliser.Process(picture, mask);
}

TEST(Stabiliser, FlickerOnAStillNoisyPictureIsDamped) {
  std::mt19937 random(1);
  Stabiliser stabiliser;
  double raw = 0, steady = 0;
  float last = 0.5f;
  for (int frame = 0; frame < 60; ++frame) {
    image::Floats mask = Mask(0.5f + (frame % 2 == 0 ? 0.1f : -0.1f));
    Steady(stabiliser, Picture(100, &random), &mask);
    if (frame > 10) raw += 0.2, steady += std::abs(mask.data()[77] - last);
    last = mask.data()[77];
  }
  EXPECT_LT(steady, 0.3 * raw);
}

TEST(Stabiliser, MotionLeavesNoGhost) {
  Stabiliser stabiliser;
  image::Floats mask = Mask(1.f);
  Steady(stabiliser, Picture(200), &mask);
  mask = Mask(0.f);  // the person left, the wall behind appears
  Steady(stabiliser, Picture(90), &mask);
  for (size_t i = 0; i < mask.size(); ++i) ASSERT_LT(mask.data()[i], 0.01f);
}

TEST(Stabiliser, AJumpThatStaysIsBelievedWithinHalfASecond) {
  Stabiliser stabiliser;
  image::Floats mask = Mask(1.f);
  Steady(stabiliser, Picture(100), &mask);
  for (int frame = 0; frame < 15; ++frame) {
    mask = Mask(0.f);
    Steady(stabiliser, Picture(100), &mask);
  }
  EXPECT_LT(mask.data()[0], 0.1f);
}

// What somebody who moves drags along: the network takes the wall beside them for person, and the wall did not change.
TEST(Stabiliser, RoomThatStoodStillIsHeld) {
  Stabiliser stabiliser;
  image::Floats mask;
  const auto show = [&](int frames, float value, int picture = 100) {
    for (int frame = 0; frame < frames; ++frame) {
      mask = Mask(value);
      Steady(stabiliser, Picture(picture), &mask);
    }
    return mask.data()[0];
  };
  show(12, 0.f);
  EXPECT_LT(show(4, 1.f), 0.3f);
  EXPECT_GT(show(40, 1.f), 0.9f) << "but not for ever";
  show(60, 0.f);
  EXPECT_GT(show(1, 1.f, 160), 0.99f) << "where the picture changed, nothing is held";
  stabiliser.Reset();
  show(1, 0.f);
  EXPECT_GT(show(4, 1.f), 0.6f) << "the first masks may be wrong, and are not held";
}

// With a camera in somebody's hand, or grain, every pixel changes by more than a wall does before a fixed camera; a
// person who moves before that wall changes less than three quarters of them.
TEST(Stabiliser, WhereTheWholePictureChangesAChangeSaysLess) {
  const auto flicker = [](int changing_rows) {
    Stabiliser stabiliser;
    float sum = 0, last = 0;
    for (int frame = 0; frame < 30; ++frame) {
      image::Bytes picture = Picture(100);
      for (int y = 0; y < changing_rows; ++y)
        for (int x = 0; x < 4 * kWidth; ++x) picture.row(y)[x] = static_cast<uint8_t>(frame % 2 == 0 ? 100 : 110);
      image::Floats mask = Mask(frame % 2 == 0 ? 0.6f : 0.4f);
      Steady(stabiliser, picture, &mask);
      if (frame > 10) sum += std::abs(mask.data()[0] - last);
      last = mask.data()[0];
    }
    return sum;
  };
  EXPECT_LT(flicker(kHeight), 0.6f * flicker(kHeight / 2));
}

// The mask before is worth less where a moving camera's picture changed, and nowhere else.
TEST(Stabiliser, DistrustsTheMaskBeforeWhereAMovingCamerasPictureChanged) {
  const auto distrust = [](int everywhere, int here) {
    Stabiliser stabiliser;
    image::Floats mask = Mask(1.f);
    Steady(stabiliser, Picture(100), &mask);
    image::Bytes picture = Picture(100 + everywhere);
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 16; ++x) picture.row(y)[x] = static_cast<uint8_t>(100 + here);
    EXPECT_EQ(stabiliser.Distrust(0, 0), 0.f) << "before it is observed";
    stabiliser.Observe(picture);
    EXPECT_EQ(stabiliser.Distrust(20, 10), 0.f) << "a small change";
    return stabiliser.Distrust(0, 0);
  };
  EXPECT_EQ(distrust(0, 60), 0.f) << "a fixed camera";
  EXPECT_EQ(distrust(5, 60), 1.f);
  EXPECT_EQ(distrust(5, 5), 0.f);
}

TEST(Stabiliser, SlowDriftOfThePictureAddsUp) {
  // 2 of 255 a frame is less than the noise allowance; against the average it becomes motion.
  Stabiliser stabiliser;
  image::Floats mask = Mask(0.f);
  float drifting = 0, still = 0;
  for (bool drift : {true, false}) {
    stabiliser.Reset();
    for (int frame = 0; frame < 40; ++frame) {
      mask = Mask(frame / 40.f);
      Steady(stabiliser, Picture(60 + (drift ? 2 * frame : 0)), &mask);
    }
    (drift ? drifting : still) = mask.data()[0];
  }
  EXPECT_GT(drifting, still + 0.02f);
}

TEST(Stabiliser, ResetSizeChangeAndOffPassMasksThrough) {
  Stabiliser stabiliser;
  image::Floats mask = Mask(1.f);
  Steady(stabiliser, Picture(100), &mask);
  stabiliser.Reset();
  mask = Mask(0.25f);
  Steady(stabiliser, Picture(100), &mask);
  EXPECT_EQ(mask.data()[0], 0.25f);
  image::Floats small(2, 2);
  std::fill(small.data(), small.data() + 4, 0.75f);
  Steady(stabiliser, image::Bytes(2, 2, 4), &small);
  EXPECT_EQ(small.data()[3], 0.75f);
  StabiliserOptions options;
  options.enabled = false;
  Stabiliser off(options);
  for (float value : {1.f, 0.f, 1.f}) {
    mask = Mask(value);
    Steady(off, Picture(100), &mask);
    EXPECT_EQ(mask.data()[0], value);
  }
}

}  // namespace
}  // namespace scrim::matte
