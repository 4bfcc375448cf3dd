// Shared by the kernels; included once for every target (the guard is Highway's idiom).
#if defined(SCRIM_NN_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SCRIM_NN_KERNELS_SIMD_INL_H_
#undef SCRIM_NN_KERNELS_SIMD_INL_H_
#else
#define SCRIM_NN_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "nn/kernels/view.h"

// Highway's HWY_UNROLL needs a literal; every loop over accumulators has at most 16 rounds.
#define SCRIM_UNROLL HWY_UNROLL(16)

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FullTag = hn::ScalableTag<float>;
// Eight floats at most: what remains of channels that are a multiple of 8 but not of 16.
using NarrowTag = hn::CappedTag<float, kChannelAlign>;

template <class D>
constexpr size_t LanesOf(D) {
  return hn::MaxLanes(D());
}
inline constexpr size_t kLanes = LanesOf(FullTag());

// Channels that full vectors cover; NarrowTag covers the rest up to the next multiple of kChannelAlign.
inline size_t FullVectorChannels(size_t channels) {
  if (kLanes <= static_cast<size_t>(kChannelAlign)) return RoundUp(channels, kChannelAlign);
  return RoundUp(channels, kChannelAlign) / kLanes * kLanes;
}

// Not inlined: it runs once a row, and unrolled into every tile it made the kernels twice as large.
template <class D>
HWY_NOINLINE void StoreTail(D d, hn::Vec<D> v, size_t count, float* HWY_RESTRICT to) {
  HWY_ALIGN float lanes[LanesOf(D())];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < count; ++i) to[i] = lanes[i];
}

// Stores the first count lanes.
template <class D>
HWY_INLINE void StoreFirst(D d, hn::Vec<D> v, size_t count, float* HWY_RESTRICT to) {
  if (HWY_LIKELY(count >= LanesOf(d))) {
    hn::StoreU(v, d, to);
  } else {
    StoreTail(d, v, count, to);
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
