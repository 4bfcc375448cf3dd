#include "nn/kernels/conv_dot.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/conv_dot.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/sigmoid-inl.h"
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

HWY_INLINE float Dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t count) {
  const FullTag d;
  auto sum = hn::Zero(d);
  size_t c = 0;
  for (; c + kLanes <= count; c += kLanes) sum = hn::MulAdd(hn::LoadU(d, a + c), hn::LoadU(d, b + c), sum);
  float rest = 0.f;
  for (; c < count; ++c) rest += a[c] * b[c];
  return hn::GetLane(hn::SumOfLanes(d, sum)) + rest;
}

// Dot products of a vector's worth of pixels are gathered, so that what follows runs on vectors.
void ConvDot(const ConvDotArgs& args) {
  const FullTag d;
  const auto channels = static_cast<size_t>(args.in.channels), width = static_cast<size_t>(args.in.width);
  const auto low = hn::Set(d, args.low), low_after = hn::Set(d, args.low_after);
  HWY_ALIGN float sums[kLanes] = {};
  for (size_t y = 0; y < static_cast<size_t>(args.in.height); ++y) {
    for (size_t x = 0; x < width; x += kLanes) {
      const size_t count = HWY_MIN(kLanes, width - x);
      const float* pixels = args.in.data + y * args.in.row_stride + x * args.in.pixel_stride;
      for (int o = 0; o < args.out_planes; ++o) {
        const float* weights = args.weights + static_cast<size_t>(o) * channels;
        for (size_t i = 0; i < count; ++i) sums[i] = Dot(pixels + i * args.in.pixel_stride, weights, channels);
        auto value = hn::Add(hn::Load(d, sums), hn::Set(d, args.bias[o]));
        if (args.residual != nullptr) {
          const Plane& residual = args.residual[o];
          value = hn::Add(hn::Max(value, low), hn::LoadU(d, residual.data + y * residual.row_stride + x));
        }
        value = hn::Max(value, low_after);
        if (args.sigmoid) value = Sigmoid(d, value);
        StoreFirst(d, value, count, args.out[o].data + y * args.out[o].row_stride + x);
      }
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ConvDot);
ConvDotKernel SelectConvDot(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ConvDot), target); }

}  // namespace scrim::nn
#endif
