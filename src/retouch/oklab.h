// Oklab: lightness and colour as eyes tell them apart, from linear light (Björn Ottosson 2020, "A perceptual color
// space for image processing").
#pragma once

#include <array>

#include "image/frame.h"

namespace scrim::retouch {

// lightness: 0 black to 1 white. a: green to red, b: blue to yellow; both 0 for grey.
struct Oklab {
  float lightness = 0, a = 0, b = 0;
};

using LinearRgb = std::array<float, 3>;  // light, 0 to 1

// Red, green and blue of sRGB, 0 to 255, as light, and back.
float LinearOf(float srgb);
float SrgbOf(float linear);
LinearRgb LinearOf(image::Color color);

Oklab OklabOf(const LinearRgb& rgb);
LinearRgb LinearOf(const Oklab& color);  // beyond 0 and 1 where sRGB has no such colour

// Oklab's lightness on a scale whose dark end is less steep, close to that of CIELAB, and back (Ottosson 2021, "Two new
// color spaces for color picking", the toe of Okhsl). The darkest steps of 8 bits lie far apart in Oklab.
inline constexpr float kToe1 = 0.206f, kToe2 = 0.03f, kToe3 = (1 + kToe1) / (1 + kToe2);
float Toe(float lightness);
float FromToe(float toe);

}  // namespace scrim::retouch
