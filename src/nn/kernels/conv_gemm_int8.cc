#include "nn/kernels/conv_gemm_int8.h"

#include <algorithm>
#include <cstring>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/conv_gemm_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"
#include "nn/kernels/tiles.h"

#ifndef SCRIM_NN_KERNELS_CONV_GEMM_INT8_ONCE
#define SCRIM_NN_KERNELS_CONV_GEMM_INT8_ONCE
namespace scrim::nn {
// Of kChannelAlign channels, in a block. More would leave WebAssembly's tiles a single pixel.
inline constexpr int kMaxUnits = HWY_ARCH_WASM ? 2 : 3;
}  // namespace scrim::nn
#endif

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {
SCRIM_BEGIN_DOT_PRODUCT

constexpr size_t kSumLanes = LanesOf(SumTag());
constexpr int kUnitVectors = static_cast<int>(kChannelAlign / kSumLanes);

// Pixels in a tile: see conv_gemm.cc. Besides the sums, two groups of inputs and weights and their products need
// registers.
template <int kUnits>
constexpr int MaxPixels() {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return kUnits == 1 ? 12 : kUnits == 2 ? 8 : 6;
#elif HWY_TARGET == HWY_AVX2 || SCRIM_INT8_NEON
  return kUnits == 1 ? 8 : kUnits == 2 ? 4 : 3;
#else
  return kUnits == 1 ? 4 : 2;
#endif
}

struct Block {
  const int8_t* weights;
  size_t channel;
};

template <bool kDotProduct, int kCount, int kVectors, int kPixels>
HWY_INLINE void AddGroups(const uint8_t* HWY_RESTRICT window, size_t stride, const int8_t* HWY_RESTRICT weights,
                          hn::Vec<SumTag> (&sum)[kPixels][kVectors]) {
  const SumTag d;
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
    Input<SumTag> x[kCount];
    SCRIM_UNROLL for (int k = 0; k < kCount; ++k) x[k] = ToInput(d, Broadcast4(d, window + p * stride + k * kQuad));
    SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
      Weight<SumTag> w[kCount];
      SCRIM_UNROLL for (int k = 0; k < kCount; ++k) {
        w[k] = ToWeight(d, LoadBytes(d, weights + (k * kVectors + v) * kSumLanes * kQuad));
      }
      sum[p][v] = Dot<kDotProduct>(d, sum[p][v], x, w);
    }
  }
}

#if SCRIM_INT8_NEON
template <int kLane, int kVectors, int kPixels>
HWY_INLINE void AddLane(const hn::Vec<SumTag> (&x)[kPixels], const int8_t* HWY_RESTRICT weights,
                        hn::Vec<SumTag> (&sum)[kPixels][kVectors]) {
  SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
    const auto w = LoadBytes(SumTag(), weights + (kLane * kVectors + v) * kSumLanes * kQuad);
    SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
      sum[p][v].raw = DotProductLane<kLane>(sum[p][v].raw, x[p].raw, w.raw);
    }
  }
}
// Four groups: a vector of inputs for each pixel, and products with each of its lanes.
template <int kVectors, int kPixels>
HWY_INLINE void AddFourGroups(const uint8_t* HWY_RESTRICT window, size_t stride, const int8_t* HWY_RESTRICT weights,
                              hn::Vec<SumTag> (&sum)[kPixels][kVectors]) {
  const SumTag d;
  hn::Vec<SumTag> x[kPixels];
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) x[p] = ToInput(d, LoadBytes(d, window + p * stride));
  AddLane<0>(x, weights, sum);
  AddLane<1>(x, weights, sum);
  AddLane<2>(x, weights, sum);
  AddLane<3>(x, weights, sum);
}
#endif

