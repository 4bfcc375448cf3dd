// Hair, skin and the room as it is, through libscrim.so. parts.scrim takes bright pixels for a person, the blue ones of
// them for hair and the red ones for skin.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <scrim/scrim.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int kWidth = 128, kHeight = 72;

// A dark room, blue hair in the middle, red skin below it.
std::vector<uint8_t> Portrait() {
  std::vector<uint8_t> pixels(size_t{4} * kWidth * kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      uint8_t* p = pixels.data() + 4 * (y * kWidth + x);
      p[0] = 20, p[1] = 30, p[2] = 10, p[3] = 255;
      if (x < 32 || x >= 96 || y < 8) continue;
      const auto more = static_cast<uint8_t>((x / 2 + y) % 3 * 4);
      if (y < 40) p[0] = p[1] = static_cast<uint8_t>(115 + more), p[2] = 240;
      if (y >= 40) p[0] = 240, p[1] = p[2] = static_cast<uint8_t>(135 + more);
    }
  }
  return pixels;
}

const uint8_t* At(const std::vector<uint8_t>& pixels, int x, int y) { return pixels.data() + 4 * (y * kWidth + x); }

struct Fixture {
  scrim::Session session;
  std::vector<uint8_t> pixels = Portrait();
  scrim_frame frame = scrim::PackedFrame(SCRIM_FORMAT_RGBA, kWidth, kHeight, pixels.data());
  std::vector<uint8_t> alpha = std::vector<uint8_t>(size_t{kWidth} * kHeight, 77);

  explicit Fixture(const char* model = SCRIM_PARTS_MODEL) { EXPECT_EQ(session.Open(model), SCRIM_OK); }
  scrim_status PlaneAlpha(const std::string& plane) {
    return session.GetPlaneAlpha(plane, kWidth, kHeight, alpha.data(), kWidth);
  }
};

TEST(Parts, PlanesHaveNames) {
  Fixture f, bright(SCRIM_BRIGHT_MODEL);
  EXPECT_STREQ(f.session.PlaneName(0), "person");
  EXPECT_STREQ(f.session.PlaneName(1), "hair");
  EXPECT_STREQ(f.session.PlaneName(2), "skin");
  EXPECT_EQ(f.session.PlaneName(3), nullptr);
  EXPECT_EQ(f.session.PlaneName(-1), nullptr);
  EXPECT_STREQ(bright.session.PlaneName(0), "person");
  EXPECT_EQ(bright.session.PlaneName(1), nullptr);
}

TEST(Parts, PlanesHaveAlphasWhereWanted) {
  Fixture f;
  EXPECT_EQ(f.PlaneAlpha("person"), SCRIM_INVALID_ARGUMENT);  // no frame yet
  ASSERT_EQ(f.session.WantPlane("hair", true), SCRIM_OK);
  ASSERT_EQ(f.session.Segment(f.frame, f.alpha.data(), kWidth), SCRIM_OK);
  const std::vector<uint8_t> person = f.alpha;
  EXPECT_EQ(person[20 * kWidth + 64], 255);
  EXPECT_EQ(person[56 * kWidth + 64], 255);
  EXPECT_EQ(person[20 * kWidth + 8], 0);
  ASSERT_EQ(f.PlaneAlpha("person"), SCRIM_OK);
  EXPECT_EQ(f.alpha, person);
  ASSERT_EQ(f.PlaneAlpha("hair"), SCRIM_OK);
  EXPECT_EQ(f.alpha[20 * kWidth + 64], 255);
  EXPECT_EQ(f.alpha[56 * kWidth + 64], 0);
  EXPECT_EQ(f.alpha[20 * kWidth + 8], 0);
  EXPECT_EQ(f.PlaneAlpha("skin"), SCRIM_INVALID_ARGUMENT);
  EXPECT_NE(std::string(scrim_last_error()).find("not wanted"), std::string::npos);
  EXPECT_EQ(f.PlaneAlpha("beard"), SCRIM_UNSUPPORTED);
  EXPECT_EQ(f.session.WantPlane("beard", true), SCRIM_UNSUPPORTED);
  EXPECT_STREQ(scrim_last_error(),
               "the model parts knows no beard, only person, hair, skin; take a model that was trained for beard");
  EXPECT_EQ(f.session.GetPlaneAlpha("hair", kWidth, kHeight + 1, f.alpha.data(), kWidth), SCRIM_INVALID_ARGUMENT);
  EXPECT_EQ(f.session.GetPlaneAlpha("hair", kWidth, kHeight, f.alpha.data(), kWidth - 1), SCRIM_INVALID_ARGUMENT);
  EXPECT_EQ(f.session.GetPlaneAlpha("hair", kWidth, kHeight, nullptr, kWidth), SCRIM_INVALID_ARGUMENT);
  ASSERT_EQ(f.session.WantPlane("hair", false), SCRIM_OK);
  ASSERT_EQ(f.session.Segment(f.frame, f.alpha.data(), kWidth), SCRIM_OK);
  EXPECT_EQ(f.PlaneAlpha("hair"), SCRIM_INVALID_ARGUMENT);
}

