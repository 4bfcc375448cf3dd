#include "cpu/depthwise.h"

#include <algorithm>
#include <cstring>

#include "base/aligned.h"

namespace scrim::train::cpu {
namespace {

// Rows at a time: each row that is loaded is of use to several, and their sums, a column of the kernel and a row fit
// the registers.
#ifdef __AVX512F__
constexpr int kRows = 8;
#else
constexpr int kRows = 4;
#endif
constexpr int kMostKernel = 7;

// Rows of a source: of a stride's phase, or of gradients.
struct Rows {
  const float* data;
  size_t pitch;
  int dilation;
};

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
void ConvolveLines(const Rows& rows, int height, const ptrdiff_t* columns, int width, const float* weights, int lines,
                   int vectors, float* out, size_t out_pitch) {
  WithHeight<kStride>(height, [&](auto h) {
    ForRowGroups(lines, [&](int first, auto group) {
      Convolve<h(), kStride, group()>({rows.data + size_t(first * kStride) * rows.pitch, rows.pitch, rows.dilation},
                                      columns, width, weights, vectors, out + size_t(first) * out_pitch, out_pitch);
    });
  });
}

template <int kStride>
void AddWeightGradient(const Rows& rows, int kernel, const ptrdiff_t* columns, const float* d, size_t d_pitch,
                       int lines, int vectors, float* weight_gradient) {
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

bool Depthwise::Supports(const graph::ConvAttributes& a, int channels) {
  return a.groups == channels && a.out_channels == channels && a.kernel_h == a.kernel_w &&
         (a.kernel_h == 3 || a.kernel_h == 5 || a.kernel_h == 7) &&
         (a.stride == 1 || (a.stride == 2 && a.dilation == 1));
}

Depthwise::Depthwise(const graph::ConvAttributes& conv, int n, int h, int w, int out_h, int out_w)
    : kernel_(conv.kernel_h), window_(conv, 1, n, h, w, out_h, out_w) {
  const Window& g = window_;
  for (int k = 0; k < kernel_; ++k) {
    const int x = k * g.dilation;
    columns_.push_back(ptrdiff_t(size_t(x % g.stride) * g.phase_pitch + size_t(x / g.stride)));
  }
  wide_pitch_ = RoundUp(g.width, kLanes) + 2 * kLanes;
  scratch_size_ = g.source_size() + g.d_size() + wide_pitch_ * size_t(g.lines * g.stride) + 4 * kLanes;
}

template <typename Use>
void Depthwise::ForBlocks(int positions_y, Use use) const {
  for (int picture = 0; picture < window_.n; picture += window_.pictures) {
    const int count = std::min(window_.pictures, window_.n - picture);
    for (int y = 0; y < positions_y; y += window_.lines)
      use(picture, count, y, std::min(window_.lines, positions_y - y),
          (count * window_.picture_pitch + kLanes - 1) / kLanes);
  }
}

void Depthwise::Forward(const Source& x, const float* weights, float* y, float* scratch) const {
  const Window& g = window_;
  float turned[kMostKernel * kMostKernel], *wide = scratch + g.source_size();
  for (int i = 0; i < kernel_ * kernel_; ++i) turned[i % kernel_ * kernel_ + i / kernel_] = weights[i];
  ForBlocks(g.out_h, [&](int picture, int count, int first, int lines, int vectors) {
    CopyIn(g, x, picture, count, first * g.stride, g.stride * (lines - 1) + (kernel_ - 1) * g.dilation + 1,
           g.lines < g.positions_y, scratch);
    (g.stride == 1 ? ConvolveLines<1> : ConvolveLines<2>)({scratch, g.row_pitch, g.dilation}, kernel_, columns_.data(),
                                                          kernel_, turned, lines, vectors, wide, wide_pitch_);
    for (int line = 0; line < lines; ++line)
      CopyOut(g, wide + size_t(line) * wide_pitch_, picture, count, first + line, y);
  });
}

void Depthwise::Backward(const Source& x, const GradientSource& dy, const float* weights, float* weight_gradient,
                         float* dx, bool add, float* scratch) const {
  const Window& g = window_;
  float *d = scratch + g.source_size(), *wide = d + g.d_size();
  const bool strips = g.lines < g.positions_y;
  ForBlocks(g.positions_y, [&](int picture, int count, int first, int rows, int vectors) {
    CopyGradientsIn(g, dy, picture, count, first - g.reach_y, rows + g.reach_y, strips, d);
    const int lines = std::min(rows, g.out_h - first);
    if (lines > 0) {
      CopyIn(g, x, picture, count, first * g.stride, g.stride * (lines - 1) + (kernel_ - 1) * g.dilation + 1, strips,
             scratch);
      (g.stride == 1 ? AddWeightGradient<1> : AddWeightGradient<2>)({scratch, g.row_pitch, g.dilation}, kernel_,
                                                                    columns_.data(),
                                                                    d + size_t(g.reach_y) * g.d_pitch + g.d_margin,
                                                                    g.d_pitch, lines, vectors, weight_gradient);
    }
    if (dx != nullptr) InputGradient(d, weights, first, rows, picture, count, add, wide, dx);
  });
}

// A convolution of the gradients with the kernel turned by 180°; of a stride's phases each with its part of it.
void Depthwise::InputGradient(const float* d, const float* weights, int first, int lines, int picture, int count,
                              bool add, float* wide, float* dx) const {
  const Window& g = window_;
  const int vectors = (count * g.picture_pitch + kLanes - 1) / kLanes;
  for (int row = 0; row < g.stride; ++row) {
    const Part down = PartOf(row);
    // Positions whose row is in the picture.
    const int begin = std::max(first, (g.pad_top - row + g.stride - 1) / g.stride),
              end = std::min(first + lines, (g.pad_top + g.h - row + g.stride - 1) / g.stride);
    if (begin >= end) continue;
    for (int column = 0; column < g.stride; ++column) {
      const Part across = PartOf(column);
      float turned[kMostKernel * kMostKernel];
      ptrdiff_t columns[kMostKernel];
      for (int i = 0; i < across.count; ++i) {
        const int kx = across.first + i * g.stride;
        columns[i] = ptrdiff_t(g.d_margin) - kx * g.dilation / g.stride;
        for (int k = 0; k < down.count; ++k)
          turned[i * down.count + k] = weights[(down.first + (down.count - 1 - k) * g.stride) * kernel_ + kx];
      }
      // The last tap looks furthest up.
      const int up = (down.count - 1) * g.dilation;
      ConvolveLines<1>({d + size_t(begin - first + g.reach_y - up) * g.d_pitch, g.d_pitch, g.dilation}, down.count,
                       columns, across.count, turned, end - begin, vectors, wide + size_t(column) * wide_pitch_,
                       wide_pitch_ * size_t(g.stride));
    }
    for (int position = begin; position < end; ++position)
      CopyPhasesOut(g, wide + size_t((position - begin) * g.stride) * wide_pitch_, wide_pitch_, picture, count,
                    position * g.stride + row - g.pad_top, add, dx);
  }
}

}  // namespace scrim::train::cpu
