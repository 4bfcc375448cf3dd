#include "image/pixel_ops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/pixel_ops.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

// Plain loops: Highway compiles them once for each target, clang vectorises them. Where input and output may be the
// same row, no iteration touches what another one wrote; clang would find the overlap at run time and fall back to
// scalar code.
#define SCRIM_VECTORISE_IN_PLACE _Pragma("clang loop vectorize(assume_safety)")

HWY_BEFORE_NAMESPACE();
namespace scrim::image::HWY_NAMESPACE {

void AccumulateRow(const uint8_t* HWY_RESTRICT in, int weight, uint16_t* HWY_RESTRICT sum, size_t n) {
  const uint16_t w = static_cast<uint16_t>(weight);
  for (size_t i = 0; i < n; ++i) sum[i] = static_cast<uint16_t>(sum[i] + in[i] * w);
}

void LerpRow(const uint8_t* a, const uint8_t* b, int weight_b, uint8_t* out, size_t n) {
  const uint16_t wb = static_cast<uint16_t>(weight_b), wa = static_cast<uint16_t>(256 - weight_b);
  SCRIM_VECTORISE_IN_PLACE
  for (size_t i = 0; i < n; ++i) {
    const uint16_t sum =
        static_cast<uint16_t>(static_cast<uint16_t>(a[i] * wa) + static_cast<uint16_t>(b[i] * wb) + 128);
    out[i] = static_cast<uint8_t>(sum >> 8);
  }
}

void BlendRow(const uint8_t* fg, const uint8_t* bg, const uint8_t* alpha, uint8_t* out, size_t n) {
  SCRIM_VECTORISE_IN_PLACE
  for (size_t i = 0; i < n; ++i) {
    const uint16_t a = alpha[i], inverse = 255 - alpha[i];
    // x / 255 rounded is (x + 128 + ((x + 128) >> 8)) >> 8 for all x of 16 bits that a product of bytes can be.
    const uint16_t x =
        static_cast<uint16_t>(static_cast<uint16_t>(fg[i] * a) + static_cast<uint16_t>(bg[i] * inverse) + 128);
    out[i] = static_cast<uint8_t>(static_cast<uint16_t>(x + (x >> 8)) >> 8);
  }
}

// Whole words: strided bytes vectorise badly in WebAssembly.
void ExpandAlphaRgba(const uint8_t* HWY_RESTRICT alpha, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t a = alpha[i], word = a | a << 8 | a << 16;
    __builtin_memcpy(out + 4 * i, &word, 4);
  }
}

void ExpandAlphaRgb(const uint8_t* HWY_RESTRICT alpha, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = alpha[i];
}

void ExpandAlphaYuy2(const uint8_t* HWY_RESTRICT alpha, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n / 2; ++i) {
    const uint8_t a0 = alpha[2 * i], a1 = alpha[2 * i + 1];
    const uint8_t mean = static_cast<uint8_t>((a0 + a1 + 1) >> 1);
    out[4 * i] = a0, out[4 * i + 1] = mean, out[4 * i + 2] = a1, out[4 * i + 3] = mean;
  }
  if (n % 2 != 0) {
    for (int k = 0; k < 4; ++k) out[2 * (n - 1) + k] = alpha[n - 1];
  }
}

void ExpandAlphaPair(const uint8_t* HWY_RESTRICT alpha, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const uint8_t a = alpha[i];
    out[2 * i] = a, out[2 * i + 1] = a;
  }
}

void HalveRow(const uint8_t* HWY_RESTRICT row0, const uint8_t* HWY_RESTRICT row1, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n / 2; ++i) {
    const uint16_t sum = static_cast<uint16_t>(row0[2 * i] + row0[2 * i + 1] + row1[2 * i] + row1[2 * i + 1] + 2);
    out[i] = static_cast<uint8_t>(sum >> 2);
  }
  if (n % 2 != 0) out[n / 2] = static_cast<uint8_t>((row0[n - 1] + row1[n - 1] + 1) >> 1);
}

