#include "nn/kernels/gate_int8.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/gate_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

void GateInt8(const GateInt8Args& args) {
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const uint8_t* in = args.in.data + y * args.in.row_stride;
    const uint8_t* gate = args.gate.data + y * args.gate.row_stride;
    uint8_t* out = args.out.data + y * args.out.row_stride;
    ForChannels(args.out.channels, [&](auto d, size_t first, size_t last) HWY_ATTR {
      for (size_t c = first; c < last; c += LanesOf(d)) {
        const auto zero = hn::LoadU(d, args.zero_point + c);
        for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x) {
          const auto weight = hn::Set(d, args.table[gate[x * kQuad]]);
          const auto v = hn::Sub(LoadWide(d, in + x * args.in.pixel_stride + c), zero);
          StoreNarrow(d, hn::Add(hn::MulFixedPoint15(v, weight), zero), out + x * args.out.pixel_stride + c);
        }
      }
    });
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(GateInt8);
GateInt8Kernel SelectGateInt8(Target target) { return SelectInt8Kernel(HWY_DISPATCH_TABLE(GateInt8), target); }

}  // namespace scrim::nn
#endif
