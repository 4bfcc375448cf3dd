#include "nn/kernels/gate.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/gate.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
void GateChannels(const GateArgs& args, size_t first, size_t last) {
  const D d;
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* in = args.in.data + y * args.in.row_stride;
    const float* gate = args.gate.data + y * args.gate.row_stride;
    float* out = args.out.data + y * args.out.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x) {
      const auto weight = hn::Set(d, gate[x]);
      for (size_t c = first; c < last; c += LanesOf(d)) hn::StoreU(hn::Mul(hn::LoadU(d, in + c), weight), d, out + c);
      in += args.in.pixel_stride;
      out += args.out.pixel_stride;
    }
  }
}

void Gate(const GateArgs& args) {
  const auto channels = static_cast<size_t>(args.out.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) GateChannels<FullTag>(args, 0, full);
  if (full != all) GateChannels<NarrowTag>(args, full, all);
}

template <class D, bool kResidual>
void ScaleChannels(const ScaleArgs& args, size_t first, size_t last) {
  const D d;
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* in = args.in.data + y * args.in.row_stride;
    const float* residual = kResidual ? args.residual + y * args.residual_row_stride : nullptr;
    float* out = args.out.data + y * args.out.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x) {
      for (size_t c = first; c < last; c += LanesOf(d)) {
        const auto v = hn::LoadU(d, in + c), gain = hn::LoadU(d, args.gain + c);
        if constexpr (kResidual) {
          hn::StoreU(hn::MulAdd(v, gain, hn::LoadU(d, residual + c)), d, out + c);
        } else {
          hn::StoreU(hn::Mul(v, gain), d, out + c);
        }
      }
      in += args.in.pixel_stride;
      out += args.out.pixel_stride;
      if constexpr (kResidual) residual += args.residual_pixel_stride;
    }
  }
}

template <bool kResidual>
void ScaleOf(const ScaleArgs& args) {
  const auto channels = static_cast<size_t>(args.out.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (full != 0) ScaleChannels<FullTag, kResidual>(args, 0, full);
  if (full != all) ScaleChannels<NarrowTag, kResidual>(args, full, all);
}

void Scale(const ScaleArgs& args) { args.residual == nullptr ? ScaleOf<false>(args) : ScaleOf<true>(args); }

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(Gate);
HWY_EXPORT(Scale);
GateKernel SelectGate(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(Gate), target); }
ScaleKernel SelectScale(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(Scale), target); }

}  // namespace scrim::nn
#endif
