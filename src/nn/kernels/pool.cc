#include "nn/kernels/pool.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Four sums in flight: one alone would wait for itself at every pixel.
template <class D>
HWY_INLINE hn::Vec<D> SumOfRow(const TensorView& picture, size_t y, size_t c) {
  const D d;
  const size_t width = static_cast<size_t>(picture.width), step = picture.pixel_stride;
  const float* pixel = picture.data + y * picture.row_stride + c;
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  size_t x = 0;
  for (; x + 4 <= width; x += 4, pixel += 4 * step) {
    sum0 = hn::Add(sum0, hn::LoadU(d, pixel));
    sum1 = hn::Add(sum1, hn::LoadU(d, pixel + step));
    sum2 = hn::Add(sum2, hn::LoadU(d, pixel + 2 * step));
    sum3 = hn::Add(sum3, hn::LoadU(d, pixel + 3 * step));
  }
  for (; x < width; ++x, pixel += step) sum0 = hn::Add(sum0, hn::LoadU(d, pixel));
  return hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
}

template <class D>
void AverageChannels(const GlobalAvgPoolArgs& args, size_t first, size_t last) {
  const D d;
  const auto height = static_cast<size_t>(args.in.height), width = static_cast<size_t>(args.in.width);
  const auto scale = hn::Set(d, 1.f / static_cast<float>(height * width));
  float* HWY_RESTRICT out = args.out.data;
  // A sum for each row keeps the rounding error of large pictures small. All channels of a row, while it is in the
  // first cache.
  for (size_t y = 0; y < height; ++y)
    for (size_t c = first; c < last; c += LanesOf(d)) {
      auto sum = SumOfRow<D>(args.in, y, c);
      if (args.added.data != nullptr) sum = hn::Add(sum, SumOfRow<D>(args.added, y, c));
      hn::StoreU(y == 0 ? sum : hn::Add(hn::LoadU(d, out + c), sum), d, out + c);
    }
  for (size_t c = first; c < last; c += LanesOf(d)) hn::StoreU(hn::Mul(hn::LoadU(d, out + c), scale), d, out + c);
}

void GlobalAvgPool(const GlobalAvgPoolArgs& args) {
  const auto channels = static_cast<size_t>(args.in.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) AverageChannels<FullTag>(args, 0, full);
  if (full != all) AverageChannels<NarrowTag>(args, full, all);
}

template <class D>
void MaxPoolChannels(const MaxPoolArgs& args, size_t first, size_t last) {
  const D d;
  for (int y = 0; y < args.out.height; ++y) {
    const int top = y * args.stride - args.pad_top;
    const int y0 = std::max(top, 0), y1 = std::min(top + args.kernel_h, args.in.height);
    float* out = args.out.data + static_cast<size_t>(y) * args.out.row_stride;
    for (int x = 0; x < args.out.width; ++x, out += args.out.pixel_stride) {
      const int left = x * args.stride - args.pad_left;
      const int x0 = std::max(left, 0), x1 = std::min(left + args.kernel_w, args.in.width);
      const float* window =
          args.in.data + static_cast<size_t>(y0) * args.in.row_stride + static_cast<size_t>(x0) * args.in.pixel_stride;
      for (size_t c = first; c < last; c += LanesOf(d)) {
        auto max = hn::LoadU(d, window + c);
        const float* row = window + c;
        for (int wy = y0; wy < y1; ++wy, row += args.in.row_stride) {
          const float* pixel = row;
          for (int wx = x0; wx < x1; ++wx, pixel += args.in.pixel_stride) max = hn::Max(max, hn::LoadU(d, pixel));
        }
        hn::StoreU(max, d, out + c);
      }
    }
  }
}

void MaxPool(const MaxPoolArgs& args) {
  const auto channels = static_cast<size_t>(args.out.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) MaxPoolChannels<FullTag>(args, 0, full);
  if (full != all) MaxPoolChannels<NarrowTag>(args, full, all);
}

void ChannelStats(const ChannelStatsArgs& args) {
  const FullTag d;
  const auto channels = static_cast<size_t>(args.in.channels);
  const float scale = 1.f / static_cast<float>(channels);
  for (size_t y = 0; y < static_cast<size_t>(args.in.height); ++y) {
    const float* in = args.in.data + y * args.in.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.in.width); ++x, in += args.in.pixel_stride) {
      float sum = 0.f, max = kNoLimit;
      size_t c = 0;
      if (channels >= kLanes) {
        auto sums = hn::LoadU(d, in), maxima = sums;
        for (c = kLanes; c + kLanes <= channels; c += kLanes) {
          const auto v = hn::LoadU(d, in + c);
          sums = hn::Add(sums, v);
          maxima = hn::Max(maxima, v);
        }
        sum = hn::GetLane(hn::SumOfLanes(d, sums));
        max = hn::GetLane(hn::MaxOfLanes(d, maxima));
      }
      for (; c < channels; ++c) {
        sum += in[c];
        max = std::max(max, in[c]);
      }
      if (args.mean.data != nullptr) args.mean.data[y * args.mean.row_stride + x] = sum * scale;
      if (args.max.data != nullptr) args.max.data[y * args.max.row_stride + x] = max;
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(GlobalAvgPool);
HWY_EXPORT(ChannelStats);
HWY_EXPORT(MaxPool);
MaxPoolKernel SelectMaxPool(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(MaxPool), target); }
GlobalAvgPoolKernel SelectGlobalAvgPool(Target target) {
  return SelectKernel(HWY_DISPATCH_TABLE(GlobalAvgPool), target);
}
ChannelStatsKernel SelectChannelStats(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ChannelStats), target); }

}  // namespace scrim::nn
#endif
