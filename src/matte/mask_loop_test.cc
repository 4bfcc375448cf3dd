#include "matte/mask_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace scrim::matte {
namespace {

constexpr int kWidth = 16, kHeight = 9;

image::Bytes Picture(int value) {
  image::Bytes picture(kWidth, kHeight, 4);
  std::fill(picture.data(), picture.data() + picture.size(), static_cast<uint8_t>(value));
  return picture;
}
image::Floats Mask(float value) {
  image::Floats mask(kWidth, kHeight);
  std::fill(mask.data(), mask.data() + mask.size(), value);
  return mask;
}

// The value shown at one pixel, beside a picture.
float Shown(MaskLoop& loop, int picture) {
  loop.Observe(Picture(picture));
  std::vector<float> out(size_t{kWidth} * kHeight * 3, -1.f);
  loop.Show(kWidth, kHeight, out.data() + 1, size_t{kWidth} * 3, 3);
  EXPECT_EQ(out[0], -1.f);  // nothing between the pixels is touched
  EXPECT_EQ(out[2], -1.f);
  return out[1];
}

TEST(MaskLoop, ShowsNothingBeforeTheFirstMask) {
  MaskLoop loop({}, {});
  EXPECT_EQ(Shown(loop, 100), 0.f);
  image::Floats steady;
  loop.Update(Picture(100), Mask(1.f), &steady);
  EXPECT_EQ(Shown(loop, 100), 1.f);
  loop.Reset();
  EXPECT_EQ(Shown(loop, 100), 0.f);
  loop.Continue(Mask(0.7f));
  EXPECT_NEAR(Shown(loop, 100), 0.5f, 1e-6f);  // between the levels 0.5 and 0.9
  loop.Continue(image::Floats(3, 3));
  EXPECT_EQ(Shown(loop, 100), 0.f) << "of another size";
}

TEST(MaskLoop, ShowsPartlyTheSteadyMask) {
  graph::PreviousMaskRule rule{0.f, 1.f, 0.f};
  MaskLoopOptions options;
  options.regions.enabled = false;
  for (const float share : {0.f, 0.25f, 1.f}) {
    rule.steady_share = share;
    MaskLoop loop(options, rule);
    image::Floats steady;
    for (float mask : {1.f, 0.6f}) {
      loop.Observe(Picture(100));
      loop.Update(Picture(100), Mask(mask), &steady);
    }
    ASSERT_GT(steady.data()[0], 0.7f);  // still pixels follow slowly
    EXPECT_NEAR(Shown(loop, 100), 0.6f + share * (steady.data()[0] - 0.6f), 1e-6f);
  }
}

TEST(MaskLoop, ShowsLessWhereAMovingCamerasPictureChanged) {
  MaskLoop loop({}, {0.5f, 0.9f, 0.5f, 0.75f});
  image::Floats steady;
  loop.Observe(Picture(100));
  loop.Update(Picture(100), Mask(1.f), &steady);
  EXPECT_EQ(Shown(loop, 101), 1.f);
  EXPECT_NEAR(Shown(loop, 160), 0.25f, 1e-6f);
}

}  // namespace
}  // namespace scrim::matte
