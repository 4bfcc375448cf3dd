// What Ending says, on vectors; included once for every target.
#if defined(SCRIM_NN_KERNELS_ENDING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SCRIM_NN_KERNELS_ENDING_INL_H_
#undef SCRIM_NN_KERNELS_ENDING_INL_H_
#else
#define SCRIM_NN_KERNELS_ENDING_INL_H_
#endif

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> HardSwish(D d, hn::Vec<D> v) {
  const auto factor = hn::MulAdd(v, hn::Set(d, 1 / 6.f), hn::Set(d, 0.5f));
  return hn::Mul(v, hn::Min(hn::Max(factor, hn::Zero(d)), hn::Set(d, 1.f)));
}

template <class D>
HWY_INLINE hn::Vec<D> PRelu(D d, hn::Vec<D> v, hn::Vec<D> slope) {
  const auto zero = hn::Zero(d);
  return hn::MulAdd(hn::Min(v, zero), slope, hn::Max(v, zero));
}

// The channels from `channel` on.
template <class D>
HWY_INLINE hn::Vec<D> End(D d, hn::Vec<D> v, Ending ending, const float* slopes, size_t channel) {
  if (ending == Ending::kHardSwish) return HardSwish(d, v);
  return ending == Ending::kPRelu ? PRelu(d, v, hn::LoadU(d, slopes + channel)) : v;
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
