#include "nn/kernels/depthwise_int8.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/depthwise_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Sums of one vector of channels: as many lanes of 32 bits as two vectors hold, in the order in which the interleaving
// of 128-bit blocks leaves them, which narrowing undoes.
template <class D16>
struct Wide {
  hn::Vec<hn::RepartitionToWide<D16>> low, high;
};

template <class T, class D16>
struct SplitVectors {
  hn::Vec<hn::Repartition<T, D16>> low, high;
};
// Loads one value for each channel in the order of Wide.
template <class T, class D16>
HWY_INLINE SplitVectors<T, D16> LoadSplit(D16, const T* from) {
  const hn::Repartition<T, D16> d;
  constexpr size_t kL = LanesOf(d);
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + kL);
  if constexpr (kL > 4) {
    return {hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a)};
  } else {
    return {a, b};
  }
}

// One row of outputs, one vector of channels: what the sums of a pixel become.
template <class D16>
struct RowEnd {
  SplitVectors<float, D16> multiplier;
  uint8_t* HWY_RESTRICT out;
  size_t out_stride;

  HWY_INLINE void Store(Wide<D16> sum, size_t x) const {
    const D16 d;
    const hn::RepartitionToWide<D16> dw;
    const auto low = Requantise(dw, sum.low, multiplier.low);
    const auto high = Requantise(dw, sum.high, multiplier.high);
    StoreNarrow(d, hn::ReorderDemote2To(d, low, high), out + x * out_stride);
  }
};

// Adds two sums of 16 bits.
template <class D16>
HWY_INLINE Wide<D16> AddTwo(D16 d, Wide<D16> sum, hn::Vec<D16> a, hn::Vec<D16> b) {
  const hn::RepartitionToWide<D16> dw;
  return {hn::Add(sum.low, AddPairs(dw, hn::InterleaveLower(d, a, b))),
          hn::Add(sum.high, AddPairs(dw, hn::InterleaveUpper(d, a, b)))};
}

// 3×3, taps 0 to 4 and 5 to 8 added in 16 bits.
template <class D16, int kStride>
HWY_INLINE void Row3x3(const uint8_t* HWY_RESTRICT in, size_t row, size_t pixel, const int16_t* HWY_RESTRICT weights,
                       size_t weight_stride, Wide<D16> bias, size_t width, const RowEnd<D16>& end) {
  const D16 d;
  using V = hn::Vec<D16>;
  struct Column {
    V top, middle, bottom;
  };
  auto column = [&](const uint8_t* p) HWY_ATTR {
    return Column{LoadWide(d, p), LoadWide(d, p + row), LoadWide(d, p + 2 * row)};
  };
  auto weight = [&](size_t k) HWY_ATTR { return hn::LoadU(d, weights + k * weight_stride); };
  const V w0 = weight(0), w1 = weight(1), w2 = weight(2), w3 = weight(3), w4 = weight(4), w5 = weight(5),
          w6 = weight(6), w7 = weight(7), w8 = weight(8);
  auto pixel_of = [&](const Column& a, const Column& b, const Column& c, size_t x) HWY_ATTR {
    const V first = hn::Add(
        hn::Add(hn::Add(hn::Mul(a.top, w0), hn::Mul(b.top, w1)), hn::Add(hn::Mul(c.top, w2), hn::Mul(a.middle, w3))),
        hn::Mul(b.middle, w4));
    const V second = hn::Add(hn::Add(hn::Mul(c.middle, w5), hn::Mul(a.bottom, w6)),
                             hn::Add(hn::Mul(b.bottom, w7), hn::Mul(c.bottom, w8)));
    end.Store(AddTwo(d, bias, first, second), x);
  };
  Column a = column(in);
  if constexpr (kStride == 1) {
    Column b = column(in + pixel);
    in += 2 * pixel;
    for (size_t x = 0; x < width; ++x, in += pixel) {
      const Column c = column(in);
      pixel_of(a, b, c, x);
      a = b, b = c;
    }
  } else {
    for (size_t x = 0; x < width; ++x) {
      const Column b = column(in + pixel);
      in += 2 * pixel;
      const Column c = column(in);
      pixel_of(a, b, c, x);
      a = c;
    }
  }
}

