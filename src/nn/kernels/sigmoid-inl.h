// 1 / (1 + exp(-x)); included once for every target.
#if defined(SCRIM_NN_KERNELS_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SCRIM_NN_KERNELS_SIGMOID_INL_H_
#undef SCRIM_NN_KERNELS_SIGMOID_INL_H_
#else
#define SCRIM_NN_KERNELS_SIGMOID_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> Sigmoid(D d, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto one = hn::Set(d, 1.f);
  // Beyond 87 the exponential overflows; the result is 0 or 1 to the last bit long before.
  const auto limit = hn::Set(d, 87.f);
  const auto e = hn::Exp(d, hn::Min(hn::Max(hn::Neg(x), hn::Neg(limit)), limit));
  return hn::Div(one, hn::Add(one, e));
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
