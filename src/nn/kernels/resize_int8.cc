#include "nn/kernels/resize_int8.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/resize_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "nn/kernels/int8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

struct Rows {
  const uint8_t *near, *far;  // of the input; near weighs three times as much
};
HWY_INLINE Rows RowsOf(const ResizeInt8Args& args, size_t y) {
  const auto last = static_cast<size_t>(args.in.height) - 1, near = y / 2;
  const size_t far = y % 2 == 0 ? near - (near > 0) : std::min(near + 1, last);
  return {args.in.data + near * args.in.row_stride, args.in.data + far * args.in.row_stride};
}

// near and far: columns, mixed vertically.
template <class D16>
HWY_INLINE hn::Vec<D16> MixColumns(D16 d, hn::Vec<D16> three_near, hn::Vec<D16> far) {
  return hn::ShiftRight<4>(hn::Add(hn::Add(three_near, far), hn::Set(d, 8)));
}
template <class D16>
HWY_INLINE hn::Vec<D16> Triple(hn::Vec<D16> v) {
  return hn::Add(v, hn::Add(v, v));
}

void DoubleRow(const ResizeInt8Args& args, const Rows& rows, uint8_t* HWY_RESTRICT out_row) {
  const auto width = static_cast<size_t>(args.in.width), pixel = args.in.pixel_stride;
  ForChannels(args.out.channels, [&](auto d, size_t first, size_t last) HWY_ATTR {
    using D16 = decltype(d);
    for (size_t c = first; c < last; c += LanesOf(d)) {
      auto mixed = [&](size_t x) HWY_ATTR {
        return hn::Add(Triple<D16>(LoadWide(d, rows.near + x * pixel + c)), LoadWide(d, rows.far + x * pixel + c));
      };
      uint8_t* HWY_RESTRICT out = out_row + c;
      auto here = mixed(0), left = here;
      for (size_t x = 0; x < width; ++x, out += 2 * args.out.pixel_stride) {
        const auto right = mixed(std::min(x + 1, width - 1));
        const auto own = Triple<D16>(here);
        StoreNarrow(d, MixColumns(d, own, left), out);
        StoreNarrow(d, MixColumns(d, own, right), out + args.out.pixel_stride);
        left = here;
        here = right;
      }
    }
  });
}

// Pixels of four bytes; vectors hold several where the input's lie side by side, too.
void DoubleQuads(const ResizeInt8Args& args, const Rows& rows, uint8_t* HWY_RESTRICT out) {
  const WideTag d;
  constexpr size_t kL = LanesOf(d);
  const size_t bytes = static_cast<size_t>(args.in.width) * kQuad, pixel_stride = args.in.pixel_stride;
  auto scalar = [&](size_t i, size_t other) {
    i = i / kQuad * pixel_stride + i % kQuad, other = other / kQuad * pixel_stride + other % kQuad;
    const int own = 3 * rows.near[i] + rows.far[i], beside = 3 * rows.near[other] + rows.far[other];
    return static_cast<uint8_t>((3 * own + beside + 8) >> 4);
  };
  auto scalars = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      uint8_t* HWY_RESTRICT pixel = out + i / kQuad * 2 * kQuad + i % kQuad;
      pixel[0] = scalar(i, i < kQuad ? i : i - kQuad);
      pixel[kQuad] = scalar(i, i + kQuad < bytes ? i + kQuad : i);
    }
  };
  auto mixed = [&](size_t i)
                   HWY_ATTR { return hn::Add(Triple<WideTag>(LoadWide(d, rows.near + i)), LoadWide(d, rows.far + i)); };
  size_t i = std::min(bytes, size_t{kQuad});
  scalars(0, i);
  // Mixed vertically once, a few pixels at a time.
  constexpr size_t kChunk = 512;
  HWY_ALIGN int16_t column[kChunk + 2 * kL];
  while (pixel_stride == kQuad && i + kL + kQuad <= bytes) {
    const size_t vectors = std::min(kChunk, bytes - kQuad - i) / kL, begin = i - kQuad;
    for (size_t k = 0; k <= vectors; ++k) {
      const size_t from = std::min(begin + k * kL, bytes - kL);
      hn::StoreU(mixed(from), d, column + (from - begin));
    }
    const hn::Repartition<uint64_t, WideTag> d64;
    const hn::Repartition<uint8_t, WideTag> d8;
    for (size_t k = 0; k < vectors; ++k, i += kL) {
      const int16_t* HWY_RESTRICT here = column + k * kL + kQuad;
      const auto own = Triple<WideTag>(hn::LoadU(d, here));
      const auto left = hn::BitCast(d64, MixColumns(d, own, hn::LoadU(d, here - kQuad)));
      const auto right = hn::BitCast(d64, MixColumns(d, own, hn::LoadU(d, here + kQuad)));
      const auto first = hn::BitCast(d, hn::InterleaveLower(d64, left, right));
      const auto second = hn::BitCast(d, hn::InterleaveUpper(d64, left, right));
      hn::StoreU(NarrowTwo(d, first, second), d8, out + 2 * i);
    }
  }
  scalars(i, bytes);
}

