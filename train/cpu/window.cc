#include "cpu/window.h"

#include <algorithm>
#include <cstring>

#include "base/aligned.h"

namespace scrim::train::cpu {
namespace {

// Positions of a wide row: enough vectors that the last one, partly empty, costs little.
constexpr int kWide = 256;
// Floats of a block: of one channel it stays in the first cache beside that of the gradients, of several in the second.
constexpr size_t kBlock = 4000, kBlocks = 40000;

// What value(p) gives for p = at, at + 1, ... at + count - 1, followed by zeros up to a whole vector.
template <typename F>
void CopyRow(F value, size_t at, int count, float* to) {
  int x = 0;
  for (; x + kLanes <= count; x += kLanes) Store(to + x, value(at + size_t(x)));
  if (x < count) Store(to + x, First(value(at + size_t(x)), count - x));
}

void StoreRow(const float* from, int count, float* to) {
  int x = 0;
  for (; x + kLanes <= count; x += kLanes) Store(to + x, Load(from + x));
  if (x < count) StoreFirst(to + x, Load(from + x), count - x);
}

void AddRow(const float* from, int count, float* to) {
  int x = 0;
  for (; x + kLanes <= count; x += kLanes) Store(to + x, Load(to + x) + Load(from + x));
  if (x < count) StoreFirst(to + x, LoadFirst(to + x, count - x) + Load(from + x), count - x);
}

#ifdef __AVX512F__
inline Vec Even(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
inline Vec Odd(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
inline Vec ZipLow(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Vec ZipHigh(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
#else
inline Vec Even(Vec a, Vec b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
inline Vec Odd(Vec a, Vec b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15); }
inline Vec ZipLow(Vec a, Vec b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline Vec ZipHigh(Vec a, Vec b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
#endif

// Columns 0, 2, ... to `even`, 1, 3, ... to `odd`, each followed by zeros up to a whole vector.
template <typename F>
void SplitRow(F value, size_t at, int count, float* even, float* odd) {
  for (int x = 0; x < count; x += 2 * kLanes) {
    const int left = count - x;
    Vec a = value(at + size_t(x)), b{};
    if (left < kLanes) a = First(a, left);
    if (left > kLanes) b = value(at + size_t(x) + kLanes);
    if (left > kLanes && left < 2 * kLanes) b = First(b, left - kLanes);
    Store(even + x / 2, Even(a, b));
    Store(odd + x / 2, Odd(a, b));
  }
}

// The other way round.
void JoinRow(const float* even, const float* odd, int count, bool accumulate, float* to) {
  for (int x = 0; x < count; x += 2 * kLanes) {
    const Vec a = Load(even + x / 2), b = Load(odd + x / 2);
    const Vec zipped[2] = {ZipLow(a, b), ZipHigh(a, b)};
    for (int half = 0; half < 2; ++half) {
      const int at = x + half * kLanes, left = std::clamp(count - at, 0, kLanes);
      StoreFirst(to + at, accumulate ? LoadFirst(to + at, left) + zipped[half] : zipped[half], left);
    }
  }
}

}  // namespace

Window::Window(const graph::ConvAttributes& conv, int channels, int n, int h, int w, int out_h, int out_w)
    : kernel_h(conv.kernel_h),
      kernel_w(conv.kernel_w),
      stride(conv.stride),
      dilation(conv.dilation),
      pad_top(conv.pad_top),
      pad_left(conv.pad_left),
      n(n),
      h(h),
      w(w),
      out_h(out_h),
      out_w(out_w) {
  reach_x = (kernel_w - 1) * dilation / stride;
  reach_y = (kernel_h - 1) * dilation / stride;
  // Neighbours may share the zeros between them: to the right of a picture a tap needs them up to out_w + reach_x, to
  // the left of the next one down to its first position less reach_x.
  int first = w + pad_left, end = 0;
  for (int p = 0; p < stride; ++p) {
    first_position.push_back(std::max(0, (pad_left - p + stride - 1) / stride));
    first = std::min(first, first_position.back());
    end = std::max(end, (pad_left + w - p + stride - 1) / stride);
  }
  picture_pitch = std::max({end, out_w + reach_x - first, out_w});
  const int blocks = GroupCount(n, std::clamp(kWide / picture_pitch, 1, n));
  pictures = GroupCount(n, blocks);
  width = size_t(pictures) * size_t(picture_pitch);
  // Vectors may begin at the last position that counts and a tap's reach further on.
  phase_pitch = RoundUp(width + size_t(reach_x), kLanes) + 2 * kLanes;
  row_pitch = phase_pitch * size_t(stride);
  d_margin = RoundUp(size_t(reach_x), kLanes);
  d_pitch = d_margin + RoundUp(width, kLanes) + kLanes;
  positions_y = std::max(out_h, (pad_top + h + stride - 1) / stride);
  const size_t block = channels == 1 ? kBlock : kBlocks / size_t(channels),
               taken = size_t(kernel_h - 1) * size_t(dilation) * row_pitch,
               fit = taken >= block ? 1 : (block - taken) / (row_pitch * size_t(stride));
  lines = std::clamp(int(std::max(fit, size_t(kernel_h * 2 / stride))), 1, positions_y);
}

namespace {

template <typename F>
void CopyRowsIn(const Window& g, F value, int picture, int count, int first, int rows, bool clear, float* to) {
  const int odd = g.pad_left % 2;  // of a stride of 2 the phase of column 0
  for (int r = 0; r < rows; ++r, to += g.row_pitch) {
    const int y = first + r - g.pad_top;
    if (y < 0 || y >= g.h) {
      if (clear) std::memset(to, 0, g.row_pitch * sizeof(float));
      continue;
    }
    size_t from = (size_t(picture) * g.h + y) * size_t(g.w);
    float* wide = to;
    for (int i = 0; i < count; ++i, from += size_t(g.h) * g.w, wide += g.picture_pitch) {
      if (g.stride == 1) {
        CopyRow(value, from, g.w, wide + g.first_position[size_t(0)]);
      } else if (g.stride == 2) {
        SplitRow(value, from, g.w, wide + odd * g.phase_pitch + g.first_position[size_t(odd)],
                 wide + (1 - odd) * g.phase_pitch + g.first_position[size_t(1 - odd)]);
      } else {
        for (int x = 0; x < g.w; ++x)
          wide[size_t((x + g.pad_left) % g.stride) * g.phase_pitch + size_t((x + g.pad_left) / g.stride)] =
              value(from + size_t(x))[0];
      }
    }
  }
}

template <typename F>
void CopyOutputRowsIn(const Window& g, F value, int picture, int count, int first, int rows, bool clear, float* to) {
  for (int r = 0; r < rows; ++r, to += g.d_pitch) {
    const int y = first + r;
    if (y < 0 || y >= g.out_h) {
      if (clear) std::memset(to, 0, g.d_pitch * sizeof(float));
      continue;
    }
    size_t from = (size_t(picture) * g.out_h + y) * size_t(g.out_w);
    for (int i = 0; i < count; ++i, from += size_t(g.out_h) * g.out_w)
      CopyRow(value, from, g.out_w, to + g.d_margin + size_t(i) * g.picture_pitch);
    // What a block of more pictures left there would count in the weights' gradient.
    if (count < g.pictures) {
      const size_t end = g.d_margin + size_t(count) * g.picture_pitch;
      std::fill(to + end, to + g.d_pitch, 0.f);
    }
  }
}

}  // namespace

void CopyIn(const Window& g, const Source& channel, int picture, int count, int first, int rows, bool clear,
            float* to) {
  const float* x = channel.x;
  if (channel.activation == nullptr) {
    CopyRowsIn(
        g, [=](size_t p) { return Load(x + p); }, picture, count, first, rows, clear, to);
  } else {
    const Activation activation = *channel.activation;
    CopyRowsIn(
        g, [=](size_t p) { return activation(Load(x + p)); }, picture, count, first, rows, clear, to);
  }
}

void CopyGradientsIn(const Window& g, const GradientSource& channel, int picture, int count, int first, int rows,
                     bool clear, float* to) {
  const float *d = channel.d, *x = channel.x;
  if (channel.gradient == nullptr) {
    CopyOutputRowsIn(
        g, [=](size_t p) { return Load(d + p); }, picture, count, first, rows, clear, to);
  } else {
    const ActivationGradient gradient = *channel.gradient;
    CopyOutputRowsIn(
        g, [=](size_t p) { return gradient(Load(x + p), Load(d + p)); }, picture, count, first, rows, clear, to);
  }
}

void CopyOut(const Window& g, const float* wide, int picture, int count, int y, float* channel) {
  float* to = channel + (size_t(picture) * g.out_h + y) * size_t(g.out_w);
  for (int i = 0; i < count; ++i, to += size_t(g.out_h) * g.out_w)
    StoreRow(wide + size_t(i) * g.picture_pitch, g.out_w, to);
}

void CopyPhasesOut(const Window& g, const float* wide, size_t pitch, int picture, int count, int y, bool accumulate,
                   float* channel) {
  float* to = channel + (size_t(picture) * g.h + y) * size_t(g.w);
  for (int i = 0; i < count; ++i, to += size_t(g.h) * g.w) {
    const float* from = wide + size_t(i) * g.picture_pitch;
    if (g.stride == 1) {
      (accumulate ? AddRow : StoreRow)(from + g.first_position[size_t(0)], g.w, to);
    } else if (g.stride == 2) {
      const int odd = g.pad_left % 2;
      JoinRow(from + odd * pitch + g.first_position[size_t(odd)],
              from + (1 - odd) * pitch + g.first_position[size_t(1 - odd)], g.w, accumulate, to);
    } else {
      for (int x = 0; x < g.w; ++x) {
        const float v = from[size_t((x + g.pad_left) % g.stride) * pitch + size_t((x + g.pad_left) / g.stride)];
        to[x] = accumulate ? to[x] + v : v;
      }
    }
  }
}

}  // namespace scrim::train::cpu
