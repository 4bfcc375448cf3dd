#include "nn/kernels/conv_quads.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/conv_quads.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"
#include "nn/kernels/sigmoid-inl.h"
#include "nn/kernels/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {
SCRIM_BEGIN_DOT_PRODUCT

using PixelTag = hn::ScalableTag<int32_t>;
constexpr size_t kPixels = LanesOf(PixelTag());

// Vectors of pixels in a tile. The weights of three taps for all outputs, three inputs and the sums want registers.
template <int kOutputs>
constexpr int MaxVectors() {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
  return kOutputs == 1 ? 8 : kOutputs == 2 ? 6 : 4;
#elif HWY_TARGET == HWY_EMU128
  return 1;
#else
  return kOutputs == 1 ? 4 : kOutputs == 2 ? 3 : kOutputs == 3 ? 2 : 1;
#endif
}

template <bool kDotProduct, int kCount, int kOutputs, int kVectors>
HWY_INLINE void AddTaps(const uint8_t* HWY_RESTRICT tap, size_t step, const int8_t* HWY_RESTRICT weights,
                        hn::Vec<PixelTag> (&sum)[kOutputs][kVectors]) {
  const PixelTag d;
  Weight<PixelTag> w[kOutputs][kCount];
  SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) {
    SCRIM_UNROLL for (int k = 0; k < kCount; ++k) {
      w[o][k] = ToWeight(d, Broadcast4(d, weights + (k * kOutputs + o) * kQuad));
    }
  }
  SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
    Input<PixelTag> x[kCount];
    SCRIM_UNROLL for (int k = 0; k < kCount; ++k) {
      x[k] = ToInput(d, LoadBytes(d, tap + k * step + v * kPixels * kQuad));
    }
    SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) sum[o][v] = Dot<kDotProduct>(d, sum[o][v], x, w[o]);
  }
}

// Writes count pixels from x on of row y.
template <bool kDotProduct, int kOutputs, int kVectors>
void QuadsTile(const ConvQuadsArgs& args, size_t y, size_t x, size_t count) {
  const PixelTag d;
  const hn::Rebind<float, PixelTag> df;
  using V = hn::Vec<PixelTag>;
  V sum[kOutputs][kVectors];
  SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) {
    SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) sum[o][v] = hn::Set(d, args.bias[o]);
  }
  const size_t step = static_cast<size_t>(args.dilation) * kQuad;
  const int8_t* HWY_RESTRICT weights = args.weights;
  for (int i = 0; i < args.in_quads; ++i) {
    const uint8_t* HWY_RESTRICT row = args.in[i].data + y * args.in[i].row_stride + x * kQuad;
    for (int ky = 0; ky < args.kernel_h; ++ky, row += static_cast<size_t>(args.dilation) * args.in[i].row_stride) {
      const uint8_t* HWY_RESTRICT tap = row;
      int kx = 0;
      if (kAnyGroups || (!kSingleGroups && args.run == 3)) {
        for (; kx + 3 <= args.kernel_w; kx += 3, tap += 3 * step, weights += 3 * kOutputs * kQuad)
          AddTaps<kDotProduct, 3>(tap, step, weights, sum);
      }
      for (; kx < args.kernel_w; ++kx, tap += step, weights += kOutputs * kQuad)
        AddTaps<kDotProduct, 1>(tap, step, weights, sum);
    }
  }
  if (args.real[0].data != nullptr) {
    SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) {
      const auto multiplier = hn::Set(df, args.multiplier[o]);
      float* HWY_RESTRICT to = args.real[o].data + y * args.real[o].row_stride + x;
      SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
        auto real = hn::Mul(hn::ConvertTo(df, sum[o][v]), multiplier);
        if (args.sigmoid) real = Sigmoid(df, real);
        StoreFirst(df, real, v < kVectors - 1 ? kPixels : count - v * kPixels, to + v * kPixels);
      }
    }
    return;
  }
  auto* HWY_RESTRICT to = reinterpret_cast<float*>(args.out.data + y * args.out.row_stride) + x;
  SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
    V quad = hn::Zero(d);
    SCRIM_UNROLL for (int o = kOutputs - 1; o >= 0; --o) {
      const V byte = Requantise(d, sum[o][v], hn::Set(df, args.multiplier[o]));
      quad = hn::Or(hn::ShiftLeft<8>(quad), hn::Min(hn::Max(byte, hn::Zero(d)), hn::Set(d, 255)));
    }
    StoreFirst(df, hn::BitCast(df, quad), v < kVectors - 1 ? kPixels : count - v * kPixels, to + v * kPixels);
  }
}

