#include "nn/kernels/quantise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/quantise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Undoes what two narrowings of whole blocks of 128 bits do to the order of four vectors.
template <class D8>
HWY_INLINE hn::Vec<D8> InOrder(D8 d, hn::Vec<D8> v) {
  (void)d;
#if SCRIM_INT8_X86 && HWY_TARGET != HWY_SSE4
  return hn::Vec<D8>{_mm256_permutevar8x32_epi32(v.raw, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))};
#else
  return v;
#endif
}

void QuantiseRun(const float* HWY_RESTRICT in, size_t count, float inverse_scale, float zero_point,
                 uint8_t* HWY_RESTRICT out) {
  const SumTag d;
  const hn::Rebind<float, SumTag> df;
  const hn::Repartition<int16_t, SumTag> d16;
  const hn::Repartition<uint8_t, SumTag> d8;
  constexpr size_t kL = LanesOf(d);
  // Beyond these, bytes are clipped anyway, and whole numbers of any size must not be.
  const auto most = hn::Set(df, 1e6f), scale = hn::Set(df, inverse_scale), zero = hn::Set(df, zero_point);
  auto load = [&](size_t i) HWY_ATTR {
    const auto v = hn::Add(hn::Mul(hn::LoadU(df, in + i), scale), zero);
    return ToNearest(d, hn::Min(hn::Max(v, hn::Neg(most)), most));
  };
  size_t i = 0;
  for (; i + 4 * kL <= count; i += 4 * kL) {
    const auto a = hn::ReorderDemote2To(d16, load(i), load(i + kL));
    const auto b = hn::ReorderDemote2To(d16, load(i + 2 * kL), load(i + 3 * kL));
    hn::StoreU(InOrder(d8, NarrowTwo(d16, a, b)), d8, out + i);
  }
  for (; i < count; ++i) {
    const float scaled = in[i] * inverse_scale;
    out[i] = static_cast<uint8_t>(std::clamp(std::nearbyint(scaled + zero_point), 0.f, 255.f));
  }
}

void Quantise(const QuantiseArgs& args) {
  const auto width = static_cast<size_t>(args.bytes.width), channels = static_cast<size_t>(args.bytes.channels);
  const bool flat = args.real.pixel_stride == channels && args.bytes.pixel_stride == channels;
  for (size_t y = 0; y < static_cast<size_t>(args.bytes.height); ++y) {
    const float* in = args.real.data + y * args.real.row_stride;
    uint8_t* out = args.bytes.data + y * args.bytes.row_stride;
    if (flat) {
      QuantiseRun(in, width * channels, args.inverse_scale, args.zero_point, out);
      continue;
    }
    for (size_t x = 0; x < width; ++x, in += args.real.pixel_stride, out += args.bytes.pixel_stride)
      QuantiseRun(in, channels, args.inverse_scale, args.zero_point, out);
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(Quantise);
QuantiseKernel SelectQuantise(Target target) { return SelectInt8Kernel(HWY_DISPATCH_TABLE(Quantise), target); }

void Dequantise(const DequantiseArgs& args) {
  for (size_t y = 0; y < static_cast<size_t>(args.real.height); ++y) {
    const uint8_t* in = args.bytes.data + y * args.bytes.row_stride;
    float* out = args.real.data + y * args.real.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.real.width); ++x) {
      for (size_t c = 0; c < static_cast<size_t>(args.real.channels); ++c)
        out[c] = (static_cast<float>(in[c]) - args.zero_point[c]) * args.scale[c];
      in += args.bytes.pixel_stride;
      out += args.real.pixel_stride;
    }
  }
}

void CopyInt8(const CopyInt8Args& args) {
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y)
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x)
      std::memcpy(args.out.data + y * args.out.row_stride + x * args.out.pixel_stride,
                  args.in.data + y * args.in.row_stride + x * args.in.pixel_stride,
                  static_cast<size_t>(args.out.channels));
}

}  // namespace scrim::nn
#endif
