#include "nn/kernels/conv_gemm.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/conv_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/ending-inl.h"
#include "nn/kernels/simd-inl.h"
#include "nn/kernels/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Pixels in a tile by vectors in a tile. Two FMA ports of four cycles latency want at least eight sums in flight; the
// sums, one row of weights and one broadcast input must fit the registers: 16 of AVX2 and SSE4, 32 of AVX-512 and NEON.
template <int kVectors>
constexpr int MaxPixels() {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
  return kVectors == 1 ? 12 : kVectors == 2 ? 10 : kVectors == 3 ? 8 : 6;
#elif HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_SSE4
  return kVectors == 1 ? 8 : kVectors == 2 ? 4 : 2;  // no fused multiply-add: products need a register
#elif HWY_TARGET == HWY_EMU128
  return kVectors == 1 ? 4 : 2;  // spills anyway; larger tiles are half of the library's code
#else
  return kVectors == 1 ? 12 : kVectors == 2 ? 6 : 4;
#endif
}

// One block of output channels for a run of pixels: what the tile reads beside its pixels.
struct Block {
  const float* weights;
  const float* bias;
  size_t channel;
};

template <class D, int kPixels, int kVectors>
HWY_INLINE void Tile(D d, const ConvGemmArgs& args, const Block& block, const float* HWY_RESTRICT in,
                     const float* residual, float* HWY_RESTRICT out) {
  using V = hn::Vec<D>;
  constexpr size_t kL = LanesOf(D());
  const size_t in_stride = args.in_pixel_stride, out_stride = args.out.pixel_stride;
  const float* HWY_RESTRICT weights = block.weights;
  V sum[kPixels][kVectors];
  SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
    const V bias = hn::LoadU(d, block.bias + v * kL);
    SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) sum[p][v] = bias;
  }
  for (size_t s = 0; s < args.segment_count; ++s) {
    const float* HWY_RESTRICT window = in + args.segments[s];
    for (size_t k = 0; k < args.segment_length; ++k, ++window, weights += kVectors * kL) {
      V w[kVectors];
      SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) w[v] = hn::LoadU(d, weights + v * kL);
      SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
        const V x = hn::Set(d, window[p * in_stride]);
        SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) sum[p][v] = hn::MulAdd(x, w[v], sum[p][v]);
      }
    }
  }
  if (residual != nullptr) {
    const V low = hn::Set(d, args.low);
    SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
      SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
        sum[p][v] = hn::Add(hn::Max(sum[p][v], low), hn::LoadU(d, residual + p * args.residual_pixel_stride + v * kL));
      }
    }
  }
  const V low = hn::Set(d, args.low_after);
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
    SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(hn::Max(sum[p][v], low), d, out + p * out_stride + v * kL);
    }
  }
}

// A run of `tiles` tiles, side by side.
struct Run {
  const float* in;
  const float* residual;
  float* out;
};
template <class D, int kPixels, int kVectors>
void Tiles(const ConvGemmArgs& args, const Block& block, size_t tiles, Run& run) {
  for (; tiles != 0; --tiles) {
    Tile<D, kPixels, kVectors>(D(), args, block, run.in, run.residual, run.out);
    run.in += kPixels * args.in_pixel_stride;
    run.out += kPixels * args.out.pixel_stride;
    if (run.residual != nullptr) run.residual += kPixels * args.residual_pixel_stride;
  }
}

using TilesFunction = void (*)(const ConvGemmArgs&, const Block&, size_t, Run&);
template <class D, int kVectors, int... kPixelsLessOne>
TilesFunction SelectTiles(size_t pixels, std::integer_sequence<int, kPixelsLessOne...>) {
  static constexpr TilesFunction kTable[] = {&Tiles<D, kPixelsLessOne + 1, kVectors>...};
  return kTable[pixels - 1];
}

// Over the row just written, while it is in the cache: in every tile it would make the library 115 KB larger.
template <class D>
HWY_NOINLINE void EndRow(D d, const ConvGemmArgs& args, size_t channel, int vectors, float* row) {
  for (int x = 0; x < args.out.width; ++x, row += args.out.pixel_stride)
    for (size_t c = 0; c < static_cast<size_t>(vectors) * LanesOf(d); c += LanesOf(d))
      hn::StoreU(End(d, hn::LoadU(d, row + c), args.ending, args.slope, channel + c), d, row + c);
}