#undef SCRIM_INT8_FOUR
#if SCRIM_INT8_X86 && HWY_TARGET != HWY_SSE4
// Clips four vectors of eight sums.
HWY_INLINE __m256i NarrowFour(const hn::Vec<SumTag> (&v)[4]) {
  return _mm256_packus_epi16(_mm256_packs_epi32(v[0].raw, v[1].raw), _mm256_packs_epi32(v[2].raw, v[3].raw));
}
HWY_INLINE void StoreEight(__m128i v, uint8_t* low, uint8_t* high) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(low), v);
  _mm_storeh_pd(reinterpret_cast<double*>(high), _mm_castsi128_pd(v));
}
#define SCRIM_INT8_FOUR 1
#else
#define SCRIM_INT8_FOUR 0
#endif

// Eight sums of a pixel, clipped; the first four of them where pixels are quads.
HWY_INLINE void StoreUnit(const hn::Vec<SumTag>* v, bool quad, uint8_t* HWY_RESTRICT out) {
  const hn::Rebind<uint8_t, SumTag> d8;
  if (HWY_UNLIKELY(quad)) {
    HWY_ALIGN uint8_t bytes[kChannelAlign];
    hn::StoreU(hn::DemoteTo(d8, v[0]), d8, bytes);
    std::memcpy(out, bytes, kQuad);
    return;
  }
  SCRIM_UNROLL for (int u = 0; u < kUnitVectors; ++u) { hn::StoreU(hn::DemoteTo(d8, v[u]), d8, out + u * kSumLanes); }
}

// All sums of a tile, four units at a time where the target can.
template <int kUnits, int kPixels>
HWY_INLINE void StoreTile(const hn::Vec<SumTag> (&sum)[kPixels][kUnits * kUnitVectors], size_t pixel_stride,
                          uint8_t* HWY_RESTRICT out) {
  const auto address = [&](int i) { return out + i / kUnits * pixel_stride + i % kUnits * kChannelAlign; };
  constexpr int kCount = kPixels * kUnits;
  int i = 0;
#if SCRIM_INT8_FOUR
  SCRIM_UNROLL for (; i + 4 <= kCount; i += 4) {
    const auto at = [&](int k) HWY_ATTR { return sum[(i + k) / kUnits][(i + k) % kUnits]; };
    const hn::Vec<SumTag> four[4] = {at(0), at(1), at(2), at(3)};
    const __m256i bytes = NarrowFour(four);
    if (kUnits == 1 && pixel_stride == kQuad) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(address(i)), _mm256_castsi256_si128(bytes));
      continue;
    }
    const __m256i units = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    if (pixel_stride == kUnits * kChannelAlign) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(address(i)), units);
    } else {
      StoreEight(_mm256_castsi256_si128(units), address(i), address(i + 1));
      StoreEight(_mm256_extracti128_si256(units, 1), address(i + 2), address(i + 3));
    }
  }
#endif
  SCRIM_UNROLL for (; i < kCount; ++i) {
    StoreUnit(&sum[i / kUnits][i % kUnits * kUnitVectors], kUnits == 1 && pixel_stride == kQuad, address(i));
  }
}

struct Run {
  const uint8_t* in;
  const uint8_t* residual;
  uint8_t* out;
};