using TileFunction = void (*)(const ConvQuadsArgs&, size_t, size_t, size_t);
template <bool kDotProduct, int kOutputs, int... kVectorsLessOne>
TileFunction SelectTile(size_t vectors, std::integer_sequence<int, kVectorsLessOne...>) {
  static constexpr TileFunction kTable[] = {&QuadsTile<kDotProduct, kOutputs, kVectorsLessOne + 1>...};
  return kTable[vectors - 1];
}

template <bool kDotProduct, int kOutputs>
void QuadsRow(const ConvQuadsArgs& args, size_t y) {
  constexpr int kMax = MaxVectors<kOutputs>();
  using Sizes = std::make_integer_sequence<int, kMax>;
  const auto width = static_cast<size_t>(args.width);
  const TileSplit split((width + kPixels - 1) / kPixels, kMax);
  size_t x = 0;
  for (size_t t = 0; t < split.tiles; ++t) {
    const size_t tile = split.SizeOf(t), pixels = std::min(tile * kPixels, width - x);
    SelectTile<kDotProduct, kOutputs>(tile, Sizes())(args, y, x, pixels);
    x += pixels;
  }
}

template <bool kDotProduct>
void Convolve(const ConvQuadsArgs& args) {
  for (size_t y = 0; y < static_cast<size_t>(args.height); ++y) {
    if (args.outputs == 1) QuadsRow<kDotProduct, 1>(args, y);
    if (args.outputs == 2) QuadsRow<kDotProduct, 2>(args, y);
    if (args.outputs == 3) QuadsRow<kDotProduct, 3>(args, y);
    if (args.outputs == 4) QuadsRow<kDotProduct, 4>(args, y);
  }
}

void ConvQuads(const ConvQuadsArgs& args) { Convolve<false>(args); }
#if SCRIM_INT8_NEON
void ConvQuadsDot(const ConvQuadsArgs& args) { Convolve<true>(args); }
#endif

SCRIM_END_DOT_PRODUCT
}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ConvQuads);
#if SCRIM_INT8_NEON
HWY_EXPORT(ConvQuadsDot);
#endif
ConvQuadsKernel SelectConvQuads(Target target) {
#if SCRIM_INT8_NEON
  if (HasDotProduct()) return SelectInt8Kernel(HWY_DISPATCH_TABLE(ConvQuadsDot), target);
#endif
  return SelectInt8Kernel(HWY_DISPATCH_TABLE(ConvQuads), target);
}

std::vector<int8_t> PackQuads(const int8_t* weights, int outputs, int quads, int kernel_h, int kernel_w) {
  const size_t taps = static_cast<size_t>(kernel_h) * static_cast<size_t>(kernel_w);
  const size_t channels = static_cast<size_t>(quads) * kQuad;
  std::vector<int8_t> packed;
  for (size_t q = 0; q < channels; q += kQuad)
    for (size_t t = 0; t < taps; ++t)
      for (size_t o = 0; o < static_cast<size_t>(outputs); ++o)
        for (size_t c = q; c < q + kQuad; ++c) packed.push_back(weights[(o * channels + c) * taps + t]);
  return packed;
}

int RunOfTaps(const int8_t* packed, int outputs, int quads, int kernel_h, int kernel_w) {
  const auto step = static_cast<size_t>(outputs) * kQuad, columns = static_cast<size_t>(kernel_w);
  const size_t rows = static_cast<size_t>(quads) * static_cast<size_t>(kernel_h);
  if (columns < 3) return 1;
  for (size_t row = 0; row < rows; ++row)
    for (size_t x = 0; x + 3 <= columns; x += 3)
      for (size_t i = 0; i < step; i += 2) {
        int positive = 0, negative = 0;
        for (size_t t = 0; t < 3; ++t)
          for (size_t j : {i, i + 1}) {
            const int w = packed[(row * columns + x + t) * step + j];
            (w > 0 ? positive : negative) += w;
          }
        if (255 * positive > 32767 || 255 * negative < -32768) return 1;
      }
  return 3;
}

}  // namespace scrim::nn
#endif
