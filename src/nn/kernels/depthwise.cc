#include "nn/kernels/depthwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Bias, residual and limits are the same for every tile.
template <class D, int kPixels>
HWY_INLINE void StoreSums(D d, const DepthwiseArgs& args, hn::Vec<D>* HWY_RESTRICT sum, size_t y, size_t x, size_t c) {
  using V = hn::Vec<D>;
  if (args.residual != nullptr) {
    const float* residual = args.residual + y * args.residual_row_stride + x * args.residual_pixel_stride + c;
    const V low = hn::Set(d, args.low);
    SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
      sum[p] = hn::Add(hn::Max(sum[p], low), hn::LoadU(d, residual + p * args.residual_pixel_stride));
    }
  }
  const V low = hn::Set(d, args.low_after);
  float* out = args.out.data + y * args.out.row_stride + x * args.out.pixel_stride + c;
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
    hn::StoreU(hn::Max(sum[p], low), d, out + p * args.out.pixel_stride);
  }
}

// Neighbouring outputs share input columns, so a row of them is loaded once: for 3×3 and four pixels 6 loads a row
// instead of 12. kSize 0 stands for any kernel, stride and dilation, without sharing.
template <class D, int kSize, int kStride, int kPixels>
HWY_INLINE void DepthwiseTile(D d, const DepthwiseArgs& args, size_t y, size_t x, size_t c) {
  using V = hn::Vec<D>;
  const size_t stride = kSize == 0 ? static_cast<size_t>(args.stride) : kStride;
  const size_t pixel = args.in_pixel_stride, channels = RoundUp(static_cast<size_t>(args.out.channels), kChannelAlign);
  const float* HWY_RESTRICT in = args.in + y * stride * args.in_row_stride + x * stride * pixel + c;
  const float* HWY_RESTRICT weights = args.weights + c;
  V sum[kPixels];
  const V bias = hn::LoadU(d, args.bias + c);
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) sum[p] = bias;
  if constexpr (kSize == 0) {
    const auto dilation = static_cast<size_t>(args.dilation);
    for (int ky = 0; ky < args.kernel_h; ++ky, in += dilation * args.in_row_stride) {
      for (int kx = 0; kx < args.kernel_w; ++kx, weights += channels) {
        const V w = hn::LoadU(d, weights);
        const float* HWY_RESTRICT tap = in + static_cast<size_t>(kx) * dilation * pixel;
        SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) {
          sum[p] = hn::MulAdd(hn::LoadU(d, tap + p * stride * pixel), w, sum[p]);
        }
      }
    }
  } else {
    constexpr int kColumns = (kPixels - 1) * kStride + kSize;
    SCRIM_UNROLL for (int ky = 0; ky < kSize; ++ky, in += args.in_row_stride) {
      V column[kColumns];
      SCRIM_UNROLL for (int i = 0; i < kColumns; ++i) column[i] = hn::LoadU(d, in + i * pixel);
      SCRIM_UNROLL for (int kx = 0; kx < kSize; ++kx, weights += channels) {
        const V w = hn::LoadU(d, weights);
        SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) sum[p] = hn::MulAdd(column[p * kStride + kx], w, sum[p]);
      }
    }
  }
  StoreSums<D, kPixels>(d, args, sum, y, x, c);
}

template <class D, int kSize, int kStride>
void DepthwiseChannels(const DepthwiseArgs& args, size_t first, size_t last) {
  constexpr size_t kPixels = 4;
  const auto height = static_cast<size_t>(args.out.height), width = static_cast<size_t>(args.out.width);
  const D d;
  for (size_t y = 0; y < height; ++y) {
    size_t x = 0;
    for (; x + kPixels <= width; x += kPixels)
      for (size_t c = first; c < last; c += LanesOf(d)) DepthwiseTile<D, kSize, kStride, kPixels>(d, args, y, x, c);
    for (; x < width; ++x)
      for (size_t c = first; c < last; c += LanesOf(d)) DepthwiseTile<D, kSize, kStride, 1>(d, args, y, x, c);
  }
}

template <int kSize, int kStride>
void DepthwiseOf(const DepthwiseArgs& args) {
  const auto channels = static_cast<size_t>(args.out.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) DepthwiseChannels<FullTag, kSize, kStride>(args, 0, full);
  if (full != all) DepthwiseChannels<NarrowTag, kSize, kStride>(args, full, all);
}

void Depthwise(const DepthwiseArgs& args) {
  const bool dense = args.dilation == 1 && args.kernel_h == args.kernel_w;
  if (dense && args.kernel_h == 3 && args.stride == 1) return DepthwiseOf<3, 1>(args);
  if (dense && args.kernel_h == 3 && args.stride == 2) return DepthwiseOf<3, 2>(args);
  if (dense && args.kernel_h == 5 && args.stride == 1) return DepthwiseOf<5, 1>(args);
  DepthwiseOf<0, 0>(args);
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(Depthwise);
DepthwiseKernel SelectDepthwise(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(Depthwise), target); }

}  // namespace scrim::nn
#endif
