#include "nn/kernels/layout.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/layout.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/sigmoid-inl.h"
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

void SelectChannels(const SelectArgs& args) {
  const FullTag d;
  const hn::RebindToSigned<FullTag> di;
  const auto channels = static_cast<size_t>(args.out.channels);
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* HWY_RESTRICT in = args.in.data + y * args.in.row_stride;
    float* HWY_RESTRICT out = args.out.data + y * args.out.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x) {
      size_t c = 0;
      for (; c + kLanes <= channels; c += kLanes)
        hn::StoreU(hn::GatherIndex(d, in, hn::LoadU(di, args.channels + c)), d, out + c);
      for (; c < channels; ++c) out[c] = in[args.channels[c]];
      in += args.in.pixel_stride;
      out += args.out.pixel_stride;
    }
  }
}

// One channel out, pixels side by side: every input pixel gives a run of `kBlock` floats.
template <size_t kBlock>
void CopyRuns(const float* HWY_RESTRICT in, size_t pixel, size_t width, float* HWY_RESTRICT out) {
  for (size_t x = 0; x < width; ++x, in += pixel, out += kBlock) std::memcpy(out, in, kBlock * sizeof(float));
}

void DepthToSpace(const DepthToSpaceArgs& args) {
  const auto block = static_cast<size_t>(args.block), channels = static_cast<size_t>(args.out.channels);
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* HWY_RESTRICT in = args.in.data + y / block * args.in.row_stride + y % block * block;
    float* HWY_RESTRICT row = args.out.data + y * args.out.row_stride;
    if (block == 2 && channels == 1 && args.out.pixel_stride == 1) {
      CopyRuns<2>(in, args.in.pixel_stride, static_cast<size_t>(args.in.width), row);
    } else {
      float* HWY_RESTRICT out = row;
      for (size_t x = 0; x < static_cast<size_t>(args.in.width); ++x, in += args.in.pixel_stride)
        for (size_t i = 0; i < block; ++i, out += args.out.pixel_stride)
          for (size_t c = 0; c < channels; ++c) out[c] = in[c * block * block + i];
    }
    if (args.sigmoid) SigmoidRow(row, static_cast<size_t>(args.out.width));
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(DepthToSpace);
HWY_EXPORT(SelectChannels);
HWY_EXPORT(ToPlanar);
DepthToSpaceKernel SelectDepthToSpace(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(DepthToSpace), target); }
SelectChannelsKernel SelectSelectChannels(Target target) {
  return SelectKernel(HWY_DISPATCH_TABLE(SelectChannels), target);
}
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
