#include "image/resample.h"

#include <algorithm>
#include <cmath>

#include "image/pixel_ops.h"

namespace scrim::image {
namespace {

constexpr int kRowOne = 256;       // a byte times 256 fits 16 bits
constexpr int kColumnOne = 32768;  // 16 bits times 32768 fit 32

// One row, horizontally. In: bytes scaled by 1 << kInBits. kCount: the number of taps, 0 for any.
template <int kChannels, int kInBits, int kCount, typename T>
void StretchRow(const Taps& taps, const T* in, uint8_t* out, int out_width) {
  constexpr int kShift = 15 + kInBits;
  const int count = kCount != 0 ? kCount : taps.count;
  for (int x = 0; x < out_width; ++x) {
    const uint16_t* weight = taps.weight.data() + size_t{1} * x * count;
    const T* from = in + size_t{1} * taps.start[x] * kChannels;
    uint32_t sum[kChannels];
    for (int c = 0; c < kChannels; ++c) sum[c] = 1u << (kShift - 1);
    for (int k = 0; k < count; ++k) {
      for (int c = 0; c < kChannels; ++c) sum[c] += uint32_t{weight[k]} * from[k * kChannels + c];
    }
    for (int c = 0; c < kChannels; ++c) out[x * kChannels + c] = static_cast<uint8_t>(sum[c] >> kShift);
  }
}

template <int kInBits, int kCount, typename T>
void StretchRow(const Taps& taps, int channels, const T* in, uint8_t* out, int out_width) {
  switch (channels) {
    case 1:
      return StretchRow<1, kInBits, kCount>(taps, in, out, out_width);
    case 2:
      return StretchRow<2, kInBits, kCount>(taps, in, out, out_width);
    case 3:
      return StretchRow<3, kInBits, kCount>(taps, in, out, out_width);
    default:
      return StretchRow<4, kInBits, kCount>(taps, in, out, out_width);
  }
}

// The same for sums of YUY2 rows: samples of a channel lie kStep apart, channels 2, pixels of the output 4. As a case
// of the one above it takes 1.1 kB more of the browser's module.
template <int kStep, int kChannels>
void StretchYuy2Row(const Taps& taps, const uint16_t* in, uint8_t* out, int out_width) {
  constexpr int kShift = 15 + 8;  // of kColumnOne and kRowOne
  for (int x = 0; x < out_width; ++x, out += 4) {
    const uint16_t* weight = taps.weight.data() + size_t{1} * x * taps.count;
    const uint16_t* from = in + size_t{1} * taps.start[x] * kStep;
    uint32_t sum[kChannels];
    for (int c = 0; c < kChannels; ++c) sum[c] = 1u << (kShift - 1);
    for (int k = 0; k < taps.count; ++k)
      for (int c = 0; c < kChannels; ++c) sum[c] += uint32_t{weight[k]} * from[k * kStep + 2 * c];
    for (int c = 0; c < kChannels; ++c) out[c] = static_cast<uint8_t>(sum[c] >> kShift);
  }
}

}  // namespace

Taps MakeTaps(int in_size, Span span, int out_size, int one) {
  const double scale = span.length / out_size;
  const bool shrink = scale > 1;
  Taps taps;
  taps.count = std::min(in_size, shrink ? static_cast<int>(std::ceil(scale)) + 1 : 2);
  taps.start.resize(out_size);
  taps.weight.assign(size_t{1} * out_size * taps.count, 0);
  for (int i = 0; i < out_size; ++i) {
    // Weight of input pixel j: its overlap with [from, to), or the tent around the centre.
    const double from = span.start + i * scale, to = from + scale, centre = from + scale / 2 - 0.5;
    const int first = static_cast<int>(std::floor(shrink ? from + 1e-9 : centre));
    taps.start[i] = std::clamp(first, 0, in_size - taps.count);
    double exact[2] = {0, 0};  // running sums: weights so far, and what they were rounded to
    double total = 0;
    const auto weight_of = [&](int j) {
      if (shrink) return std::max(0.0, std::min(to, j + 1.0) - std::max(from, double(j)));
      const double clamped = std::clamp(centre, 0.0, in_size - 1.0);
      return std::max(0.0, 1 - std::abs(j - clamped));
    };
    for (int k = 0; k < taps.count; ++k) total += weight_of(taps.start[i] + k);
    for (int k = 0; k < taps.count; ++k) {
      exact[0] += weight_of(taps.start[i] + k) / total * one;
      const double rounded = std::round(exact[0]) - exact[1];
      taps.weight[size_t{1} * i * taps.count + k] = static_cast<uint16_t>(rounded);
      exact[1] += rounded;
    }
  }
  return taps;
}

void Resampler::Configure(int in_width, int in_height, int out_width, int out_height) {
  Configure(in_width, in_height, {0, double(in_width)}, {0, double(in_height)}, out_width, out_height);
}

void Resampler::Configure(int in_width, int in_height, Span x, Span y, int out_width, int out_height) {
  const auto same = [](Span a, Span b) { return a.start == b.start && a.length == b.length; };
  if (in_width == in_width_ && in_height == in_height_ && out_width == out_width_ && out_height == out_height_ &&
      same(x, x_span_) && same(y, y_span_)) {
    return;
  }
  in_width_ = 0;  // while tables are made, which may throw
  x_ = MakeTaps(in_width, x, out_width, kColumnOne);
  y_ = MakeTaps(in_height, y, out_height, kRowOne);
  in_width_ = in_width, in_height_ = in_height, out_width_ = out_width, out_height_ = out_height;
  x_span_ = x, y_span_ = y;
  shrink_rows_ = y.length > out_height;
}

void Resampler::Run(const uint8_t* in, size_t in_stride, int channels, uint8_t* out, size_t out_stride) {
  if (shrink_rows_) {
    Shrink(in, in_stride, channels, out, out_stride);
  } else {
    Enlarge(in, in_stride, channels, out, out_stride);
  }
}

// Vertically first: the long rows only see one multiply-add for each byte.
void Resampler::Shrink(const uint8_t* in, size_t in_stride, int channels, uint8_t* out, size_t out_stride) {
  for (int y = 0; y < out_height_; ++y) {
    SumRows(in, in_stride, size_t{1} * in_width_ * channels, y);
    StretchRow<8, 0>(x_, channels, sums_.data(), out + out_stride * y, out_width_);
  }
}

void Resampler::SumRows(const uint8_t* in, size_t in_stride, size_t row_size, int y) {
  sums_.assign(row_size, uint16_t{0});
  for (int k = 0; k < y_.count; ++k) {
    const int weight = y_.weight[size_t{1} * y * y_.count + k];
    if (weight != 0) AccumulateRow(in + in_stride * (y_.start[y] + k), weight, sums_.data(), row_size);
  }
}

void Resampler::ShrinkYuy2(const Resampler& chroma, const uint8_t* in, size_t in_stride, uint8_t* out,
                           size_t out_stride) {
  for (int y = 0; y < out_height_; ++y, out += out_stride) {
    SumRows(in, in_stride, size_t{4} * chroma.in_width_, y);
    StretchYuy2Row<2, 1>(x_, sums_.data(), out, out_width_);
    StretchYuy2Row<4, 2>(chroma.x_, sums_.data() + 1, out + 1, out_width_);
  }
}

// Horizontally first, each input row once; then contiguous interpolation between two rows.
void Resampler::Enlarge(const uint8_t* in, size_t in_stride, int channels, uint8_t* out, size_t out_stride) {
  const size_t row_size = size_t{1} * out_width_ * channels;
  int held[2] = {-1, -1};  // which input row each of rows_ holds: even ones in 0, odd ones in 1
  const auto stretched = [&](int y) -> const uint8_t* {
    std::vector<uint8_t>& row = rows_[y % 2];
    if (held[y % 2] != y) {
      row.resize(row_size);
      const auto stretch = x_.count == 2 ? StretchRow<0, 2, uint8_t> : StretchRow<0, 0, uint8_t>;
      stretch(x_, channels, in + in_stride * y, row.data(), out_width_);
      held[y % 2] = y;
    }
    return row.data();
  };
  for (int y = 0; y < out_height_; ++y) {
    const int first = y_.start[y], last = std::min(first + 1, in_height_ - 1);
    const int weight = y_.count > 1 ? y_.weight[size_t{1} * y * y_.count + 1] : 0;
    LerpRow(stretched(first), stretched(last), weight, out + out_stride * y, row_size);
  }
}

}  // namespace scrim::image