// Four bytes as a little-endian word: shifts and masks vectorise better than strided bytes (luma: 0.66 to 0.10 ms at
// 720p).
HWY_INLINE uint32_t Word(const uint8_t* bytes) {
  uint32_t word;
  __builtin_memcpy(&word, bytes, 4);
  return word;
}

// 77 + 150 + 29 = 256.
template <int kRedShift>
void LumaRowOfWords(const uint8_t* HWY_RESTRICT in, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t p = Word(in + 4 * i);
    const uint32_t red = p >> kRedShift & 255, green = p >> 8 & 255, blue = p >> (16 - kRedShift) & 255;
    out[i] = static_cast<uint8_t>((red * 77 + green * 150 + blue * 29 + 128) >> 8);
  }
}

void LumaRowRgb(const uint8_t* HWY_RESTRICT in, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    out[i] = static_cast<uint8_t>((in[3 * i] * 77 + in[3 * i + 1] * 150 + in[3 * i + 2] * 29 + 128) >> 8);
  }
}

void LumaRow(PixelFormat format, const uint8_t* in, uint8_t* out, size_t n) {
  if (format == PixelFormat::kRgb) return LumaRowRgb(in, out, n);
  if (format == PixelFormat::kBgra) return LumaRowOfWords<16>(in, out, n);
  LumaRowOfWords<0>(in, out, n);
}

void SplitYuy2Row(const uint8_t* HWY_RESTRICT in, uint8_t* HWY_RESTRICT y, uint8_t* HWY_RESTRICT u,
                  uint8_t* HWY_RESTRICT v, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = in[2 * i];
  for (size_t i = 0; i < (n + 1) / 2; ++i) {
    const uint32_t group = Word(in + 4 * i);
    u[i] = static_cast<uint8_t>(group >> 8);
    v[i] = static_cast<uint8_t>(group >> 24);
  }
}

void JoinYuy2Row(const uint8_t* HWY_RESTRICT y, const uint8_t* HWY_RESTRICT u, const uint8_t* HWY_RESTRICT v,
                 uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n / 2; ++i) {
    out[4 * i] = y[2 * i], out[4 * i + 1] = u[i], out[4 * i + 2] = y[2 * i + 1], out[4 * i + 3] = v[i];
  }
  if (n % 2 != 0) {
    uint8_t* last = out + 2 * (n - 1);
    last[0] = last[2] = y[n - 1], last[1] = u[n / 2], last[3] = v[n / 2];
  }
}

void LumaRowYuy2(const uint8_t* HWY_RESTRICT in, uint8_t* HWY_RESTRICT out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = in[2 * i];
}

HWY_INLINE uint8_t ToByte(int fixed) {
  const int value = fixed >> 16;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

void YuvToRgbaRow(const YuvCoefficients& k, const uint8_t* HWY_RESTRICT y, const uint8_t* HWY_RESTRICT u,
                  const uint8_t* HWY_RESTRICT v, uint8_t* HWY_RESTRICT out, size_t n) {
  const YuvCoefficients c = k;
  for (size_t i = 0; i < n; ++i) {
    const int luma = c.y_scale * (y[i] - c.y_offset) + (1 << 15), du = u[i] - 128, dv = v[i] - 128;
    out[4 * i] = ToByte(luma + c.v_to_red * dv);
    out[4 * i + 1] = ToByte(luma + c.u_to_green * du + c.v_to_green * dv);
    out[4 * i + 2] = ToByte(luma + c.u_to_blue * du);
    out[4 * i + 3] = 255;
  }
}

#if HWY_TARGET == HWY_WASM
// By hand: what clang makes of the clamp below costs more than the arithmetic. Here the narrowing to bytes clamps.
// Returns how many pixels are done.
HWY_INLINE size_t LinearAlphaVectors(const float* a0, const float* a1, const float* b0, const float* b1, float weight1,
                                     const uint8_t* luma, float low, float gain, uint8_t* out, size_t n) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> df;
  const hn::Rebind<int32_t, decltype(df)> di;
  const hn::Rebind<uint8_t, decltype(df)> db;
  const auto weight = hn::Set(df, weight1), lowest = hn::Set(df, low), steepness = hn::Set(df, gain);
  const auto to_byte = hn::Set(df, 255.f), half = hn::Set(df, 0.5f);
  size_t i = 0;
  for (; i + hn::Lanes(df) <= n; i += hn::Lanes(df)) {
    const auto a_top = hn::LoadU(df, a0 + i), b_top = hn::LoadU(df, b0 + i);
    const auto a = hn::MulAdd(hn::Sub(hn::LoadU(df, a1 + i), a_top), weight, a_top);
    const auto b = hn::MulAdd(hn::Sub(hn::LoadU(df, b1 + i), b_top), weight, b_top);
    const auto seen = hn::ConvertTo(df, hn::PromoteTo(di, hn::LoadU(db, luma + i)));
    const auto q = hn::Mul(hn::Sub(hn::MulAdd(a, seen, b), lowest), steepness);
    hn::StoreU(hn::DemoteTo(db, hn::ConvertTo(di, hn::MulAdd(q, to_byte, half))), db, out + i);
  }
  return i;
}
#endif

