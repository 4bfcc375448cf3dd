#include "nn/kernels/pool_int8.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/pool_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

void ChannelStatsInt8(const ChannelStatsInt8Args& args) {
  const hn::FixedTag<uint8_t, 16> d;
  const hn::FixedTag<uint64_t, 2> d64;
  const auto channels = static_cast<size_t>(args.in.channels), width = static_cast<size_t>(args.in.width);
  constexpr size_t kRun = 64;  // pixels
  int sums[kRun] = {}, maxima[kRun] = {};
  for (size_t y = 0; y < static_cast<size_t>(args.in.height); ++y) {
    for (size_t begin = 0; begin < width; begin += kRun) {
      const size_t count = std::min(kRun, width - begin);
      const uint8_t* in = args.in.data + y * args.in.row_stride + begin * args.in.pixel_stride;
      for (size_t x = 0; x < count; ++x, in += args.in.pixel_stride) {
        auto sum = hn::Zero(d64);
        auto max = hn::Zero(d);
        size_t c = 0;
        for (; c + 16 <= channels; c += 16) {
          const auto v = hn::LoadU(d, in + c);
          sum = hn::Add(sum, hn::SumsOf8(v));
          max = hn::Max(max, v);
        }
        max = hn::Max(max, hn::ShiftRightBytes<8>(d, max));
        max = hn::Max(max, hn::ShiftRightBytes<4>(d, max));
        max = hn::Max(max, hn::ShiftRightBytes<2>(d, max));
        max = hn::Max(max, hn::ShiftRightBytes<1>(d, max));
        sums[x] = static_cast<int>(hn::GetLane(hn::SumOfLanes(d64, sum)));
        maxima[x] = hn::GetLane(max);
        for (; c < channels; ++c) {
          sums[x] += in[c];
          maxima[x] = std::max<int>(maxima[x], in[c]);
        }
      }
      auto write = [&](const ByteView& view, const int* values, const AffineFloat& to) HWY_ATTR {
        if (view.data == nullptr) return;
        uint8_t* out = view.data + y * view.row_stride + begin * view.pixel_stride;
        const SumTag ds;
        const hn::Rebind<float, SumTag> df;
        const hn::Rebind<uint8_t, SumTag> d8;
        HWY_ALIGN uint8_t bytes[kRun];
        for (size_t x = 0; x < count; x += LanesOf(ds)) {
          const auto v = hn::Mul(hn::ConvertTo(df, hn::LoadU(ds, values + x)), hn::Set(df, to.multiplier));
          hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(hn::Add(v, hn::Set(df, to.offset)))), d8, bytes + x);
        }
        for (size_t x = 0; x < count; ++x) out[x * view.pixel_stride] = bytes[x];
      };
      write(args.mean, sums, args.to_mean);
      write(args.max, maxima, args.to_max);
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ChannelStatsInt8);
ChannelStatsInt8Kernel SelectChannelStatsInt8(Target target) {
  return SelectInt8Kernel(HWY_DISPATCH_TABLE(ChannelStatsInt8), target);
}

void GlobalAvgPoolInt8(const GlobalAvgPoolInt8Args& args) {
  for (size_t c = 0; c < static_cast<size_t>(args.in.channels); ++c) {
    int sum = 0;
    for (size_t y = 0; y < static_cast<size_t>(args.in.height); ++y)
      for (size_t x = 0; x < static_cast<size_t>(args.in.width); ++x)
        sum += args.in.data[y * args.in.row_stride + x * args.in.pixel_stride + c];
    const float scaled = static_cast<float>(sum) * args.mean.multiplier;
    args.out.data[c] = static_cast<uint8_t>(std::clamp(std::nearbyint(scaled + args.mean.offset), 0.f, 255.f));
  }
}

}  // namespace scrim::nn
#endif
