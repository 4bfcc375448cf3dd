// Loops over rows of pixels, compiled for every SIMD target and chosen at run time. `n` counts what the comment says;
// rows need no alignment and no padding. Input and output may be the same row, never overlap otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/color.h"

namespace scrim::image {

// sum[i] += in[i] * weight. n bytes; weights of one sum add up to at most 256.
void AccumulateRow(const uint8_t* in, int weight, uint16_t* sum, size_t n);

// out = (a·(256 - weight_b) + b·weight_b + 128) >> 8. n bytes.
void LerpRow(const uint8_t* a, const uint8_t* b, int weight_b, uint8_t* out, size_t n);

// out = (fg·alpha + bg·(255 - alpha)) / 255, rounded to nearest: exactly bg at 0 and fg at 255. n bytes, an alpha for
// each.
void BlendRow(const uint8_t* fg, const uint8_t* bg, const uint8_t* alpha, uint8_t* out, size_t n);

// One alpha a pixel to one a byte, for BlendRow. n pixels.
void ExpandAlphaRgba(const uint8_t* alpha, uint8_t* out, size_t n);  // a a a 0: the background's own alpha stays
void ExpandAlphaRgb(const uint8_t* alpha, uint8_t* out, size_t n);   // a a a
void ExpandAlphaYuy2(const uint8_t* alpha, uint8_t* out, size_t n);  // a0 m a1 m, m their mean; odd n: a0 a0 a0 a0 last
void ExpandAlphaPair(const uint8_t* alpha, uint8_t* out, size_t n);  // a a

// Means of 2x2 pixels, rounded; n pixels in, (n+1)/2 out, the last column repeated for odd n.
void HalveRow(const uint8_t* row0, const uint8_t* row1, uint8_t* out, size_t n);

// Rec. 601 luma, full range. n pixels.
void LumaRow(PixelFormat format, const uint8_t* in, uint8_t* out, size_t n);  // kRgba, kBgra, kRgb
void LumaRowYuy2(const uint8_t* in, uint8_t* out, size_t n);                  // picks every second byte

// A row of YUY2 from and to Y of n bytes, U and V of (n+1)/2; n pixels. The second Y of an odd row's last group
// repeats.
void SplitYuy2Row(const uint8_t* in, uint8_t* y, uint8_t* u, uint8_t* v, size_t n);
void JoinYuy2Row(const uint8_t* y, const uint8_t* u, const uint8_t* v, uint8_t* out, size_t n);

// Full-resolution Y, U, V to RGBA with alpha 255. n pixels.
void YuvToRgbaRow(const YuvCoefficients& k, const uint8_t* y, const uint8_t* u, const uint8_t* v, uint8_t* out,
                  size_t n);

// q = a·luma + b with a and b interpolated between two rows, then levels ((q - low)·gain), clamp, to 0..255, smoothstep
// where asked for. n pixels.
struct AlphaLevels {
  float low = 0.f, gain = 1.f;
  bool smooth = false;
};
void LinearAlphaRow(const float* a0, const float* a1, const float* b0, const float* b1, float weight1,
                    const uint8_t* luma, const AlphaLevels& levels, uint8_t* out, size_t n);

// colour = I + trust·(1 - α)·(F - I + α·(F - B)), then colour += wrap·(light - colour), to 0..255: see
// compose::EdgeColours. Each array holds n values; stride: bytes from one sample of in, alpha and out to the next, 1 to
// 4. Where alpha is 0 the result does not matter.
struct EdgeRow {
  const float *wrap, *trust, *person, *room, *light;
};
void CorrectEdgeRow(const EdgeRow& edge, const uint8_t* in, const uint8_t* alpha, uint8_t* out, size_t stride,
                    size_t n);

// Straight alpha: copies colours, writes alpha, and blanks colours where alpha is 0, so that no room hides there. RGBA
// or BGRA. n pixels.
void CutOutRow(const uint8_t* in, const uint8_t* alpha, uint8_t* out, size_t n);

}  // namespace scrim::image
