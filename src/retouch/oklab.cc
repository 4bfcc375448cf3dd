#include "retouch/oklab.h"

#include <cmath>

namespace scrim::retouch {

float LinearOf(float srgb) {
  const float value = srgb / 255;
  return value <= 0.04045f ? value / 12.92f : std::pow((value + 0.055f) / 1.055f, 2.4f);
}

float SrgbOf(float linear) {
  return 255 * (linear <= 0.0031308f ? 12.92f * linear : 1.055f * std::pow(linear, 1 / 2.4f) - 0.055f);
}

LinearRgb LinearOf(image::Color color) {
  return {LinearOf(static_cast<float>(color.red)), LinearOf(static_cast<float>(color.green)),
          LinearOf(static_cast<float>(color.blue))};
}

Oklab OklabOf(const LinearRgb& rgb) {
  const auto [r, g, b] = rgb;
  const float l = std::cbrt(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
  const float m = std::cbrt(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
  const float s = std::cbrt(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
  return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
          1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
          0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

LinearRgb LinearOf(const Oklab& color) {
  const auto cube = [](float x) { return x * x * x; };
  const float l = cube(color.lightness + 0.3963377774f * color.a + 0.2158037573f * color.b);
  const float m = cube(color.lightness - 0.1055613458f * color.a - 0.0638541728f * color.b);
  const float s = cube(color.lightness - 0.0894841775f * color.a - 1.2914855480f * color.b);
  return {4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s,
          -1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s,
          -0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s};
}

float Toe(float lightness) {
  const float x = kToe3 * lightness - kToe1;
  return (x + std::sqrt(x * x + 4 * kToe2 * kToe3 * lightness)) / 2;
}

float FromToe(float toe) { return toe * (toe + kToe1) / (kToe3 * (toe + kToe2)); }

}  // namespace scrim::retouch
