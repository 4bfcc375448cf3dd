#include "nn/kernels/resize.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/resize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/sigmoid-inl.h"
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> Mix(hn::Vec<D> a, hn::Vec<D> b, hn::Vec<D> weight) {
  return hn::MulAdd(hn::Sub(b, a), weight, a);
}

template <class D>
void ResizeChannels(const ResizeArgs& args, size_t first, size_t last) {
  const D d;
  const Interpolation &vertical = *args.vertical, &horizontal = *args.horizontal;
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* top = args.in.data + static_cast<size_t>(vertical.first[y]) * args.in.row_stride;
    const float* bottom = args.in.data + static_cast<size_t>(vertical.second[y]) * args.in.row_stride;
    const auto down = hn::Set(d, vertical.weight[y]);
    float* out = args.out.data + y * args.out.row_stride;
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x, out += args.out.pixel_stride) {
      const size_t left = static_cast<size_t>(horizontal.first[x]) * args.in.pixel_stride;
      const size_t right = static_cast<size_t>(horizontal.second[x]) * args.in.pixel_stride;
      const auto across = hn::Set(d, horizontal.weight[x]);
      for (size_t c = first; c < last; c += LanesOf(d)) {
        const auto a = Mix<D>(hn::LoadU(d, top + left + c), hn::LoadU(d, top + right + c), across);
        const auto b = Mix<D>(hn::LoadU(d, bottom + left + c), hn::LoadU(d, bottom + right + c), across);
        hn::StoreU(Mix<D>(a, b, down), d, out + c);
      }
    }
  }
}

// Twice the width: every input column, mixed vertically once, serves four outputs with the weights 1/4 and 3/4.
template <class D>
void DoubleChannels(const ResizeArgs& args, size_t first, size_t last) {
  const D d;
  const auto quarter = hn::Set(d, 0.25f), three_quarters = hn::Set(d, 0.75f);
  const size_t width = static_cast<size_t>(args.in.width), pixel = args.in.pixel_stride;
  for (size_t y = 0; y < static_cast<size_t>(args.out.height); ++y) {
    const float* top = args.in.data + static_cast<size_t>(args.vertical->first[y]) * args.in.row_stride;
    const float* bottom = args.in.data + static_cast<size_t>(args.vertical->second[y]) * args.in.row_stride;
    const auto down = hn::Set(d, args.vertical->weight[y]);
    for (size_t c = first; c < last; c += LanesOf(d)) {
      float* out = args.out.data + y * args.out.row_stride + c;
      auto here = Mix<D>(hn::LoadU(d, top + c), hn::LoadU(d, bottom + c), down), left = here;
      for (size_t x = 0; x < width; ++x, out += 2 * args.out.pixel_stride) {
        const size_t next = std::min(x + 1, width - 1) * pixel + c;
        const auto right = Mix<D>(hn::LoadU(d, top + next), hn::LoadU(d, bottom + next), down);
        const auto own = hn::Mul(here, three_quarters);
        hn::StoreU(hn::MulAdd(left, quarter, own), d, out);
        hn::StoreU(hn::MulAdd(right, quarter, own), d, out + args.out.pixel_stride);
        left = here;
        here = right;
      }
    }
  }
}

void Resize(const ResizeArgs& args) {
  const auto channels = static_cast<size_t>(args.out.channels);
  const size_t full = FullVectorChannels(channels), all = RoundUp(channels, kChannelAlign);
  if (args.horizontal->doubles) {
    if (full != 0) DoubleChannels<FullTag>(args, 0, full);
    if (full != all) DoubleChannels<NarrowTag>(args, full, all);
  } else {
    if (full != 0) ResizeChannels<FullTag>(args, 0, full);
    if (full != all) ResizeChannels<NarrowTag>(args, full, all);
  }
}

// Doubles a row; row[-1] and row[in_width] repeat the edges.
void DoubleRow(const float* HWY_RESTRICT row, size_t in_width, float* HWY_RESTRICT out) {
  const FullTag d;
  const auto quarter = hn::Set(d, 0.25f), three_quarters = hn::Set(d, 0.75f);
  size_t x = 0;
  for (; x + kLanes <= in_width; x += kLanes) {
    const auto own = hn::Mul(hn::LoadU(d, row + x), three_quarters);
    hn::StoreInterleaved2(hn::MulAdd(hn::LoadU(d, row + x - 1), quarter, own),
                          hn::MulAdd(hn::LoadU(d, row + x + 1), quarter, own), d, out + 2 * x);
  }
  for (; x < in_width; ++x) {
    const float* HWY_RESTRICT here = row + x;
    out[2 * x] = 0.75f * here[0] + 0.25f * here[-1];
    out[2 * x + 1] = 0.75f * here[0] + 0.25f * here[1];
  }
}

void ResizePlanar(const ResizePlanarArgs& args) {
  const FullTag d;
  const Interpolation &vertical = *args.vertical, &horizontal = *args.horizontal;
  const auto in_width = static_cast<size_t>(horizontal.in);
  const size_t out_width = horizontal.weight.size();
  float* HWY_RESTRICT row = args.scratch + kLanes;
  for (int p = 0; p < args.planes; ++p) {
    const Plane &in = args.in[p], &out = args.out[p];
    for (size_t y = 0; y < vertical.weight.size(); ++y) {
      const float* top = in.data + static_cast<size_t>(vertical.first[y]) * in.row_stride;
      const float* bottom = in.data + static_cast<size_t>(vertical.second[y]) * in.row_stride;
      const auto down = hn::Set(d, vertical.weight[y]);
      for (size_t x = 0; x < in_width; x += kLanes)
        hn::StoreU(Mix<FullTag>(hn::LoadU(d, top + x), hn::LoadU(d, bottom + x), down), d, row + x);
      float* to = out.data + y * out.row_stride;
      if (horizontal.doubles) {
        row[-1] = row[0];
        row[in_width] = row[in_width - 1];
        DoubleRow(row, in_width, to);
      } else {
        for (size_t x = 0; x < out_width; ++x) {
          const float a = row[horizontal.first[x]], b = row[horizontal.second[x]];
          to[x] = a + (b - a) * horizontal.weight[x];
        }
      }
      if (args.sigmoid) SigmoidRow(to, out_width);
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(Resize);
HWY_EXPORT(ResizePlanar);
ResizeKernel SelectResize(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(Resize), target); }
ResizePlanarKernel SelectResizePlanar(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(ResizePlanar), target); }

// One vector before the row for its repeated edge, and what the last vector and the other edge reach behind it.
size_t ResizePlanarScratch(int in_width) {
  constexpr size_t kWidestVector = 16;
  return RoundUp(static_cast<size_t>(in_width), kWidestVector) + 3 * kWidestVector;
}

Interpolation MakeInterpolation(int in, int out, bool align_corners) {
  Interpolation table;
  table.in = in;
  table.doubles = out == 2 * in && !align_corners;
  table.halves = in == 2 * out && !align_corners;
  for (int i = 0; i < out; ++i) {
    const float centre =
        align_corners ? static_cast<float>(i) * static_cast<float>(in - 1) / static_cast<float>(std::max(out - 1, 1))
                      : (static_cast<float>(i) + 0.5f) * static_cast<float>(in) / static_cast<float>(out) - 0.5f;
    const int first = std::min(static_cast<int>(std::max(0.f, centre)), in - 1);
    table.first.push_back(first);
    table.second.push_back(std::min(first + 1, in - 1));
    table.weight.push_back(std::max(0.f, centre) - static_cast<float>(first));
  }
  return table;
}

}  // namespace scrim::nn
#endif
