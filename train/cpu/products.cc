#include "cpu/products.h"

#include <algorithm>

#include "cpu/vector.h"

namespace scrim::train::cpu {
namespace {

// Sums in flight: two multiply-adds a cycle of 4 cycles' latency want 8; more share each load between more of them.
// The registers, 32 or 16, hold the sums, a row of each and a weight.
#ifdef __AVX512F__
constexpr int kOuts = 6, kVecs = 4, kVecsOfOne = 8;
constexpr int kGradientOuts = 6, kGradientTaps = 4, kGradientTapsOfOne = 13;
#else
constexpr int kOuts = 6, kVecs = 2, kVecsOfOne = 8;
constexpr int kGradientOuts = 4, kGradientTaps = 2, kGradientTapsOfOne = 9;
#endif

template <int kOut, int kVec>
void Sums(const Taps& taps, const TapWeights& weights, const float* bias, float* out, size_t out_stride, size_t x,
          bool accumulate) {
  Vec sum[kOut][kVec];
  for (int o = 0; o < kOut; ++o)
    for (int v = 0; v < kVec; ++v) sum[o][v] = Fill(bias == nullptr ? 0.f : bias[o]);
  const float* w = weights.data;
  const float* from = taps.source + x;
  for (int t = 0; t < taps.count; ++t, w += weights.tap) {
    const float* row = from + taps.offsets[t];
    Vec value[kVec];
    for (int v = 0; v < kVec; ++v) value[v] = Load(row + v * kLanes);
    for (int o = 0; o < kOut; ++o)
      for (int v = 0; v < kVec; ++v) sum[o][v] += value[v] * w[o * weights.out];
  }
  for (int o = 0; o < kOut; ++o) {
    float* to = out + size_t(o) * out_stride + x;
    for (int v = 0; v < kVec; ++v) Store(to + v * kLanes, accumulate ? Load(to + v * kLanes) + sum[o][v] : sum[o][v]);
  }
}

// All groups of outputs for one group of vectors, whose rows then stay in the first cache.
template <int kVec>
void SumsOfAll(const Taps& taps, const TapWeights& weights, const float* bias, float* out, size_t out_stride, int outs,
               size_t x, bool accumulate) {
  const int groups = GroupCount(outs, kOuts);
  int first = 0;
  for (int g = 0; g < groups; ++g) {
    const int size = GroupSize(outs, groups, g);
    WithConstant<kOuts>(size, [&](auto k) {
      Sums<k(), kVec>(taps, {weights.data + first * weights.out, weights.out, weights.tap},
                      bias == nullptr ? nullptr : bias + first, out + size_t(first) * out_stride, out_stride, x,
                      accumulate);
    });
    first += size;
  }
}

template <int kOut, int kTap>
void Gradients(const Taps& taps, size_t source_line, const Lines& d, int lines, size_t width, float* gradient,
               ptrdiff_t out, ptrdiff_t tap) {
  constexpr int kSums = kOut * kTap, kRounded = (kSums + kLanes - 1) / kLanes * kLanes;
  Vec sum[kRounded] = {};
  const float* rows[kTap];
  for (int t = 0; t < kTap; ++t) rows[t] = taps.source + taps.offsets[t];
  const auto add = [&](size_t from, size_t x, auto load) {
    Vec value[kTap];
    for (int t = 0; t < kTap; ++t) value[t] = load(rows[t] + from * source_line + x);
    for (int o = 0; o < kOut; ++o) {
      const Vec e = load(d.data + size_t(o) * d.out + from * d.line + x);
      for (int t = 0; t < kTap; ++t) sum[o * kTap + t] += e * value[t];
    }
  };
  for (int y = 0; y < lines; ++y) {
    size_t x = 0;
    for (; x + kLanes <= width; x += kLanes) add(size_t(y), x, [](const float* p) { return Load(p); });
    if (x < width) add(size_t(y), x, [&](const float* p) { return LoadFirst(p, int(width - x)); });
  }
  float sums[kRounded];
  for (int i = 0; i < kRounded; i += kLanes) Store(sums + i, SumEach(sum + i));
  for (int o = 0; o < kOut; ++o)
    for (int t = 0; t < kTap; ++t) gradient[o * out + t * tap] += sums[o * kTap + t];
}

}  // namespace

void WeightedSums(const Taps& taps, const TapWeights& weights, const float* bias, float* out, size_t out_stride,
                  int outs, size_t width, bool accumulate) {
  const int vectors = int((width + kLanes - 1) / kLanes), groups = GroupCount(vectors, outs == 1 ? kVecsOfOne : kVecs);
  size_t x = 0;
  for (int g = 0; g < groups; ++g) {
    const int size = GroupSize(vectors, groups, g);
    if (outs == 1)
      WithConstant<kVecsOfOne>(size,
                               [&](auto k) { Sums<1, k()>(taps, weights, bias, out, out_stride, x, accumulate); });
    else
      WithConstant<kVecs>(size,
                          [&](auto k) { SumsOfAll<k()>(taps, weights, bias, out, out_stride, outs, x, accumulate); });
    x += size_t(size) * kLanes;
  }
}

void AddWeightGradients(const Taps& taps, size_t source_line, const Lines& d, int outs, int lines, size_t width,
                        float* gradient, ptrdiff_t out, ptrdiff_t tap) {
  const int out_groups = GroupCount(outs, kGradientOuts),
            tap_groups = GroupCount(taps.count, outs == 1 ? kGradientTapsOfOne : kGradientTaps);
  int first_out = 0;
  for (int i = 0; i < out_groups; ++i) {
    const int size = GroupSize(outs, out_groups, i);
    const Lines lines_of{d.data + size_t(first_out) * d.out, d.out, d.line};
    int first_tap = 0;
    for (int j = 0; j < tap_groups; ++j) {
      const int tap_size = GroupSize(taps.count, tap_groups, j);
      const Taps taps_of{taps.source, taps.offsets + first_tap, tap_size};
      float* to = gradient + first_out * out + first_tap * tap;
      if (outs == 1)
        WithConstant<kGradientTapsOfOne>(
            tap_size, [&](auto t) { Gradients<1, t()>(taps_of, source_line, lines_of, lines, width, to, out, tap); });
      else
        WithConstant<kGradientOuts>(size, [&](auto o) {
          WithConstant<kGradientTaps>(tap_size, [&](auto t) {
            Gradients<o(), t()>(taps_of, source_line, lines_of, lines, width, to, out, tap);
          });
        });
      first_tap += tap_size;
    }
    first_out += size;
  }
}

}  // namespace scrim::train::cpu