TEST(Parts, HairTakesAColorAndTheRoomStays) {
  Fixture f;
  ASSERT_EQ(f.session.SetBackgroundRoom(), SCRIM_OK);
  ASSERT_EQ(f.session.SetHairColor(200, 60, 20, 1), SCRIM_OK);
  ASSERT_EQ(f.session.Process(f.frame), SCRIM_OK);
  const std::vector<uint8_t> before = Portrait();
  EXPECT_GT(At(f.pixels, 64, 20)[0], At(f.pixels, 64, 20)[2] + 60);
  EXPECT_EQ(std::memcmp(At(f.pixels, 64, 60), At(before, 64, 60), 4), 0);
  EXPECT_EQ(std::memcmp(At(f.pixels, 8, 20), At(before, 8, 20), 4), 0);
  // And off again.
  ASSERT_EQ(f.session.SetHairColor(200, 60, 20, 0), SCRIM_OK);
  f.pixels = before;
  f.frame.planes[0] = f.pixels.data();
  ASSERT_EQ(f.session.Process(f.frame), SCRIM_OK);
  EXPECT_EQ(f.pixels, before);
}

TEST(Parts, SkinIsSmoothed) {
  Fixture f;
  ASSERT_EQ(f.session.SetBackgroundRoom(), SCRIM_OK);
  ASSERT_EQ(f.session.SetSkinSmoothing(1), SCRIM_OK);
  ASSERT_EQ(f.session.Process(f.frame), SCRIM_OK);
  const std::vector<uint8_t> before = Portrait();
  int changed = 0;
  for (int y = 46; y < 70; ++y)
    for (int x = 40; x < 88; ++x) changed += std::memcmp(At(f.pixels, x, y), At(before, x, y), 3) != 0;
  EXPECT_GT(changed, 500);
  EXPECT_EQ(std::memcmp(At(f.pixels, 64, 20), At(before, 64, 20), 4), 0);
}

TEST(Parts, ValuesAreChecked) {
  Fixture f;
  for (const float bad : {-0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_EQ(f.session.SetHairColor(1, 2, 3, bad), SCRIM_INVALID_ARGUMENT);
    EXPECT_EQ(f.session.SetSkinSmoothing(bad), SCRIM_INVALID_ARGUMENT);
  }
}

TEST(Parts, AModelThatKnowsPersonsAloneSaysSo) {
  Fixture f(SCRIM_BRIGHT_MODEL);
  EXPECT_EQ(f.session.SetHairColor(1, 2, 3, 0.5f), SCRIM_UNSUPPORTED);
  EXPECT_STREQ(scrim_last_error(),
               "the model bright knows no hair, only person; take a model that was trained for hair");
  EXPECT_EQ(f.session.SetSkinSmoothing(0.5f), SCRIM_UNSUPPORTED);
  EXPECT_EQ(f.session.SetHairColor(1, 2, 3, 0), SCRIM_OK);
  EXPECT_EQ(f.session.SetSkinSmoothing(0), SCRIM_OK);
  EXPECT_EQ(f.session.Process(f.frame), SCRIM_OK);
}

// The room as it is must not be seen when something goes wrong.
TEST(Parts, WithoutAMaskTheRoomIsGrey) {
  Fixture f;
  ASSERT_EQ(f.session.SetBackgroundRoom(), SCRIM_OK);
  scrim_frame bad = f.frame;
  bad.strides[0] = 1;
  std::vector<uint8_t> out = Portrait();
  EXPECT_EQ(f.session.Process(bad, scrim::PackedFrame(SCRIM_FORMAT_RGBA, kWidth, kHeight, out.data())),
            SCRIM_INVALID_ARGUMENT);
  for (const auto& [x, y] : {std::pair{8, 20}, {64, 20}, {64, 60}})
    EXPECT_TRUE(At(out, x, y)[0] == 96 && At(out, x, y)[1] == 96 && At(out, x, y)[2] == 96);
  out = Portrait();
  EXPECT_EQ(f.session.DrawBackground(scrim::PackedFrame(SCRIM_FORMAT_RGBA, kWidth, kHeight, out.data())), SCRIM_OK);
  EXPECT_EQ(At(out, 64, 20)[1], 96);
}

}  // namespace
