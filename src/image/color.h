// Between RGB and YUV, in 16-bit fixed point: the same bits on every machine.
#pragma once

#include <array>
#include <cstdint>

#include "image/frame.h"

namespace scrim::image {

// out = clamp((m · (in + offset_in) + rounding) >> 16) + offset_out, row by row of m.
struct YuvCoefficients {
  int y_scale, v_to_red, u_to_green, v_to_green, u_to_blue;  // YUV to RGB
  int y_from[3], u_from[3], v_from[3];                       // RGB to YUV
  int y_offset;                                              // 16 or 0
};
const YuvCoefficients& CoefficientsOf(YuvMatrix matrix);

inline uint8_t ClampByte(int value) { return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }

inline std::array<uint8_t, 3> RgbToYuv(YuvMatrix matrix, int red, int green, int blue) {
  const YuvCoefficients& k = CoefficientsOf(matrix);
  const auto dot = [&](const int* m) { return (m[0] * red + m[1] * green + m[2] * blue + (1 << 15)) >> 16; };
  return {ClampByte(dot(k.y_from) + k.y_offset), ClampByte(dot(k.u_from) + 128), ClampByte(dot(k.v_from) + 128)};
}

inline std::array<uint8_t, 3> YuvToRgb(const YuvCoefficients& k, int y, int u, int v) {
  const int luma = k.y_scale * (y - k.y_offset) + (1 << 15);
  u -= 128, v -= 128;
  return {ClampByte((luma + k.v_to_red * v) >> 16), ClampByte((luma + k.u_to_green * u + k.v_to_green * v) >> 16),
          ClampByte((luma + k.u_to_blue * u) >> 16)};
}

}  // namespace scrim::image
