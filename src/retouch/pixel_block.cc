#include "retouch/pixel_block.h"

#include <array>
#include <cstring>

#include "image/color.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "retouch/pixel_block.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#ifndef SCRIM_RETOUCH_PIXEL_BLOCK_ONCE
#define SCRIM_RETOUCH_PIXEL_BLOCK_ONCE
namespace scrim::retouch {

// Where a row's bytes of Y, U and V are: of 4:2:0 and of YUY2.
struct YuvRow {
  const uint8_t *y, *u, *v;
  size_t y_step, chroma_step;
};

struct FloatMatrix {
  float y_scale, y_offset, v_to_red, u_to_green, v_to_green, u_to_blue;
};

}  // namespace scrim::retouch
#endif

// Plain loops: Highway compiles them once for each target, clang vectorises them.
HWY_BEFORE_NAMESPACE();
namespace scrim::retouch::HWY_NAMESPACE {

// A little-endian word of four bytes; shifts and masks vectorise better than strided bytes.
HWY_INLINE uint32_t Word(const uint8_t* bytes) {
  uint32_t word;
  __builtin_memcpy(&word, bytes, 4);
  return word;
}

HWY_INLINE float FloatOf(uint32_t byte) { return static_cast<float>(static_cast<int>(byte)); }

// Rounded; sums never leave -1000..1000.
HWY_INLINE uint32_t AddTo(uint32_t byte, float change) {
  const float sum = FloatOf(byte) + change + 0.5f;
  return static_cast<uint32_t>(static_cast<int>(sum < 0.f ? 0.f : sum > 255.f ? 255.f : sum));
}

void LoadWords(const uint8_t* HWY_RESTRICT in, int red_shift, size_t n, float* HWY_RESTRICT red,
               float* HWY_RESTRICT green, float* HWY_RESTRICT blue) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t p = Word(in + 4 * i);
    red[i] = FloatOf(p >> red_shift & 255);
    green[i] = FloatOf(p >> 8 & 255);
    blue[i] = FloatOf(p >> (16 - red_shift) & 255);
  }
}

void LoadRgb(const uint8_t* HWY_RESTRICT in, size_t n, float* HWY_RESTRICT red, float* HWY_RESTRICT green,
             float* HWY_RESTRICT blue) {
  for (size_t i = 0; i < n; ++i)
    red[i] = FloatOf(in[3 * i]), green[i] = FloatOf(in[3 * i + 1]), blue[i] = FloatOf(in[3 * i + 2]);
}

template <size_t kYStep, size_t kChromaStep>
HWY_INLINE void LoadYuvOf(const FloatMatrix& m, const uint8_t* HWY_RESTRICT y, const uint8_t* HWY_RESTRICT u,
                          const uint8_t* HWY_RESTRICT v, size_t n, float* HWY_RESTRICT red, float* HWY_RESTRICT green,
                          float* HWY_RESTRICT blue) {
  const auto clamp = [](float x) { return x < 0.f ? 0.f : x > 255.f ? 255.f : x; };
  float du[kBlock] = {}, dv[kBlock] = {};
  for (size_t i = 0; i < (n + 1) / 2; ++i) {
    du[2 * i] = du[2 * i + 1] = FloatOf(u[i * kChromaStep]) - 128.f;
    dv[2 * i] = dv[2 * i + 1] = FloatOf(v[i * kChromaStep]) - 128.f;
  }
  for (size_t i = 0; i < n; ++i) {
    const float luma = m.y_scale * (FloatOf(y[i * kYStep]) - m.y_offset);
    red[i] = clamp(luma + m.v_to_red * dv[i]);
    green[i] = clamp(luma + m.u_to_green * du[i] + m.v_to_green * dv[i]);
    blue[i] = clamp(luma + m.u_to_blue * du[i]);
  }
}

void LoadYuv(const FloatMatrix& matrix, const YuvRow& row, size_t n, float* red, float* green, float* blue) {
  const auto load = row.y_step == 2 ? LoadYuvOf<2, 4> : row.chroma_step == 2 ? LoadYuvOf<1, 2> : LoadYuvOf<1, 1>;
  load(matrix, row.y, row.u, row.v, n, red, green, blue);
}

