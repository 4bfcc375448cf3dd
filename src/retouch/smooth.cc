#include "retouch/smooth.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "retouch/smooth.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

// Plain loops: Highway compiles them once for each target, clang vectorises them.
HWY_BEFORE_NAMESPACE();
namespace scrim::retouch::HWY_NAMESPACE {

constexpr float kPores = 0.6f;   // share of the finest texture that stays
constexpr float kColour = 0.7f;  // share of uneven colour that goes

HWY_INLINE void Mix(const float* HWY_RESTRICT above, const float* HWY_RESTRICT below, float weight, size_t n,
                    float* HWY_RESTRICT out) {
  for (size_t i = 0; i < n; ++i) out[i] = above[i] + (below[i] - above[i]) * weight;
}

void Smooth(const PixelBlock& pixels, const uint8_t* HWY_RESTRICT alpha, const SkinLines& above, const SkinLines& below,
            float weight, float strength, size_t n, PixelBlock* changes) {
  alignas(64) float line[SkinLines::kCount][kBlock];
  for (size_t l = 0; l < SkinLines::kCount; ++l) Mix(above.line[l], below.line[l], weight, n, line[l]);
  const float *HWY_RESTRICT reds = pixels.red, *HWY_RESTRICT greens = pixels.green, *HWY_RESTRICT blues = pixels.blue;
  float *HWY_RESTRICT to_red = changes->red, *HWY_RESTRICT to_green = changes->green,
                      *HWY_RESTRICT to_blue = changes->blue;
  const float scale = strength * (1 / 255.f);
  for (size_t i = 0; i < n; ++i) {
    const float y = 0.299f * reds[i] + 0.587f * greens[i] + 0.114f * blues[i];
    const float share = scale * static_cast<float>(static_cast<int>(alpha[i])) * line[SkinLines::kShare][i];
    const float rest = 1 - line[SkinLines::kLuma][i];
    const float uneven = rest * y - line[SkinLines::kLumaOffset][i];
    const float pores = rest * (y - line[SkinLines::kMean][i]);
    const float luma = -share * (uneven - kPores * pores);
    const float red = -share * kColour * (reds[i] - y - line[SkinLines::kRed][i] * y - line[SkinLines::kRedOffset][i]);
    const float blue =
        -share * kColour * (blues[i] - y - line[SkinLines::kBlue][i] * y - line[SkinLines::kBlueOffset][i]);
    to_red[i] = luma + red;
    to_green[i] = luma - (0.299f / 0.587f) * red - (0.114f / 0.587f) * blue;  // Y follows luma alone
    to_blue[i] = luma + blue;
  }
  for (size_t i = n; i < kBlock; ++i) to_red[i] = to_green[i] = to_blue[i] = 0;
}

}  // namespace scrim::retouch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::retouch {

HWY_EXPORT(Smooth);

void Smooth(const PixelBlock& pixels, const uint8_t* alpha, const SkinLines& above, const SkinLines& below,
            float weight, float strength, int n, PixelBlock* changes) {
  HWY_DYNAMIC_DISPATCH(Smooth)(pixels, alpha, above, below, weight, strength, static_cast<size_t>(n), changes);
}

}  // namespace scrim::retouch
#endif  // HWY_ONCE
