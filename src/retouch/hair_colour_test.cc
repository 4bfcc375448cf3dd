#include "retouch/hair_colour.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "image/convert.h"

namespace scrim::retouch {
namespace {

using image::Frame;
using image::PixelFormat;

constexpr int kWidth = 160, kHeight = 120;
constexpr image::Box kHair{40, 10, 120, 60};

// Strands of grey around `level` in kHair, skin below it, a green room around.
Frame Portrait(float level, float contrast, unsigned seed = 1) {
  Frame frame(PixelFormat::kRgba, kWidth, kHeight);
  std::mt19937 random(seed);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      uint8_t* p = frame.view().row(0, y) + 4 * x;
      p[0] = 60, p[1] = 140, p[2] = 80, p[3] = 255;
      if (x >= kHair.left && x < kHair.right && y >= kHair.top && y < kHair.bottom) {
        const float strand = level + contrast * std::sin(static_cast<float>(x) * 0.9f);
        for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::clamp(strand, 0.f, 255.f));
      } else if (x >= 50 && x < 110 && y >= 60 && y < 110) {
        p[0] = 220, p[1] = 170, p[2] = 150;
      }
    }
  }
  return frame;
}

image::BoxedAlpha HairAlpha(const image::Box& box = kHair) {
  image::BoxedAlpha hair;
  hair.alpha.Resize(kWidth, kHeight);
  hair.box = box;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      hair.alpha.row(y)[x] = x >= box.left && x < box.right && y >= box.top && y < box.bottom ? 255 : 0;
  return hair;
}

Oklab MeanOf(const Frame& frame, const image::Box& box) {
  Oklab mean;
  for (int y = box.top; y < box.bottom; ++y) {
    for (int x = box.left; x < box.right; ++x) {
      const uint8_t* p = frame.view().row(0, y) + 4 * x;
      const Oklab lab = OklabOf(LinearOf(image::Color{p[0], p[1], p[2]}));
      mean.lightness += lab.lightness, mean.a += lab.a, mean.b += lab.b;
    }
  }
  const auto count = static_cast<float>(box.width() * box.height());
  return {mean.lightness / count, mean.a / count, mean.b / count};
}

HairColour Dye(image::Color colour, float strength) {
  HairColour dye;
  dye.set_options({colour, strength});
  return dye;
}

TEST(HairColour, TakesTheColourAndKeepsTheStrands) {
  const image::Color colour{150, 60, 20};
  const Oklab target = OklabOf(LinearOf(colour));
  for (const float level : {60.f, 128.f, 190.f}) {
    Frame frame = Portrait(level, 20);
    HairColour dye = Dye(colour, 1);
    dye.Apply(frame.view(), HairAlpha());
    const Oklab mean = MeanOf(frame, kHair);
    EXPECT_NEAR(mean.lightness, target.lightness, 0.02) << level;
    EXPECT_NEAR(mean.a, target.a, 0.02) << level;
    EXPECT_NEAR(mean.b, target.b, 0.02) << level;
    // A bright strand and a dark one beside it.
    const uint8_t* row = frame.view().row(0, 30);
    int least = 255, most = 0;
    for (int x = 60; x < 80; ++x) least = std::min<int>(least, row[4 * x]), most = std::max<int>(most, row[4 * x]);
    EXPECT_GT(most - least, 20) << level;
  }
}

TEST(HairColour, HalfTheStrengthGoesHalfWay) {
  const image::Color colour{200, 40, 90};
  const Oklab target = OklabOf(LinearOf(colour));
  Frame frame = Portrait(90, 15);
  const Oklab before = MeanOf(frame, kHair);
  HairColour dye = Dye(colour, 0.5f);
  dye.Apply(frame.view(), HairAlpha());
  const Oklab mean = MeanOf(frame, kHair);
  EXPECT_NEAR(mean.lightness, (before.lightness + target.lightness) / 2, 0.02);
  EXPECT_NEAR(mean.a, target.a / 2, 0.02);
}

TEST(HairColour, BlackHairBecomesNoLamp) {
  Frame frame = Portrait(12, 6);
  HairColour dye = Dye({255, 255, 255}, 1);
  dye.Apply(frame.view(), HairAlpha());
  const Oklab mean = MeanOf(frame, kHair);
  EXPECT_GT(mean.lightness, 0.3);
  EXPECT_LT(mean.lightness, 0.7);
}

TEST(HairColour, TouchesNothingButHair) {
  const Frame before = Portrait(80, 20);
  Frame frame = before;
  HairColour dye = Dye({30, 60, 220}, 1);
  dye.Apply(frame.view(), HairAlpha());
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool hair = x >= kHair.left && x < kHair.right && y >= kHair.top && y < kHair.bottom;
      const bool same = std::equal(before.view().row(0, y) + 4 * x, before.view().row(0, y) + 4 * x + 4,
                                   std::as_const(frame).view().row(0, y) + 4 * x);
      ASSERT_EQ(same, !hair) << x << " " << y;
    }
  }
}