void AddWords(const PixelBlock& change, int red_shift, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t p = Word(out + 4 * i);
    const uint32_t red = AddTo(p >> red_shift & 255, change.red[i]), green = AddTo(p >> 8 & 255, change.green[i]),
                   blue = AddTo(p >> (16 - red_shift) & 255, change.blue[i]);
    const uint32_t sum = (p & 0xff000000) | red << red_shift | green << 8 | blue << (16 - red_shift);
    __builtin_memcpy(out + 4 * i, &sum, 4);
  }
}

void AddRgb(const PixelBlock& change, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i, out += 3) {
    out[0] = static_cast<uint8_t>(AddTo(out[0], change.red[i]));
    out[1] = static_cast<uint8_t>(AddTo(out[1], change.green[i]));
    out[2] = static_cast<uint8_t>(AddTo(out[2], change.blue[i]));
  }
}

// The changes of Y, or of U or V, of each pixel.
void Weigh(const PixelBlock& change, const float* weight, float* HWY_RESTRICT sum) {
  const float red = weight[0], green = weight[1], blue = weight[2];
  for (size_t i = 0; i < kBlock; ++i) sum[i] = red * change.red[i] + green * change.green[i] + blue * change.blue[i];
}

// The mean change of the two or four pixels that share a sample; of half as many in an odd frame's last column.
void WeighChroma(const PixelBlock* changes, int rows, const float* weight, size_t n, float* HWY_RESTRICT mean) {
  float sum[kBlock], other[kBlock];
  Weigh(changes[0], weight, sum);
  if (rows == 2) {
    Weigh(changes[1], weight, other);
    for (size_t i = 0; i < kBlock; ++i) sum[i] = 0.5f * (sum[i] + other[i]);
  }
  if (n % 2 != 0) sum[n] = sum[n - 1];  // n is below kBlock then
  for (size_t i = 0; i < kBlock / 2; ++i) mean[i] = 0.5f * (sum[2 * i] + sum[2 * i + 1]);
}

// Samples of one plane, of NV12's pairs, and of YUY2's groups, of which the last may have one pixel.
void AddSamples(const float* HWY_RESTRICT change, size_t n, uint8_t* HWY_RESTRICT out) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(AddTo(out[i], change[i]));
}

void AddPairs(const float* HWY_RESTRICT u, const float* HWY_RESTRICT v, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    uint16_t p;
    __builtin_memcpy(&p, out + 2 * i, 2);
    p = static_cast<uint16_t>(AddTo(p & 255, u[i]) | AddTo(uint32_t{p} >> 8, v[i]) << 8);
    __builtin_memcpy(out + 2 * i, &p, 2);
  }
}

void AddGroups(const float* HWY_RESTRICT y, const float* HWY_RESTRICT u, const float* HWY_RESTRICT v, size_t n,
               uint8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t p = Word(out + 4 * i);
    const uint32_t sum = AddTo(p & 255, y[2 * i]) | AddTo(p >> 8 & 255, u[i]) << 8 |
                         AddTo(p >> 16 & 255, y[2 * i + 1]) << 16 | AddTo(p >> 24, v[i]) << 24;
    __builtin_memcpy(out + 4 * i, &sum, 4);
  }
}

}  // namespace scrim::retouch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::retouch {

HWY_EXPORT(LoadWords);
HWY_EXPORT(LoadRgb);
HWY_EXPORT(LoadYuv);
HWY_EXPORT(AddWords);
HWY_EXPORT(AddRgb);
HWY_EXPORT(Weigh);
HWY_EXPORT(WeighChroma);
HWY_EXPORT(AddSamples);
HWY_EXPORT(AddPairs);
HWY_EXPORT(AddGroups);

using image::PixelFormat;

namespace {

constexpr float kFixed = 1.f / 65536;

}  // namespace