// Any kernel, a few pixels at a time so that their sums overlap and share the weights: taps in runs, each widened.
template <class D16, size_t kPixels>
HWY_INLINE void GenericTile(const DepthwiseInt8Args& args, const uint8_t* HWY_RESTRICT in,
                            const int16_t* HWY_RESTRICT weights, size_t weight_stride, Wide<D16> bias, size_t x,
                            const RowEnd<D16>& end) {
  const D16 d;
  const auto dilation = static_cast<size_t>(args.dilation);
  const size_t pixel_step = static_cast<size_t>(args.stride) * args.in_pixel_stride;
  const int run = args.runs ? kDepthwiseRun : 1;
  Wide<D16> sum[kPixels];
  hn::Vec<D16> partial[kPixels];
  SCRIM_UNROLL for (size_t p = 0; p < kPixels; ++p) sum[p] = bias, partial[p] = hn::Zero(d);
  int taken = 0;
  for (int ky = 0; ky < args.kernel_h; ++ky, in += dilation * args.in_row_stride) {
    const uint8_t* HWY_RESTRICT tap = in;
    for (int kx = 0; kx < args.kernel_w; ++kx, tap += dilation * args.in_pixel_stride, weights += weight_stride) {
      if (taken == run) {
        SCRIM_UNROLL for (size_t p = 0; p < kPixels; ++p) {
          sum[p] = AddTwo(d, sum[p], partial[p], hn::Zero(d));
          partial[p] = hn::Zero(d);
        }
        taken = 0;
      }
      const auto w = hn::LoadU(d, weights);
      SCRIM_UNROLL for (size_t p = 0; p < kPixels; ++p) {
        partial[p] = hn::Add(partial[p], hn::Mul(LoadWide(d, tap + p * pixel_step), w));
      }
      ++taken;
    }
  }
  SCRIM_UNROLL for (size_t p = 0; p < kPixels; ++p) { end.Store(AddTwo(d, sum[p], partial[p], hn::Zero(d)), x + p); }
}

template <class D16>
HWY_INLINE void GenericRow(const DepthwiseInt8Args& args, const uint8_t* HWY_RESTRICT in,
                           const int16_t* HWY_RESTRICT weights, size_t weight_stride, Wide<D16> bias, size_t width,
                           const RowEnd<D16>& end) {
  const size_t step = static_cast<size_t>(args.stride) * args.in_pixel_stride;
  size_t x = 0;
#if HWY_TARGET != HWY_WASM  // where it would cost the module's bytes
  constexpr size_t kPixels = 4;
  for (; x + kPixels <= width; x += kPixels)
    GenericTile<D16, kPixels>(args, in + x * step, weights, weight_stride, bias, x, end);
#endif
  for (; x < width; ++x) GenericTile<D16, 1>(args, in + x * step, weights, weight_stride, bias, x, end);
}

void DepthwiseInt8(const DepthwiseInt8Args& args) {
  const size_t weight_stride = RoundUp(static_cast<size_t>(args.out.channels), kChannelAlign);
  const bool dense3x3 = args.dilation == 1 && args.kernel_h == 3 && args.kernel_w == 3 && args.runs;
  const auto width = static_cast<size_t>(args.out.width), stride = static_cast<size_t>(args.stride);
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    ForChannels(args.out.channels, [&](auto d, size_t first, size_t last) HWY_ATTR {
      using D16 = decltype(d);
      for (size_t c = first; c < last; c += LanesOf(d)) {
        const uint8_t* in = args.in + y * stride * args.in_row_stride + c;
        const RowEnd<D16> end{LoadSplit(d, args.multiplier + c), args.out.data + y * args.out.row_stride + c,
                              args.out.pixel_stride};
        const auto split = LoadSplit(d, args.bias + c);
        const Wide<D16> bias{split.low, split.high};
        const int16_t* weights = args.weights + c;
        if (dense3x3 && stride == 1) {
          Row3x3<D16, 1>(in, args.in_row_stride, args.in_pixel_stride, weights, weight_stride, bias, width, end);
        } else if (dense3x3 && stride == 2) {
          Row3x3<D16, 2>(in, args.in_row_stride, args.in_pixel_stride, weights, weight_stride, bias, width, end);
        } else {
          GenericRow(args, in, weights, weight_stride, bias, width, end);
        }
      }
    });
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(DepthwiseInt8);
DepthwiseInt8Kernel SelectDepthwiseInt8(Target target) {
  return SelectInt8Kernel(HWY_DISPATCH_TABLE(DepthwiseInt8), target);
}

bool FitsDepthwiseRuns(const int8_t* weights, int channels, int taps) {
  for (int c = 0; c < channels; ++c)
    for (int first = 0; first < taps; first += kDepthwiseRun) {
      int positive = 0, negative = 0;
      for (int t = first; t < std::min(first + kDepthwiseRun, taps); ++t) {
        const int w = weights[c * taps + t];
        (w > 0 ? positive : negative) += w;
      }
      if (255 * positive > 32767 || 255 * negative < -32768) return false;
    }
  return true;
}

}  // namespace scrim::nn
#endif
