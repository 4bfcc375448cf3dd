#include "nn/kernels/conv_planar.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/conv_planar.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/sigmoid-inl.h"
#include "nn/kernels/simd-inl.h"
#include "nn/kernels/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

constexpr int kMaxOutputs = kPlanarGroup;

// Vectors of pixels in a tile by output planes; the product is the number of sums in flight.
template <int kOutputs>
constexpr int MaxVectors() {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
  return kOutputs == 1 ? 8 : kOutputs == 2 ? 8 : kOutputs == 3 ? 6 : 5;
#elif HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_SSE4
  return kOutputs == 1 ? 8 : kOutputs == 2 ? 4 : 2;  // no fused multiply-add: products need a register
#elif HWY_TARGET == HWY_EMU128
  return kOutputs == 1 ? 4 : kOutputs == 2 ? 2 : 1;  // spills anyway; larger tiles are half of the library's code
#else
  return kOutputs == 1 ? 10 : kOutputs == 2 ? 6 : kOutputs == 3 ? 4 : 3;
#endif
}

// Adds one tap of one input plane to all sums. Whichever of inputs and weights are fewer stay in registers.
template <int kOutputs, int kVectors>
HWY_INLINE void MultiplyTap(const float* HWY_RESTRICT tap, const float* HWY_RESTRICT weights,
                            hn::Vec<FullTag> (&sum)[kOutputs][kVectors]) {
  const FullTag d;
  using V = hn::Vec<FullTag>;
  if constexpr (kOutputs <= kVectors) {
    V w[kOutputs];
    SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) w[o] = hn::Set(d, weights[o]);
    SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
      const V in = hn::LoadU(d, tap + v * kLanes);
      SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) sum[o][v] = hn::MulAdd(in, w[o], sum[o][v]);
    }
  } else {
    V in[kVectors];
    SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) in[v] = hn::LoadU(d, tap + v * kLanes);
    SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) {
      const V w = hn::Set(d, weights[o]);
      SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) sum[o][v] = hn::MulAdd(in[v], w, sum[o][v]);
    }
  }
}

// Writes count pixels from x on of row y of output planes first .. first + kOutputs - 1.
template <int kOutputs, int kVectors>
void PlanarTile(const ConvPlanarArgs& args, const float* HWY_RESTRICT weights, int first, size_t y, size_t x,
                size_t count) {
  const FullTag d;
  using V = hn::Vec<FullTag>;
  V sum[kOutputs][kVectors];
  SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) {
    const V bias = hn::Set(d, args.bias[first + o]);
    SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) sum[o][v] = bias;
  }
  const auto dilation = static_cast<size_t>(args.dilation);
  for (int i = 0; i < args.in_planes; ++i) {
    const size_t row_stride = args.in[i].row_stride;
    const float* HWY_RESTRICT row = args.in[i].data + y * row_stride + x;
    for (int ky = 0; ky < args.kernel_h; ++ky, row += dilation * row_stride) {
      const float* HWY_RESTRICT tap = row;
      for (int kx = 0; kx < args.kernel_w; ++kx, tap += dilation, weights += kOutputs) {
        MultiplyTap<kOutputs, kVectors>(tap, weights, sum);
      }
    }
  }
  const V low = hn::Set(d, args.low), low_after = hn::Set(d, args.low_after);
  SCRIM_UNROLL for (int o = 0; o < kOutputs; ++o) {
    if (args.residual != nullptr) {
      const Plane& plane = args.residual[first + o];
      const float* HWY_RESTRICT residual = plane.data + y * plane.row_stride + x;
      SCRIM_UNROLL for (int v = 0; v < kVectors; ++v) {
        sum[o][v] = hn::Add(hn::Max(sum[o][v], low), hn::LoadU(d, residual + v * kLanes));
      }
    }
    const Plane& out = args.out[first + o];
    float* HWY_RESTRICT to = out.data + y * out.row_stride + x;
    SCRIM_UNROLL for (int v = 0; v < kVectors - 1; ++v) hn::StoreU(hn::Max(sum[o][v], low_after), d, to + v * kLanes);
    constexpr size_t kLast = (kVectors - 1) * kLanes;
    StoreFirst(d, hn::Max(sum[o][kVectors - 1], low_after), count - kLast, to + kLast);
  }
}

using PlanarTileFunction = void (*)(const ConvPlanarArgs&, const float*, int, size_t, size_t, size_t);
template <int kOutputs, int... kVectorsLessOne>
PlanarTileFunction SelectTile(size_t vectors, std::integer_sequence<int, kVectorsLessOne...>) {
  static constexpr PlanarTileFunction kTable[] = {&PlanarTile<kOutputs, kVectorsLessOne + 1>...};
  return kTable[vectors - 1];
}

template <int kOutputs>
void PlanarRow(const ConvPlanarArgs& args, const float* weights, int first, size_t y) {
  constexpr int kMax = MaxVectors<kOutputs>();
  using Sizes = std::make_integer_sequence<int, kMax>;
  const auto width = static_cast<size_t>(args.width);
  const TileSplit split((width + kLanes - 1) / kLanes, kMax);
  size_t x = 0;
  for (size_t t = 0; t < split.tiles; ++t) {
    const size_t tile = split.SizeOf(t), pixels = std::min(tile * kLanes, width - x);
    SelectTile<kOutputs>(tile, Sizes())(args, weights, first, y, x, pixels);
    x += pixels;
  }
  if (!args.sigmoid) return;
  for (int o = first; o < first + kOutputs; ++o) SigmoidRow(args.out[o].data + y * args.out[o].row_stride, width);
}

void ConvPlanar(const ConvPlanarArgs& args) {
  const int depth = args.in_planes * args.kernel_h * args.kernel_w;
  for (size_t y = 0; y < static_cast<size_t>(args.height); ++y) {
    const float* weights = args.weights;
    for (int first = 0; first < args.out_planes; first += kMaxOutputs) {
      const int outputs = std::min(kMaxOutputs, args.out_planes - first);
      if (outputs == 1) PlanarRow<1>(args, weights, first, y);
      if (outputs == 2) PlanarRow<2>(args, weights, first, y);
      if (outputs == 3) PlanarRow<3>(args, weights, first, y);
      if (outputs == 4) PlanarRow<4>(args, weights, first, y);
      weights += outputs * depth;
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ConvPlanar);
ConvPlanarKernel SelectConvPlanar(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ConvPlanar), target); }

AlignedFloats PackPlanar(const float* weights, int out_planes, int in_planes, int kernel_h, int kernel_w) {
  const int depth = in_planes * kernel_h * kernel_w;
  AlignedFloats packed(static_cast<size_t>(out_planes) * static_cast<size_t>(depth));
  float* to = packed.data();
  for (int first = 0; first < out_planes; first += kPlanarGroup)
    for (int k = 0; k < depth; ++k)
      for (int o = first; o < std::min(first + kPlanarGroup, out_planes); ++o)
        *to++ = weights[static_cast<size_t>(o) * static_cast<size_t>(depth) + static_cast<size_t>(k)];
  return packed;
}

}  // namespace scrim::nn
#endif
