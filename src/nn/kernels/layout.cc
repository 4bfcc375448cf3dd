#include "nn/kernels/layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/layout.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Pixels from x on that full vectors cover, for pixels of exactly 3 or 4 channels: the network's input.
size_t SplitRow3(const float* HWY_RESTRICT in, size_t width, float* HWY_RESTRICT a, float* HWY_RESTRICT b,
                 float* HWY_RESTRICT c) {
  const FullTag d;
  size_t x = 0;
  for (; x + kLanes <= width; x += kLanes) {
    hn::Vec<FullTag> v0, v1, v2;
    hn::LoadInterleaved3(d, in + 3 * x, v0, v1, v2);
    hn::StoreU(v0, d, a + x);
    hn::StoreU(v1, d, b + x);
    hn::StoreU(v2, d, c + x);
  }
  return x;
}
size_t SplitRow4(const float* HWY_RESTRICT in, size_t width, float* HWY_RESTRICT a, float* HWY_RESTRICT b,
                 float* HWY_RESTRICT c, float* HWY_RESTRICT e) {
  const FullTag d;
  size_t x = 0;
  for (; x + kLanes <= width; x += kLanes) {
    hn::Vec<FullTag> v0, v1, v2, v3;
    hn::LoadInterleaved4(d, in + 4 * x, v0, v1, v2, v3);
    hn::StoreU(v0, d, a + x);
    hn::StoreU(v1, d, b + x);
    hn::StoreU(v2, d, c + x);
    hn::StoreU(v3, d, e + x);
  }
  return x;
}

void ToPlanar(const LayoutArgs& args) {
  const TensorView& picture = args.picture;
  const auto width = static_cast<size_t>(picture.width), pixel = picture.pixel_stride;
  for (size_t y = 0; y < static_cast<size_t>(picture.height); ++y) {
    const float* in = picture.data + y * picture.row_stride;
    auto row = [&](int c) { return args.planes[c].data + y * args.planes[c].row_stride; };
    size_t done = 0;
    if (picture.channels == 3 && pixel == 3) done = SplitRow3(in, width, row(0), row(1), row(2));
    if (picture.channels == 4 && pixel == 4) done = SplitRow4(in, width, row(0), row(1), row(2), row(3));
    for (int c = 0; c < picture.channels; ++c) {
      float* HWY_RESTRICT out = row(c);
      for (size_t x = done; x < width; ++x) out[x] = in[x * pixel + static_cast<size_t>(c)];
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ToPlanar);
LayoutKernel SelectToPlanar(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ToPlanar), target); }

void ToChannelsLast(const LayoutArgs& args) {
  const TensorView& picture = args.picture;
  for (size_t y = 0; y < static_cast<size_t>(picture.height); ++y)
    for (size_t x = 0; x < static_cast<size_t>(picture.width); ++x)
      for (int c = 0; c < picture.channels; ++c)
        picture.data[y * picture.row_stride + x * picture.pixel_stride + static_cast<size_t>(c)] =
            args.planes[c].data[y * args.planes[c].row_stride + x];
}

}  // namespace scrim::nn
#endif