template <class D, int kVectors>
void RunBlock(const ConvGemmArgs& args, const Block& block, int first_row, int last_row) {
  constexpr int kMax = MaxPixels<kVectors>();
  using Sizes = std::make_integer_sequence<int, kMax>;
  const TileSplit split(static_cast<size_t>(args.out.width), kMax);
  const TilesFunction run_tiles = SelectTiles<D, kVectors>(split.size, Sizes());
  const TilesFunction run_larger = split.larger == 0 ? nullptr : SelectTiles<D, kVectors>(split.size + 1, Sizes());
  for (int y = first_row; y < last_row; ++y) {
    const auto row = static_cast<size_t>(y);
    Run run{args.in + row * args.in_row_stride,
            args.residual == nullptr ? nullptr : args.residual + row * args.residual_row_stride + block.channel,
            args.out.data + row * args.out.row_stride + block.channel};
    float* out = run.out;
    if (split.larger != 0) run_larger(args, block, split.larger, run);
    run_tiles(args, block, split.tiles - split.larger, run);
    if (args.ending != Ending::kNone) EndRow(D(), args, block.channel, kVectors, out);
  }
}

// Only the widths that Split makes.
void RunBlockOf(const ColumnBlock& columns, const ConvGemmArgs& args, const Block& block, int first_row, int last_row) {
  const int vectors = columns.vectors;
  if constexpr (kLanes != LanesOf(NarrowTag())) {
    if (static_cast<size_t>(columns.lanes) != kLanes) {
      if (vectors == 1) return RunBlock<NarrowTag, 1>(args, block, first_row, last_row);
      return RunBlock<NarrowTag, 3>(args, block, first_row, last_row);
    }
  }
  if (vectors == 1) return RunBlock<FullTag, 1>(args, block, first_row, last_row);
  if (vectors == 2) return RunBlock<FullTag, 2>(args, block, first_row, last_row);
  if (vectors == 3) return RunBlock<FullTag, 3>(args, block, first_row, last_row);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
  RunBlock<FullTag, 4>(args, block, first_row, last_row);
#endif
}

void RunRows(const ConvGemmArgs& args, int first_row, int last_row) {
  const size_t depth = args.segment_count * args.segment_length;
  Block block{args.weights, args.bias, 0};
  for (size_t b = 0; b < args.block_count; ++b) {
    const ColumnBlock& columns = args.blocks[b];
    const auto width = static_cast<size_t>(columns.width());
    RunBlockOf(columns, args, block, first_row, last_row);
    block.weights += depth * width;
    block.bias += width;
    block.channel += width;
  }
}

void ConvGemm(const ConvGemmArgs& args) {
  size_t channels = 0;
  for (size_t b = 0; b < args.block_count; ++b) channels += static_cast<size_t>(args.blocks[b].width());
  // Deep layers, whose weights do not fit the first cache beside the pixels, read each block of them once for the whole
  // picture; the others finish a row while it is in the cache.
  constexpr size_t kSmallWeights = 4096;
  if (channels * args.segment_count * args.segment_length > kSmallWeights) return RunRows(args, 0, args.out.height);
  for (int y = 0; y < args.out.height; ++y) RunRows(args, y, y + 1);
}

// Blocks of three vectors, with one or two of two vectors where three do not divide; AVX-512 and NEON have the
// registers for four. Wide vectors that do not divide the channels leave one block to narrow ones.
std::vector<ColumnBlock> Split(int channels) {
  std::vector<ColumnBlock> blocks;
  constexpr int kFull = static_cast<int>(kLanes);
  int rest = static_cast<int>(RoundUp(static_cast<size_t>(channels), kChannelAlign));
  if (rest % kFull != 0) {
    const int vectors = rest >= 3 * kChannelAlign ? 3 : 1;
    blocks.push_back({kChannelAlign, vectors});
    rest -= vectors * kChannelAlign;
  }
  for (int vectors = rest / kFull; vectors > 0;) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
    const int take = vectors % 4 == 0 ? 4 : vectors % 3 == 0 ? 3 : std::min(vectors, vectors > 4 ? 3 : 2);
#else
    const int take = vectors % 3 == 0 || vectors > 4 ? 3 : std::min(vectors, 2);
#endif
    blocks.push_back({kFull, take});
    vectors -= take;
  }
  return blocks;
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ConvGemm);
HWY_EXPORT(Split);

ConvGemmKernel SelectConvGemm(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ConvGemm), target); }

std::vector<ColumnBlock> SplitColumns(int channels, Target target) {
  return SelectKernel(HWY_DISPATCH_TABLE(Split), target)(channels);
}

AlignedFloats PackColumns(const float* weights, int channels, int depth, const std::vector<ColumnBlock>& blocks) {
  size_t width = 0;
  for (const ColumnBlock& block : blocks) width += static_cast<size_t>(block.width());
  AlignedFloats packed(width * static_cast<size_t>(depth));
  float* to = packed.data();
  int first = 0;
  for (const ColumnBlock& block : blocks) {
    for (int k = 0; k < depth; ++k)
      for (int c = first; c < first + block.width(); ++c)
        *to++ =
            c < channels ? weights[static_cast<size_t>(c) * static_cast<size_t>(depth) + static_cast<size_t>(k)] : 0.f;
    first += block.width();
  }
  return packed;
}

}  // namespace scrim::nn
#endif
