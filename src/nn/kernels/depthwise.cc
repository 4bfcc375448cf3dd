#include "nn/kernels/depthwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/ending-inl.h"
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// One row of outputs, one vector of channels: where the sums of pixel x end.
template <class D, bool kResidual>
struct RowEnd {
  float* HWY_RESTRICT out;
  const float* residual;
  size_t out_stride, residual_stride;
  hn::Vec<D> low, low_after;

  HWY_INLINE void Store(hn::Vec<D> sum, size_t x) const {
    const D d;
    if constexpr (kResidual) sum = hn::Add(hn::Max(sum, low), hn::LoadU(d, residual + x * residual_stride));
    hn::StoreU(hn::Max(sum, low_after), d, out + x * out_stride);
  }
};

template <class D>
struct Column3 {  // what a column of three inputs adds
  hn::Vec<D> top, middle, bottom;

  HWY_INLINE hn::Vec<D> Times(hn::Vec<D> w0, hn::Vec<D> w1, hn::Vec<D> w2, hn::Vec<D> sum) const {
    return hn::MulAdd(bottom, w2, hn::MulAdd(middle, w1, hn::MulAdd(top, w0, sum)));
  }
};

// 3×3 along a row, all nine weights in registers: every input is loaded once a row and added to all the outputs that
// see it, three loads for nine multiply-adds where the stride is 1.
template <class D, int kStride, bool kResidual>
HWY_INLINE void Row3x3(const float* HWY_RESTRICT in, size_t row, size_t pixel, const float* HWY_RESTRICT weights,
                       size_t weight_stride, hn::Vec<D> bias, size_t width, const RowEnd<D, kResidual>& end) {
  using V = hn::Vec<D>;
  const D d;
  auto column = [&](const float* p) HWY_ATTR {
    return Column3<D>{hn::LoadU(d, p), hn::LoadU(d, p + row), hn::LoadU(d, p + 2 * row)};
  };
  auto weight = [&](size_t k) HWY_ATTR { return hn::LoadU(d, weights + k * weight_stride); };
  const V w00 = weight(0), w01 = weight(1), w02 = weight(2), w10 = weight(3), w11 = weight(4), w12 = weight(5),
          w20 = weight(6), w21 = weight(7), w22 = weight(8);
  V here = column(in).Times(w00, w10, w20, bias);
  if constexpr (kStride == 1) {
    const Column3<D> second = column(in + pixel);
    here = second.Times(w01, w11, w21, here);
    V next = second.Times(w00, w10, w20, bias);
    in += 2 * pixel;
    for (size_t x = 0; x < width; ++x, in += pixel) {
      const Column3<D> c = column(in);
      end.Store(c.Times(w02, w12, w22, here), x);
      here = c.Times(w01, w11, w21, next);
      next = c.Times(w00, w10, w20, bias);
    }
  } else {
    for (size_t x = 0; x < width; ++x) {
      here = column(in + pixel).Times(w01, w11, w21, here);
      in += 2 * pixel;
      const Column3<D> c = column(in);
      end.Store(c.Times(w02, w12, w22, here), x);
      here = c.Times(w00, w10, w20, bias);
    }
  }
}

// Any kernel, a few pixels at a time so that their sums overlap.
template <class D, int kPixels, bool kResidual>
HWY_INLINE void GenericTile(const DepthwiseArgs& args, const float* HWY_RESTRICT in, const float* HWY_RESTRICT weights,
                            size_t weight_stride, hn::Vec<D> bias, size_t x, const RowEnd<D, kResidual>& end) {
  const D d;
  const auto dilation = static_cast<size_t>(args.dilation);
  const size_t row_step = dilation * args.in_row_stride, tap_step = dilation * args.in_pixel_stride;
  const size_t pixel_step = static_cast<size_t>(args.stride) * args.in_pixel_stride;
  hn::Vec<D> sum[kPixels];
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) sum[p] = bias;
  for (int ky = 0; ky < args.kernel_h; ++ky, in += row_step) {
    const float* HWY_RESTRICT tap = in;
    for (int kx = 0; kx < args.kernel_w; ++kx, weights += weight_stride, tap += tap_step) {
      const auto w = hn::LoadU(d, weights);
      SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) sum[p] = hn::MulAdd(hn::LoadU(d, tap + p * pixel_step), w, sum[p]);
    }
  }
  SCRIM_UNROLL for (int p = 0; p < kPixels; ++p) end.Store(sum[p], x + p);
}