template <bool kSmooth>
void LinearAlphaRowOf(const float* HWY_RESTRICT a0, const float* HWY_RESTRICT a1, const float* HWY_RESTRICT b0,
                      const float* HWY_RESTRICT b1, float weight1, const uint8_t* HWY_RESTRICT luma, float low,
                      float gain, uint8_t* HWY_RESTRICT out, size_t n) {
  size_t begin = 0;
#if HWY_TARGET == HWY_WASM
  if (!kSmooth) begin = LinearAlphaVectors(a0, a1, b0, b1, weight1, luma, low, gain, out, n);
#endif
  for (size_t i = begin; i < n; ++i) {
    const float a = a0[i] + (a1[i] - a0[i]) * weight1;
    const float b = b0[i] + (b1[i] - b0[i]) * weight1;
    float q = (a * static_cast<float>(static_cast<int>(luma[i])) + b - low) * gain;
    q = q < 0.f ? 0.f : q;
    q = q > 1.f ? 1.f : q;
    if (kSmooth) q = q * q * (3.f - 2.f * q);
    out[i] = static_cast<uint8_t>(static_cast<int>(q * 255.f + 0.5f));
  }
}

void LinearAlphaRow(const float* a0, const float* a1, const float* b0, const float* b1, float weight1,
                    const uint8_t* luma, const AlphaLevels& levels, uint8_t* out, size_t n) {
  const auto row = levels.smooth ? LinearAlphaRowOf<true> : LinearAlphaRowOf<false>;
  row(a0, a1, b0, b1, weight1, luma, levels.low, levels.gain, out, n);
}

template <size_t kStride>
void CorrectEdgeRowOf(const float* HWY_RESTRICT wrap, const float* HWY_RESTRICT trust, const float* HWY_RESTRICT person,
                      const float* HWY_RESTRICT room, const float* HWY_RESTRICT light, const uint8_t* in,
                      const uint8_t* alpha, uint8_t* out, size_t n) {
  SCRIM_VECTORISE_IN_PLACE
  for (size_t i = 0; i < n; ++i) {
    const float a = static_cast<float>(static_cast<int>(alpha[i * kStride])) * (1 / 255.f);
    const float seen = static_cast<float>(static_cast<int>(in[i * kStride]));
    float colour = seen + trust[i] * (1 - a) * (person[i] - seen + a * (person[i] - room[i]));
    colour += wrap[i] * (light[i] - colour);
    colour = colour < 0.f ? 0.f : colour;
    colour = colour > 255.f ? 255.f : colour;
    out[i * kStride] = static_cast<uint8_t>(static_cast<int>(colour + 0.5f));
  }
}

void CorrectEdgeRow(const EdgeRow& edge, const uint8_t* in, const uint8_t* alpha, uint8_t* out, size_t stride,
                    size_t n) {
  const auto row = stride == 1   ? CorrectEdgeRowOf<1>
                   : stride == 2 ? CorrectEdgeRowOf<2>
                   : stride == 3 ? CorrectEdgeRowOf<3>
                                 : CorrectEdgeRowOf<4>;
  row(edge.wrap, edge.trust, edge.person, edge.room, edge.light, in, alpha, out, n);
}