template <bool kDotProduct, int kUnits, int kPixels>
HWY_INLINE void Tile(const ConvGemmInt8Args& args, const Block& block, const Run& run) {
  constexpr int kVectors = kUnits * kUnitVectors;
  const SumTag d;
  const hn::Rebind<float, SumTag> df;
  using V = hn::Vec<SumTag>;
  V sum[kPixels][kVectors];
  SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
    const V bias = hn::LoadU(d, args.bias + block.channel + v * kSumLanes);
    SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) sum[p][v] = bias;
  }
  constexpr size_t kGroupWeights = kVectors * kSumLanes * kQuad;
  const int8_t* HWY_RESTRICT weights = block.weights;
  const size_t stride = args.in_pixel_stride, length = args.segment_length;
  for (size_t s = 0; s < args.segment_count; ++s) {
    const uint8_t* HWY_RESTRICT window = run.in + args.segments[s];
    size_t k = 0;
#if SCRIM_INT8_NEON
    if constexpr (kDotProduct) {
      for (; k + 4 * kQuad <= length; k += 4 * kQuad, weights += 4 * kGroupWeights)
        AddFourGroups(window + k, stride, weights, sum);
    }
#endif
    if (kAnyGroups || (!kSingleGroups && args.two_groups)) {
      for (; k + 2 * kQuad <= length; k += 2 * kQuad, weights += 2 * kGroupWeights)
        AddGroups<kDotProduct, 2>(window + k, stride, weights, sum);
    }
    for (; k < length; k += kQuad, weights += kGroupWeights)
      AddGroups<kDotProduct, 1>(window + k, stride, weights, sum);
  }
  SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
    const auto multiplier = hn::LoadU(df, args.multiplier + block.channel + v * kSumLanes);
    SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
      if (run.residual == nullptr) {
        sum[p][v] = Requantise(d, sum[p][v], multiplier);
      } else {
        const hn::Rebind<uint8_t, SumTag> d8;
        const auto bytes = hn::LoadU(d8, run.residual + p * args.residual_pixel_stride + v * kSumLanes);
        const auto residual = hn::ConvertTo(df, hn::PromoteTo(d, bytes));
        const auto added = hn::Add(hn::Mul(hn::ConvertTo(df, sum[p][v]), multiplier),
                                   hn::Mul(residual, hn::Set(df, args.residual_multiplier)));
        sum[p][v] = ToNearest(d, added);
      }
    }
  }
  StoreTile<kUnits, kPixels>(sum, args.out.pixel_stride, run.out);
}

template <bool kDotProduct, int kUnits, int kPixels>
void Tiles(const ConvGemmInt8Args& args, const Block& block, size_t tiles, Run& run) {
  for (; tiles != 0; --tiles) {
    Tile<kDotProduct, kUnits, kPixels>(args, block, run);
    run.in += kPixels * args.in_pixel_stride;
    run.out += kPixels * args.out.pixel_stride;
    if (run.residual != nullptr) run.residual += kPixels * args.residual_pixel_stride;
  }
}

using TilesFunction = void (*)(const ConvGemmInt8Args&, const Block&, size_t, Run&);
template <bool kDotProduct, int kUnits, int... kPixelsLessOne>
TilesFunction SelectTiles(size_t pixels, std::integer_sequence<int, kPixelsLessOne...>) {
  static constexpr TilesFunction kTable[] = {&Tiles<kDotProduct, kUnits, kPixelsLessOne + 1>...};
  return kTable[pixels - 1];
}

template <bool kDotProduct, int kUnits>
void RunBlock(const ConvGemmInt8Args& args, const Block& block, int first_row, int last_row) {
  constexpr int kMax = MaxPixels<kUnits>();
  using Sizes = std::make_integer_sequence<int, kMax>;
  const TileSplit split(static_cast<size_t>(args.out.width), kMax);
  const TilesFunction run_tiles = SelectTiles<kDotProduct, kUnits>(split.size, Sizes());
  const TilesFunction run_larger =
      split.larger == 0 ? nullptr : SelectTiles<kDotProduct, kUnits>(split.size + 1, Sizes());
  for (int y = first_row; y < last_row; ++y) {
    const auto row = static_cast<size_t>(y);
    Run run{args.in + row * args.in_row_stride,
            args.residual == nullptr ? nullptr : args.residual + row * args.residual_row_stride + block.channel,
            args.out.data + row * args.out.row_stride + block.channel};
    if (split.larger != 0) run_larger(args, block, split.larger, run);
    run_tiles(args, block, split.tiles - split.larger, run);
  }
}

