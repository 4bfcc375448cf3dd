// 1 / (1 + exp(-x)); included once for every target.
#if defined(SCRIM_NN_KERNELS_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SCRIM_NN_KERNELS_SIGMOID_INL_H_
#undef SCRIM_NN_KERNELS_SIGMOID_INL_H_
#else
#define SCRIM_NN_KERNELS_SIGMOID_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.f);
  // Beyond 87 the exponential overflows; the result is 0 or 1 to the last bit long before.
  const auto limit = hn::Set(d, 87.f);
  const auto e = hn::Exp(d, hn::Min(hn::Max(hn::Neg(x), hn::Neg(limit)), limit));
  return hn::Div(one, hn::Add(one, e));
}

// In place, width floats.
inline void SigmoidRow(float* HWY_RESTRICT row, size_t width) {
  const FullTag d;
  for (size_t x = 0; x < width; x += kLanes)
    StoreFirst(d, Sigmoid(d, hn::LoadU(d, row + x)), HWY_MIN(kLanes, width - x), row + x);
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
