#include "cpu/rows.h"

#include <algorithm>

#include "cpu/vector.h"

namespace scrim::train::cpu {
namespace {

// Rows at a time: each row that is loaded is of use to several, and their sums, a column of the kernel and a row fit
// the registers.
#ifdef __AVX512F__
constexpr int kRows = 8;
#else
constexpr int kRows = 4;
#endif

// f(load(r), o, k) for all rows r of the source, rows o < kRow of the result and taps k that go together.
template <int kHeight, int kStride, int kRow, typename Load, typename F>
inline __attribute__((always_inline)) void ForTaps(int dilation, Load load, F f) {
  if (dilation == 1) {
    Unrolled<kStride*(kRow - 1) + kHeight>([&](auto r) __attribute__((always_inline)) {
      const Vec value = load(r);
      Unrolled<kRow>([&](auto o) __attribute__((always_inline)) {
        constexpr int k = r - kStride * o;
        if constexpr (k >= 0 && k < kHeight) f(value, o, k);
      });
    });
  } else {
    for (int o = 0; o < kRow; ++o)
      for (int k = 0; k < kHeight; ++k) f(load(kStride * o + dilation * k), o, k);
  }
}

// kRow rows of sums of kHeight × columns taps; weights: column after column.
template <int kHeight, int kStride, int kRow>
void Convolve(const Rows& rows, const ptrdiff_t* columns, int width, const float* weights, int vectors, float* out,
              size_t out_pitch) {
  for (int v = 0; v < vectors; ++v) {
    Vec sum[kRow] = {};
    for (int column = 0; column < width; ++column) {
      const float* from = rows.data + columns[column] + v * kLanes;
      Vec weight[kHeight];
      for (int k = 0; k < kHeight; ++k) weight[k] = Fill(weights[column * kHeight + k]);
      ForTaps<kHeight, kStride, kRow>(
          rows.dilation, [&](int r) __attribute__((always_inline)) { return Load(from + size_t(r) * rows.pitch); },
          [&](Vec value, int o, int k) __attribute__((always_inline)) { sum[o] += value * weight[k]; });
    }
    for (int o = 0; o < kRow; ++o) Store(out + size_t(o) * out_pitch + v * kLanes, sum[o]);
  }
}

// Sums that do not wait for each other: enough for a multiply-add's latency.
constexpr int SetsFor(int height) { return height >= 7 ? 1 : height >= 4 ? 2 : height >= 3 ? 3 : 4; }

// Adds to sums[k][set] what one column of the kernel gets from kRow rows of gradients.
template <int kHeight, int kStride, int kRow>
void AddProducts(const Rows& rows, const float* d, size_t d_pitch, int vectors, Vec* sums) {
  constexpr int kSets = SetsFor(kHeight);
  Vec sum[kHeight * kSets];
  for (int i = 0; i < kHeight * kSets; ++i) sum[i] = sums[i];
  for (int v = 0; v < vectors; ++v) {
    Vec gradient[kRow];
    for (int o = 0; o < kRow; ++o) gradient[o] = Load(d + size_t(o) * d_pitch + v * kLanes);
    ForTaps<kHeight, kStride, kRow>(
        rows.dilation,
        [&](int r) __attribute__((always_inline)) { return Load(rows.data + size_t(r) * rows.pitch + v * kLanes); },
        [&](Vec value, int o, int k)
            __attribute__((always_inline)) { sum[k * kSets + o % kSets] += value * gradient[o]; });
  }
  for (int i = 0; i < kHeight * kSets; ++i) sums[i] = sum[i];
}

// Calls f(first, rows) for groups of rows, `rows` a constant.
template <typename F>
void ForRowGroups(int lines, F f) {
  const int groups = GroupCount(lines, kRows);
  for (int i = 0, first = 0; i < groups; ++i) {
    const int size = GroupSize(lines, groups, i);
    WithConstant<kRows>(size, [&](auto rows) { f(first, rows); });
    first += size;
  }
}

template <int kStride, typename F>
void WithHeight(int height, F f) {
  switch (height) {
    case 3:
      return f(std::integral_constant<int, 3>());
    case 5:
      return f(std::integral_constant<int, 5>());
    case 7:
      return f(std::integral_constant<int, 7>());
  }
  if constexpr (kStride == 1) switch (height) {  // parts of a kernel whose stride is 2
      case 1:
        return f(std::integral_constant<int, 1>());
      case 2:
        return f(std::integral_constant<int, 2>());
      case 4:
        return f(std::integral_constant<int, 4>());
    }
}

template <int kStride>
void SumRowsBy(const Rows& rows, int height, const ptrdiff_t* columns, int width, const float* weights, int lines,
               int vectors, float* out, size_t out_pitch) {
  WithHeight<kStride>(height, [&](auto h) {
    ForRowGroups(lines, [&](int first, auto group) {
      Convolve<h(), kStride, group()>({rows.data + size_t(first * kStride) * rows.pitch, rows.pitch, rows.dilation},
                                      columns, width, weights, vectors, out + size_t(first) * out_pitch, out_pitch);
    });
  });
}

template <int kStride>
void AddRowProductsBy(const Rows& rows, int kernel, const ptrdiff_t* columns, const float* d, size_t d_pitch, int lines,
                      int vectors, float* weight_gradient) {
  WithHeight<kStride>(kernel, [&](auto h) {
    constexpr int kHeight = h(), kSets = SetsFor(kHeight), kTaps = (kHeight * kHeight + kLanes - 1) / kLanes * kLanes;
    Vec taps[kTaps] = {};
    for (int column = 0; column < kHeight; ++column) {
      Vec sums[kHeight * kSets] = {};
      ForRowGroups(lines, [&](int first, auto group) {
        AddProducts<kHeight, kStride, group()>(
            {rows.data + columns[column] + size_t(first * kStride) * rows.pitch, rows.pitch, rows.dilation},
            d + size_t(first) * d_pitch, d_pitch, vectors, sums);
      });
      for (int k = 0; k < kHeight; ++k)
        for (int s = 0; s < kSets; ++s) taps[k * kHeight + column] += sums[k * kSets + s];
    }
    for (int i = 0; i < kTaps; i += kLanes) {
      const Vec total = SumEach(taps + i);
      for (int k = i; k < std::min(i + kLanes, kHeight * kHeight); ++k) weight_gradient[k] += total[k - i];
    }
  });
}

}  // namespace

bool RowsSupport(const graph::ConvAttributes& a) {
  return a.kernel_h == a.kernel_w && (a.kernel_h == 3 || a.kernel_h == 5 || a.kernel_h == 7) &&
         (a.stride == 1 || (a.stride == 2 && a.dilation == 1));
}

void SumRows(const Rows& rows, int stride, int height, const ptrdiff_t* columns, int count, const float* weights,
             int lines, int vectors, float* out, size_t out_pitch) {
  (stride == 1 ? SumRowsBy<1> : SumRowsBy<2>)(rows, height, columns, count, weights, lines, vectors, out, out_pitch);
}

void AddRowProducts(const Rows& rows, int stride, int kernel, const ptrdiff_t* columns, const float* d, size_t d_pitch,
                    int lines, int vectors, float* weight_gradient) {
  (stride == 1 ? AddRowProductsBy<1> : AddRowProductsBy<2>)(rows, kernel, columns, d, d_pitch, lines, vectors,
                                                            weight_gradient);
}

}  // namespace scrim::train::cpu