// A mask that fades out over the forehead, as masks do: nothing there becomes lighter than both the forehead and the
// new hair, nor darker. That would be a rim.
TEST(HairColour, NoRimAlongTheHairline) {
  for (const image::Color colour :
       {image::Color{150, 150, 155}, image::Color{10, 10, 10}, image::Color{200, 160, 90}}) {
    for (const float level : {25.f, 150.f}) {
      Frame frame = Portrait(level, 8);
      image::BoxedAlpha hair = HairAlpha({40, 10, 120, 66});
      for (int y = 60; y < 66; ++y)
        for (int x = 40; x < 120; ++x) hair.alpha.row(y)[x] = static_cast<uint8_t>(255 - 42 * (y - 59));
      HairColour dye = Dye(colour, 1);
      dye.Apply(frame.view(), hair);
      const float dyed = MeanOf(frame, {60, 20, 100, 50}).lightness, skin = MeanOf(frame, {60, 80, 100, 100}).lightness;
      for (int y = 60; y < 66; ++y) {
        const float here = MeanOf(frame, {60, y, 100, y + 1}).lightness;
        EXPECT_LT(here, std::max(dyed, skin) + 0.03) << level << " " << y;
        EXPECT_GT(here, std::min(dyed, skin) - 0.03) << level << " " << y;
      }
    }
  }
}

TEST(HairColour, NextToNoHairIsLeftAlone) {
  const Frame before = Portrait(80, 20);
  Frame frame = before;
  HairColour dye = Dye({30, 60, 220}, 1);
  dye.Apply(frame.view(), HairAlpha({60, 20, 62, 23}));
  EXPECT_TRUE(std::equal(before.view().row(0, 0), before.view().row(0, 0) + 4 * kWidth * kHeight,
                         std::as_const(frame).view().row(0, 0)));
}

TEST(HairColour, StillFramesStayStillToTheLastBit) {
  HairColour dye = Dye({30, 60, 220}, 0.8f);
  Frame first = Portrait(120, 30);  // another light before
  dye.Apply(first.view(), HairAlpha());
  const auto drawn = [&] {
    Frame frame = Portrait(80, 20);
    dye.Apply(frame.view(), HairAlpha());
    return std::vector<uint8_t>(frame.view().row(0, 0), frame.view().row(0, 0) + 4 * kWidth * kHeight);
  };
  for (int i = 0; i < 150; ++i) drawn();
  const std::vector<uint8_t> settled = drawn();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(drawn(), settled) << i;
}

TEST(HairColour, LightThatGoesOffDoesNotPump) {
  HairColour dye = Dye({120, 70, 30}, 1);
  Frame frame = Portrait(140, 20);
  dye.Apply(frame.view(), HairAlpha());
  float last = MeanOf(frame, kHair).lightness;
  // The light falls at once; the colour falls with it and comes back slowly.
  for (int i = 0; i < 60; ++i) {
    frame = Portrait(70, 10);
    dye.Apply(frame.view(), HairAlpha());
    const float now = MeanOf(frame, kHair).lightness;
    if (i > 0) EXPECT_LT(std::abs(now - last), 0.02) << i;
    last = now;
  }
}

// Every format becomes what RGBA becomes, but for the chroma that pixels share.
TEST(HairColour, AllFormatsAlike) {
  const Frame portrait = Portrait(90, 0);
  Frame expected = portrait;
  HairColour dye = Dye({170, 60, 40}, 1);
  dye.Apply(expected.view(), HairAlpha());
  for (const PixelFormat format :
       {PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2}) {
    for (int matrix = 0; matrix < 4; ++matrix) {
      Frame frame(format, kWidth, kHeight, static_cast<image::YuvMatrix>(matrix));
      ASSERT_TRUE(image::ConvertFromRgba(portrait.view(), frame.view()).ok());
      HairColour same = Dye({170, 60, 40}, 1);
      same.Apply(frame.view(), HairAlpha());
      Frame rgba(PixelFormat::kRgba, kWidth, kHeight);
      ASSERT_TRUE(image::ConvertToRgba(std::as_const(frame).view(), rgba.view()).ok());
      for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth * 4; ++x)
          ASSERT_NEAR(rgba.view().row(0, y)[x], expected.view().row(0, y)[x], 4)
              << image::PixelFormatName(format) << " " << matrix << " " << x / 4 << " " << y;
    }
  }
}

}  // namespace
}  // namespace scrim::retouch