template <class D, bool kResidual>
HWY_INLINE void GenericRow(const DepthwiseArgs& args, const float* HWY_RESTRICT in, const float* HWY_RESTRICT weights,
                           size_t weight_stride, hn::Vec<D> bias, size_t width, const RowEnd<D, kResidual>& end) {
  constexpr size_t kPixels = 8;
  const size_t step = static_cast<size_t>(args.stride) * args.in_pixel_stride;
  size_t x = 0;
  for (; x + kPixels <= width; x += kPixels)
    GenericTile<D, kPixels>(args, in + x * step, weights, weight_stride, bias, x, end);
  for (; x < width; ++x) GenericTile<D, 1>(args, in + x * step, weights, weight_stride, bias, x, end);
}

// Over the row just written, while it is in the cache: a template for every ending would be several times the code.
template <class D>
HWY_NOINLINE void EndRow(const DepthwiseArgs& args, float* row, size_t channel) {
  const D d;
  for (int x = 0; x < args.out.width; ++x, row += args.out.pixel_stride)
    hn::StoreU(End(d, hn::LoadU(d, row), args.ending, args.slope, channel), d, row);
}

// kStride 0: not one of the fast shapes.
template <class D, int kStride, bool kResidual>
void DepthwiseChannels(const DepthwiseArgs& args, size_t first, size_t last) {
  const D d;
  const auto width = static_cast<size_t>(args.out.width);
  const size_t weight_stride = RoundUp(static_cast<size_t>(args.out.channels), kChannelAlign);
  const size_t in_step = static_cast<size_t>(args.stride) * args.in_row_stride;
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    for (size_t c = first; c < last; c += LanesOf(d)) {
      const float* in = args.in + y * in_step + c;
      const float* residual = kResidual ? args.residual + y * args.residual_row_stride + c : nullptr;
      const RowEnd<D, kResidual> end{args.out.data + y * args.out.row_stride + c,
                                     residual,
                                     args.out.pixel_stride,
                                     args.residual_pixel_stride,
                                     hn::Set(d, args.low),
                                     hn::Set(d, args.low_after)};
      const auto bias = hn::LoadU(d, args.bias + c);
      if constexpr (kStride == 0) {
        GenericRow<D>(args, in, args.weights + c, weight_stride, bias, width, end);
      } else {
        Row3x3<D, kStride>(in, args.in_row_stride, args.in_pixel_stride, args.weights + c, weight_stride, bias, width,
                           end);
      }
      if (args.ending != Ending::kNone) EndRow<D>(args, end.out, c);
    }
  }
}

template <int kStride, bool kResidual>
void DepthwiseOf(const DepthwiseArgs& args) {
  const auto channels = static_cast<size_t>(args.out.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) DepthwiseChannels<FullTag, kStride, kResidual>(args, 0, full);
  if (full != all) DepthwiseChannels<NarrowTag, kStride, kResidual>(args, full, all);
}

template <int kStride>
void DepthwiseStride(const DepthwiseArgs& args) {
  return args.residual == nullptr ? DepthwiseOf<kStride, false>(args) : DepthwiseOf<kStride, true>(args);
}

void Depthwise(const DepthwiseArgs& args) {
  const bool dense3x3 = args.dilation == 1 && args.kernel_h == 3 && args.kernel_w == 3;
  if (dense3x3 && args.stride == 1) return DepthwiseStride<1>(args);
  if (dense3x3 && args.stride == 2) return DepthwiseStride<2>(args);
  DepthwiseStride<0>(args);
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(Depthwise);
DepthwiseKernel SelectDepthwise(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(Depthwise), target); }

}  // namespace scrim::nn
#endif
