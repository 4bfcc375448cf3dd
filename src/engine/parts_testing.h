// For tests of hair and skin: a network that knows them by colour, and a portrait in those colours.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/fake_program.h"
#include "engine/segmenter.h"
#include "image/convert.h"

namespace scrim::engine {

inline const std::vector<std::string> kParts{"person", "hair", "skin"};

// Input channels are -1 to 1. The room is green.
inline float IsPerson(const float* c) { return c[1] > c[0] + 0.3f ? 0.f : 1.f; }
inline float IsHair(const float* c) { return IsPerson(c) > 0 && c[0] < -0.2f ? 1.f : 0.f; }
inline float IsSkin(const float* c) { return IsPerson(c) > 0 && c[0] > 0.4f ? 1.f : 0.f; }

inline std::unique_ptr<FakeProgram> PartsProgram(int width, int height, FakeProgram::Mask hair = IsHair) {
  return std::make_unique<FakeProgram>(width, height, 4, IsPerson,
                                       std::vector<FakeProgram::Mask>{std::move(hair), IsSkin});
}

inline std::unique_ptr<Segmenter> PartsSegmenter(FakeProgram::Mask hair = IsHair) {
  InputSpec input;
  input.previous_mask = true;
  auto segmenter = Segmenter::Create(PartsProgram(64, 36, std::move(hair)), input, {}, kParts);
  EXPECT_TRUE(segmenter.ok());
  return std::move(segmenter).value();
}

// Where the parts of Portrait are, away from their rims; in shares of the frame.
struct Spot {
  double x, y;
};
inline constexpr Spot kRoomSpot{0.1, 0.5}, kHairSpot{0.5, 0.22}, kSkinSpot{0.5, 0.5};

// Hair above skin in the middle of a green room; both uneven.
inline image::Frame Portrait(image::PixelFormat format, int width = 320, int height = 180) {
  image::Frame rgba(image::PixelFormat::kRgba, width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* p = rgba.view().row(0, y) + 4 * x;
      const double u = double(x) / width, v = double(y) / height;
      const auto more = static_cast<uint8_t>((x / 3 + y / 5) % 4 * 3);
      p[0] = 30, p[1] = 180, p[2] = 60, p[3] = 255;
      if (u > 0.3 && u < 0.7 && v > 0.1) p[0] = p[1] = p[2] = static_cast<uint8_t>(40 + more);
      if (u > 0.35 && u < 0.65 && v > 0.35)
        p[0] = static_cast<uint8_t>(205 + more), p[1] = static_cast<uint8_t>(150 + more),
        p[2] = static_cast<uint8_t>(130 + more);
    }
  }
  image::Frame frame(format, width, height);
  EXPECT_TRUE(image::ConvertFromRgba(std::as_const(rgba).view(), frame.view()).ok());
  return frame;
}

inline std::vector<int> ColourAt(const image::Frame& frame, Spot spot) {
  image::Frame rgba(image::PixelFormat::kRgba, frame.width(), frame.height());
  EXPECT_TRUE(image::ConvertToRgba(frame.view(), rgba.view()).ok());
  const uint8_t* p =
      rgba.view().row(0, static_cast<int>(spot.y * frame.height())) + 4 * static_cast<int>(spot.x * frame.width());
  return {p[0], p[1], p[2], p[3]};
}

}  // namespace scrim::engine
