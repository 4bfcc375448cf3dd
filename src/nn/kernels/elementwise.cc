#include "nn/kernels/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/ending-inl.h"
#include "nn/kernels/sigmoid-inl.h"
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> Combine(D d, const ElementwiseArgs& args, const float* a, const float* b, size_t c) {
  auto v = hn::LoadU(d, a);
  if (args.operation == Elementwise::kAdd) v = hn::Add(v, hn::LoadU(d, b));
  if (args.operation == Elementwise::kMul) v = hn::Mul(v, hn::LoadU(d, b));
  v = End(d, hn::Max(v, hn::Set(d, args.low)), args.ending, args.slope, c);
  return args.sigmoid ? Sigmoid(d, v) : v;
}

// Writes exactly out.channels floats of each pixel: values of any width may lie side by side.
void RunElementwise(const ElementwiseArgs& args) {
  const FullTag d;
  const hn::CappedTag<float, 1> one;
  const auto channels = static_cast<size_t>(args.out.channels);
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* a = args.a.data + y * args.a.row_stride;
    const float* b = args.b.data + y * args.b.row_stride;
    float* out = args.out.data + y * args.out.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x) {
      size_t c = 0;
      for (; c + kLanes <= channels; c += kLanes) hn::StoreU(Combine(d, args, a + c, b + c, c), d, out + c);
      for (; c < channels; ++c) hn::StoreU(Combine(one, args, a + c, b + c, c), one, out + c);
      a += args.a.pixel_stride;
      b += args.b.pixel_stride;
      out += args.out.pixel_stride;
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(RunElementwise);
ElementwiseKernel SelectElementwise(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(RunElementwise), target); }

}  // namespace scrim::nn
#endif
