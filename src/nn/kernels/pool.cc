#include "nn/kernels/pool.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
void AverageChannels(const GlobalAvgPoolArgs& args, size_t first, size_t last) {
  const D d;
  const auto height = static_cast<size_t>(args.in.height), width = static_cast<size_t>(args.in.width);
  const auto scale = hn::Set(d, 1.f / static_cast<float>(height * width));
  for (size_t c = first; c < last; c += LanesOf(d)) {
    auto sum = hn::Zero(d);
    for (size_t y = 0; y < height; ++y) {
      // A sum for each row keeps the rounding error of large pictures small.
      auto row = hn::Zero(d);
      const float* in = args.in.data + y * args.in.row_stride + c;
      for (size_t x = 0; x < width; ++x) row = hn::Add(row, hn::LoadU(d, in + x * args.in.pixel_stride));
      sum = hn::Add(sum, row);
    }
    hn::StoreU(hn::Mul(sum, scale), d, args.out.data + c);
  }
}

void GlobalAvgPool(const GlobalAvgPoolArgs& args) {
  const auto channels = static_cast<size_t>(args.in.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) AverageChannels<FullTag>(args, 0, full);
  if (full != all) AverageChannels<NarrowTag>(args, full, all);
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
GlobalAvgPoolKernel SelectGlobalAvgPool(Target target) {
  return SelectKernel(HWY_DISPATCH_TABLE(GlobalAvgPool), target);
}
ChannelStatsKernel SelectChannelStats(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ChannelStats), target); }

}  // namespace scrim::nn
#endif