void LoadBlock(const image::ConstFrameView& frame, int x, int y, int n, PixelBlock* block) {
  const auto count = static_cast<size_t>(n), at = static_cast<size_t>(x);
  float *const red = block->red, *const green = block->green, *const blue = block->blue;
  for (float* channel : {red, green, blue}) std::fill(channel + n, channel + kBlock, 0.f);
  const uint8_t* row = frame.row(0, y);
  if (!IsYuv(frame.format)) {
    if (frame.format == PixelFormat::kRgb) {
      HWY_DYNAMIC_DISPATCH(LoadRgb)(row + 3 * at, count, red, green, blue);
    } else {
      const int red_shift = frame.format == PixelFormat::kBgra ? 16 : 0;
      HWY_DYNAMIC_DISPATCH(LoadWords)(row + 4 * at, red_shift, count, red, green, blue);
    }
    return;
  }
  const image::YuvCoefficients& k = CoefficientsOf(frame.matrix);
  const auto scaled = [](int fixed) { return kFixed * static_cast<float>(fixed); };
  const FloatMatrix matrix{scaled(k.y_scale),    static_cast<float>(k.y_offset), scaled(k.v_to_red),
                           scaled(k.u_to_green), scaled(k.v_to_green),           scaled(k.u_to_blue)};
  YuvRow from{};
  switch (frame.format) {
    case PixelFormat::kYuy2:
      row += 2 * at;
      from = {row, row + 1, row + 3, 2, 4};
      break;
    case PixelFormat::kNv12: {
      const uint8_t* chroma = frame.row(1, y / 2) + at;
      from = {row + at, chroma, chroma + 1, 1, 2};
      break;
    }
    default:
      from = {row + at, frame.row(1, y / 2) + at / 2, frame.row(2, y / 2) + at / 2, 1, 1};
      break;
  }
  HWY_DYNAMIC_DISPATCH(LoadYuv)(matrix, from, count, red, green, blue);
}

void AddChanges(const image::FrameView& frame, int x, int y, int n, int rows, const PixelBlock* changes) {
  const auto count = static_cast<size_t>(n), at = static_cast<size_t>(x), half = (count + 1) / 2;
  if (!IsYuv(frame.format)) {
    const int red_shift = frame.format == PixelFormat::kBgra ? 16 : 0;
    for (int k = 0; k < rows; ++k) {
      uint8_t* row = frame.row(0, y + k);
      if (frame.format == PixelFormat::kRgb) {
        HWY_DYNAMIC_DISPATCH(AddRgb)(changes[k], count, row + 3 * at);
      } else {
        HWY_DYNAMIC_DISPATCH(AddWords)(changes[k], red_shift, count, row + 4 * at);
      }
    }
    return;
  }
  const image::YuvCoefficients& k = CoefficientsOf(frame.matrix);
  std::array<float, 3> to_y{}, to_u{}, to_v{};
  for (size_t c = 0; c < 3; ++c) {
    to_y[c] = kFixed * static_cast<float>(k.y_from[c]);
    to_u[c] = kFixed * static_cast<float>(k.u_from[c]), to_v[c] = kFixed * static_cast<float>(k.v_from[c]);
  }
  float luma[kBlock], u[kBlock / 2], v[kBlock / 2];
  const auto weigh_chroma = [&](const PixelBlock* of, int of_rows) {
    HWY_DYNAMIC_DISPATCH(WeighChroma)(of, of_rows, to_u.data(), count, u);
    HWY_DYNAMIC_DISPATCH(WeighChroma)(of, of_rows, to_v.data(), count, v);
  };
  if (frame.format == PixelFormat::kYuy2) {
    for (int r = 0; r < rows; ++r) {
      HWY_DYNAMIC_DISPATCH(Weigh)(changes[r], to_y.data(), luma);
      if (n % 2 != 0) luma[n] = 0;  // outside
      weigh_chroma(changes + r, 1);
      HWY_DYNAMIC_DISPATCH(AddGroups)(luma, u, v, half, frame.row(0, y + r) + 2 * at);
    }
    return;
  }
  for (int r = 0; r < rows; ++r) {
    HWY_DYNAMIC_DISPATCH(Weigh)(changes[r], to_y.data(), luma);
    HWY_DYNAMIC_DISPATCH(AddSamples)(luma, count, frame.row(0, y + r) + at);
  }
  weigh_chroma(changes, rows);
  if (frame.format == PixelFormat::kNv12) {
    HWY_DYNAMIC_DISPATCH(AddPairs)(u, v, half, frame.row(1, y / 2) + at);
  } else {
    HWY_DYNAMIC_DISPATCH(AddSamples)(u, half, frame.row(1, y / 2) + at / 2);
    HWY_DYNAMIC_DISPATCH(AddSamples)(v, half, frame.row(2, y / 2) + at / 2);
  }
}

}  // namespace scrim::retouch
#endif  // HWY_ONCE
