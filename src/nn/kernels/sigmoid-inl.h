// 1 / (1 + exp(-x)) with the same bits on every target: every operation is rounded once, none is fused (sources that
// need these bits are compiled so that compilers fuse none either). Included once for every target.
#if defined(SCRIM_NN_KERNELS_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SCRIM_NN_KERNELS_SIGMOID_INL_H_
#undef SCRIM_NN_KERNELS_SIGMOID_INL_H_
#else
#define SCRIM_NN_KERNELS_SIGMOID_INL_H_
#endif

#include "nn/kernels/int8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// 1 / (1 + 2^t), t = -x / ln 2: the power of the nearest whole number by its exponent bits, that of the rest, half at
// most, by the Taylor polynomial of degree 5. Error below 1e-6.
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto c = [&](float value) HWY_ATTR { return hn::Set(d, value); };
  const auto t = hn::Mul(hn::Min(hn::Max(x, c(-80.f)), c(80.f)), c(-1.44269504f));
  const auto whole = ToNearest(di, t);
  const auto r = hn::Sub(t, hn::ConvertTo(d, whole)), square = hn::Mul(r, r);
  const auto low = hn::Add(hn::Mul(r, c(6.93147181e-1f)), c(1.f));
  const auto middle = hn::Add(hn::Mul(r, c(5.55041087e-2f)), c(2.40226507e-1f));
  const auto high = hn::Add(hn::Mul(r, c(1.33335581e-3f)), c(9.61812911e-3f));
  const auto power = hn::Add(hn::Mul(hn::Add(hn::Mul(high, square), middle), square), low);
  const auto scale = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(whole, hn::Set(di, 127))));
  return hn::Div(c(1.f), hn::Add(c(1.f), hn::Mul(power, scale)));
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