void CutOutRow(const uint8_t* in, const uint8_t* alpha, uint8_t* out, size_t n) {
  SCRIM_VECTORISE_IN_PLACE
  for (size_t i = 0; i < n; ++i) {
    const uint8_t a = alpha[i], keep = a == 0 ? 0 : 255;
    out[4 * i] = in[4 * i] & keep, out[4 * i + 1] = in[4 * i + 1] & keep, out[4 * i + 2] = in[4 * i + 2] & keep;
    out[4 * i + 3] = a;
  }
}

}  // namespace scrim::image::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::image {

// A public function of the same name and arguments that calls the best target.
#define SCRIM_EXPORT(NAME, PARAMETERS, ARGUMENTS) \
  HWY_EXPORT(NAME);                               \
  void NAME PARAMETERS { HWY_DYNAMIC_DISPATCH(NAME) ARGUMENTS; }

SCRIM_EXPORT(AccumulateRow, (const uint8_t* in, int weight, uint16_t* sum, size_t n), (in, weight, sum, n))
SCRIM_EXPORT(LerpRow, (const uint8_t* a, const uint8_t* b, int weight_b, uint8_t* out, size_t n),
             (a, b, weight_b, out, n))
SCRIM_EXPORT(BlendRow, (const uint8_t* fg, const uint8_t* bg, const uint8_t* alpha, uint8_t* out, size_t n),
             (fg, bg, alpha, out, n))
SCRIM_EXPORT(ExpandAlphaRgba, (const uint8_t* alpha, uint8_t* out, size_t n), (alpha, out, n))
SCRIM_EXPORT(ExpandAlphaRgb, (const uint8_t* alpha, uint8_t* out, size_t n), (alpha, out, n))
SCRIM_EXPORT(ExpandAlphaYuy2, (const uint8_t* alpha, uint8_t* out, size_t n), (alpha, out, n))
SCRIM_EXPORT(ExpandAlphaPair, (const uint8_t* alpha, uint8_t* out, size_t n), (alpha, out, n))
SCRIM_EXPORT(HalveRow, (const uint8_t* row0, const uint8_t* row1, uint8_t* out, size_t n), (row0, row1, out, n))
SCRIM_EXPORT(LumaRow, (PixelFormat format, const uint8_t* in, uint8_t* out, size_t n), (format, in, out, n))
SCRIM_EXPORT(SplitYuy2Row, (const uint8_t* in, uint8_t* y, uint8_t* u, uint8_t* v, size_t n), (in, y, u, v, n))
SCRIM_EXPORT(JoinYuy2Row, (const uint8_t* y, const uint8_t* u, const uint8_t* v, uint8_t* out, size_t n),
             (y, u, v, out, n))
SCRIM_EXPORT(LumaRowYuy2, (const uint8_t* in, uint8_t* out, size_t n), (in, out, n))
SCRIM_EXPORT(YuvToRgbaRow,
             (const YuvCoefficients& k, const uint8_t* y, const uint8_t* u, const uint8_t* v, uint8_t* out, size_t n),
             (k, y, u, v, out, n))
SCRIM_EXPORT(LinearAlphaRow,
             (const float* a0, const float* a1, const float* b0, const float* b1, float weight1, const uint8_t* luma,
              const AlphaLevels& levels, uint8_t* out, size_t n),
             (a0, a1, b0, b1, weight1, luma, levels, out, n))
SCRIM_EXPORT(CorrectEdgeRow,
             (const EdgeRow& edge, const uint8_t* in, const uint8_t* alpha, uint8_t* out, size_t stride, size_t n),
             (edge, in, alpha, out, stride, n))
SCRIM_EXPORT(CutOutRow, (const uint8_t* in, const uint8_t* alpha, uint8_t* out, size_t n), (in, alpha, out, n))

}  // namespace scrim::image
#endif  // HWY_ONCE