template <bool kDotProduct>
void RunRows(const ConvGemmInt8Args& args, int first_row, int last_row) {
  const size_t depth = args.segment_count * args.segment_length;
  Block block{args.weights, 0};
  for (int units = static_cast<int>(RoundUp(static_cast<size_t>(args.out.channels), kChannelAlign) / kChannelAlign);
       units > 0;) {
    const int take = units == 4 ? 2 : std::min(units, kMaxUnits);
    if (take == 1) RunBlock<kDotProduct, 1>(args, block, first_row, last_row);
    if (take == 2) RunBlock<kDotProduct, 2>(args, block, first_row, last_row);
    if constexpr (kMaxUnits > 2) {
      if (take == 3) RunBlock<kDotProduct, 3>(args, block, first_row, last_row);
    }
    block.weights += depth * static_cast<size_t>(take) * kChannelAlign;
    block.channel += static_cast<size_t>(take) * kChannelAlign;
    units -= take;
  }
}

template <bool kDotProduct>
void Convolve(const ConvGemmInt8Args& args) {
  const size_t channels = RoundUp(static_cast<size_t>(args.out.channels), kChannelAlign);
  // As for floats: deep layers read each block of weights once, the others finish a row while it is in the cache.
  constexpr size_t kSmallWeights = 16384;
  if (channels * args.segment_count * args.segment_length > kSmallWeights)
    return RunRows<kDotProduct>(args, 0, args.out.height);
  for (int y = 0; y < args.out.height; ++y) RunRows<kDotProduct>(args, y, y + 1);
}

void ConvGemmInt8(const ConvGemmInt8Args& args) { Convolve<false>(args); }
#if SCRIM_INT8_NEON
void ConvGemmInt8Dot(const ConvGemmInt8Args& args) { Convolve<true>(args); }
#endif

SCRIM_END_DOT_PRODUCT
}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ConvGemmInt8);
#if SCRIM_INT8_NEON
HWY_EXPORT(ConvGemmInt8Dot);
#endif
ConvGemmInt8Kernel SelectConvGemmInt8(Target target) {
#if SCRIM_INT8_NEON
  if (HasDotProduct()) return SelectInt8Kernel(HWY_DISPATCH_TABLE(ConvGemmInt8Dot), target);
#endif
  return SelectInt8Kernel(HWY_DISPATCH_TABLE(ConvGemmInt8), target);
}

std::vector<int8_t> PackColumnsInt8(const int8_t* weights, int channels, size_t depth) {
  const auto all = static_cast<size_t>(channels);
  std::vector<int8_t> packed(RoundUp(all, kChannelAlign) * RoundUp(depth, kQuad));
  int8_t* to = packed.data();
  size_t first = 0;
  for (int units = static_cast<int>(RoundUp(all, kChannelAlign) / kChannelAlign); units > 0;) {
    const int take = units == 4 ? 2 : std::min(units, kMaxUnits);
    const size_t width = static_cast<size_t>(take) * kChannelAlign;
    for (size_t k = 0; k < depth; k += kQuad)
      for (size_t c = first; c < first + width; ++c, to += kQuad)
        if (c < all) std::memcpy(to, weights + c * depth + k, kQuad);
    first += width;
    units -= take;
  }
  return packed;
}

bool FitsTwoGroups(const int8_t* weights, int channels, size_t depth, size_t segment_length) {
  for (size_t row = 0; row < static_cast<size_t>(channels); ++row)
    for (size_t s = 0; s < depth; s += segment_length)
      for (size_t k = 0; k + 2 * kQuad <= segment_length; k += 2 * kQuad)
        for (size_t i = 0; i < kQuad; i += 2) {
          int positive = 0, negative = 0;
          for (size_t j : {i, i + 1, i + kQuad, i + kQuad + 1}) {
            const int w = weights[row * depth + s + k + j];
            (w > 0 ? positive : negative) += w;
          }
          if (255 * positive > 32767 || 255 * negative < -32768) return false;
        }
  return true;
}

}  // namespace scrim::nn
#endif