void HalveRow(const ResizeInt8Args& args, size_t y, uint8_t* HWY_RESTRICT out_row) {
  const uint8_t* HWY_RESTRICT top = args.in.data + 2 * y * args.in.row_stride;
  const uint8_t* HWY_RESTRICT bottom = top + args.in.row_stride;
  const size_t pixel = args.in.pixel_stride;
  ForChannels(args.out.channels, [&](auto d, size_t first, size_t last) HWY_ATTR {
    for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x) {
      const size_t from = 2 * x * pixel;
      for (size_t c = from + first; c < from + last; c += LanesOf(d)) {
        const auto sum = hn::Add(hn::Add(LoadWide(d, top + c), LoadWide(d, top + c + pixel)),
                                 hn::Add(LoadWide(d, bottom + c), LoadWide(d, bottom + c + pixel)));
        StoreNarrow(d, hn::ShiftRight<2>(hn::Add(sum, hn::Set(d, 2))), out_row + x * args.out.pixel_stride + c - from);
      }
    }
  });
}

// Rare and small.
void AnyRow(const ResizeInt8Args& args, size_t y, uint8_t* HWY_RESTRICT out) {
  const SumTag d;
  const hn::Rebind<float, SumTag> df;
  const hn::Rebind<uint8_t, SumTag> d8;
  const uint8_t* top = args.in.data + static_cast<size_t>(args.vertical->first[y]) * args.in.row_stride;
  const uint8_t* bottom = args.in.data + static_cast<size_t>(args.vertical->second[y]) * args.in.row_stride;
  const auto down = hn::Set(df, args.vertical->weight[y]);
  auto load = [&](const uint8_t* from) HWY_ATTR { return hn::ConvertTo(df, hn::PromoteTo(d, hn::LoadU(d8, from))); };
  auto mix = [&](auto a, auto b, auto weight) HWY_ATTR { return hn::Add(a, hn::Mul(hn::Sub(b, a), weight)); };
  for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x, out += args.out.pixel_stride) {
    const size_t left = static_cast<size_t>(args.horizontal->first[x]) * args.in.pixel_stride;
    const size_t right = static_cast<size_t>(args.horizontal->second[x]) * args.in.pixel_stride;
    const auto across = hn::Set(df, args.horizontal->weight[x]);
    for (size_t c = 0; c < RoundUp(static_cast<size_t>(args.out.channels), kChannelAlign); c += LanesOf(d)) {
      const auto a = mix(load(top + left + c), load(top + right + c), across);
      const auto b = mix(load(bottom + left + c), load(bottom + right + c), across);
      hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(mix(a, b, down))), d8, out + c);
    }
  }
}
void AnyRowOfQuads(const ResizeInt8Args& args, size_t y, uint8_t* HWY_RESTRICT out) {
  const hn::CappedTag<int32_t, kQuad> d;
  const hn::Rebind<float, decltype(d)> df;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const uint8_t* top = args.in.data + static_cast<size_t>(args.vertical->first[y]) * args.in.row_stride;
  const uint8_t* bottom = args.in.data + static_cast<size_t>(args.vertical->second[y]) * args.in.row_stride;
  const auto down = hn::Set(df, args.vertical->weight[y]);
  auto load = [&](const uint8_t* from) HWY_ATTR { return hn::ConvertTo(df, hn::PromoteTo(d, hn::LoadU(d8, from))); };
  auto mix = [&](auto a, auto b, auto weight) HWY_ATTR { return hn::Add(a, hn::Mul(hn::Sub(b, a), weight)); };
  for (size_t x = 0; x < static_cast<size_t>(args.out.width); ++x, out += kQuad) {
    const size_t left = static_cast<size_t>(args.horizontal->first[x]) * args.in.pixel_stride;
    const size_t right = static_cast<size_t>(args.horizontal->second[x]) * args.in.pixel_stride;
    const auto across = hn::Set(df, args.horizontal->weight[x]);
    const auto a = mix(load(top + left), load(top + right), across);
    const auto b = mix(load(bottom + left), load(bottom + right), across);
    hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(mix(a, b, down))), d8, out);
  }
}

void ResizeInt8(const ResizeInt8Args& args) {
  const bool quads = args.out.pixel_stride == kQuad;
  const bool doubles = args.vertical->doubles && args.horizontal->doubles;
  const bool halves = args.vertical->halves && args.horizontal->halves && args.out.channels > kQuad;
  for (int row = 0; row < args.out.height; ++row) {
    const auto y = static_cast<size_t>(args.first_row) + static_cast<size_t>(row);
    uint8_t* out = args.out.data + static_cast<size_t>(row) * args.out.row_stride;
    if (doubles && quads) {
      DoubleQuads(args, RowsOf(args, y), out);
    } else if (doubles) {
      DoubleRow(args, RowsOf(args, y), out);
    } else if (halves) {
      HalveRow(args, y, out);
    } else if (quads) {
      AnyRowOfQuads(args, y, out);
    } else {
      AnyRow(args, y, out);
    }
  }
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(ResizeInt8);
ResizeInt8Kernel SelectResizeInt8(Target target) { return SelectInt8Kernel(HWY_DISPATCH_TABLE(ResizeInt8), target); }

}  // namespace scrim::nn
#endif
