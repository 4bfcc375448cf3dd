#include "cpu/window.h"

#include <algorithm>
#include <cstring>

#include "base/aligned.h"

namespace scrim::train::cpu {
namespace {

// Positions of a wide row: enough vectors that the last one, partly empty, costs little.
constexpr int kWide = 140;
// Floats of a block: of one channel it stays in the first cache beside that of the gradients, of several in the second.
constexpr size_t kBlock = 6000, kBlocks = 40000;

// The widths that networks have go without masks: whole vectors, a half or a quarter of one.
enum class Width { kWhole, kHalf, kQuarter, kAny };
Width WidthOf(int width) {
  return width % kLanes == 0   ? Width::kWhole
         : width * 2 == kLanes ? Width::kHalf
         : width * 4 == kLanes ? Width::kQuarter
                               : Width::kAny;
}
// Calls f with the kind as a constant.
template <typename F>
void WithWidth(Width width, F f) {
  switch (width) {
    case Width::kWhole:
      return f(std::integral_constant<Width, Width::kWhole>());
    case Width::kHalf:
      return f(std::integral_constant<Width, Width::kHalf>());
    case Width::kQuarter:
      return f(std::integral_constant<Width, Width::kQuarter>());
    default:
      return f(std::integral_constant<Width, Width::kAny>());
  }
}

// `count` floats to `to`, value(x) for x = 0, kLanes, ... a vector at a time, and nothing behind them. count is of the
// kind kWidth.
template <Width kWidth, typename F>
inline void StoreRow(F value, int count, float* to) {
  if constexpr (kWidth == Width::kHalf) {
    StoreHalf(to, value(0));
  } else if constexpr (kWidth == Width::kQuarter) {
    StoreQuarter(to, value(0));
  } else {
    int x = 0;
    for (; x + kLanes <= count; x += kLanes) Store(to + x, value(x));
    if (kWidth == Width::kAny && x < count) StoreFirst(to + x, value(x), count - x);
  }
}

// Of a row of `count` floats, value(x) a vector from x on, columns 0, 2, ... to `even`, 1, 3, ... to `odd`. count / 2,
// rounded down, is of the kind kWidth, and for kinds other than kAny count is even.
template <Width kWidth, typename F>
inline void SplitRow(F value, int count, float* even, float* odd) {
  if constexpr (kWidth == Width::kHalf) {
    const Vec a = value(0);
    StoreHalf(even, Even(a, a)), StoreHalf(odd, Odd(a, a));
  } else if constexpr (kWidth == Width::kQuarter) {
    const Vec a = value(0);
    StoreQuarter(even, Even(a, a)), StoreQuarter(odd, Odd(a, a));
  } else {
    int x = 0;
    for (; x + 2 * kLanes <= count; x += 2 * kLanes) {
      const Vec a = value(x), b = value(x + kLanes);
      Store(even + x / 2, Even(a, b)), Store(odd + x / 2, Odd(a, b));
    }
    if (kWidth == Width::kAny && x < count) {
      const Vec a = value(x), b = count - x > kLanes ? value(x + kLanes) : a;
      StoreFirst(even + x / 2, Even(a, b), (count - x + 1) / 2), StoreFirst(odd + x / 2, Odd(a, b), (count - x) / 2);
    }
  }
}

// The other way round: store(x, v, lanes) gets the joined row a vector at a time.
template <Width kWidth, typename F>
inline void JoinRow(const float* even, const float* odd, int count, F store) {
  for (int x = 0; x < count; x += 2 * kLanes) {
    const Vec a = Load(even + x / 2), b = Load(odd + x / 2);
    store(x, ZipLow(a, b), kWidth == Width::kWhole ? kLanes : std::min(kLanes, count - x));
    if (kWidth == Width::kWhole || count - x > kLanes)
      store(x + kLanes, ZipHigh(a, b), kWidth == Width::kWhole ? kLanes : std::min(kLanes, count - x - kLanes));
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

// value(p): the vector from position p of the channel on.
template <typename F>
void CopyRowsIn(const Window& g, F value, int picture, int count, int first, int rows, bool clear, float* to) {
  const int odd = g.pad_left % 2;  // of a stride of 2 the phase of column 0
  if (clear) {
    for (int r = 0; r < rows; ++r)
      if (first + r < g.pad_top || first + r >= g.pad_top + g.h)
        std::memset(to + size_t(r) * g.row_pitch, 0, g.row_pitch * sizeof(float));
  }
  const int begin = std::max(first, g.pad_top), end = std::min(first + rows, g.pad_top + g.h);
  // Picture after picture: the channel is read from one end to the other.
  const auto for_rows = [&](auto copy) {
    for (int i = 0; i < count; ++i) {
      size_t from = (size_t(picture + i) * g.h + size_t(begin - g.pad_top)) * size_t(g.w);
      float* wide = to + size_t(begin - first) * g.row_pitch + size_t(i) * g.picture_pitch;
      for (int r = begin; r < end; ++r, from += size_t(g.w), wide += g.row_pitch) copy(from, wide);
    }
  };
  const int w = g.w;
  if (g.stride == 1) {
    const int at = g.first_position[0];
    WithWidth(WidthOf(w), [&](auto kind) {
      for_rows([&](size_t from, float* wide) {
        StoreRow<kind()>([&](int x) { return value(from + size_t(x)); }, w, wide + at);
      });
    });
  } else if (g.stride == 2) {
    const size_t even_at = odd * g.phase_pitch + size_t(g.first_position[size_t(odd)]),
                 odd_at = (1 - odd) * g.phase_pitch + size_t(g.first_position[size_t(1 - odd)]);
    WithWidth(w % 2 != 0 ? Width::kAny : WidthOf(w / 2), [&](auto kind) {
      for_rows([&](size_t from, float* wide) {
        SplitRow<kind()>([&](int x) { return value(from + size_t(x)); }, w, wide + even_at, wide + odd_at);
      });
    });
  } else {
    for_rows([&](size_t from, float* wide) {
      for (int x = 0; x < w; ++x)
        wide[size_t((x + g.pad_left) % g.stride) * g.phase_pitch + size_t((x + g.pad_left) / g.stride)] =
            value(from + size_t(x))[0];
    });
  }
}

template <typename F>
void CopyOutputRowsIn(const Window& g, F value, int picture, int count, int first, int rows, bool clear, float* to) {
  if (clear) {
    for (int r = 0; r < rows; ++r)
      if (first + r < 0 || first + r >= g.out_h) std::memset(to + size_t(r) * g.d_pitch, 0, g.d_pitch * sizeof(float));
  }
  const int begin = std::max(first, 0), end = std::min(first + rows, g.out_h);
  WithWidth(WidthOf(g.out_w), [&](auto kind) {
    for (int i = 0; i < count; ++i) {
      size_t from = (size_t(picture + i) * g.out_h + size_t(begin)) * size_t(g.out_w);
      float* wide = to + size_t(begin - first) * g.d_pitch + g.d_margin + size_t(i) * g.picture_pitch;
      for (int r = begin; r < end; ++r, from += size_t(g.out_w), wide += g.d_pitch)
        StoreRow<kind()>([&](int x) { return value(from + size_t(x)); }, g.out_w, wide);
    }
  });
  // What a block of more pictures left there would count in the weights' gradient.
  if (count < g.pictures)
    for (int r = begin; r < end; ++r) {
      float* row = to + size_t(r - first) * g.d_pitch;
      std::fill(row + g.d_margin + size_t(count) * g.picture_pitch, row + g.d_pitch, 0.f);
    }
}

}  // namespace

void CopyIn(const Window& g, const Source& channel, int picture, int count, int first, int rows, bool clear,
            float* to) {
  const float* x = channel.x;
  if (channel.activation == nullptr) {
    CopyRowsIn(
        g, [=](size_t p) { return LoadAhead(x + p); }, picture, count, first, rows, clear, to);
  } else {
    const Activation activation = *channel.activation;
    CopyRowsIn(
        g, [=](size_t p) { return activation(LoadAhead(x + p)); }, picture, count, first, rows, clear, to);
  }
}

void CopyGradientsIn(const Window& g, const GradientSource& channel, int picture, int count, int first, int rows,
                     bool clear, float* to) {
  const float *d = channel.d, *x = channel.x;
  if (channel.gradient == nullptr) {
    CopyOutputRowsIn(
        g, [=](size_t p) { return LoadAhead(d + p); }, picture, count, first, rows, clear, to);
  } else {
    const ActivationGradient gradient = *channel.gradient;
    CopyOutputRowsIn(
        g, [=](size_t p) { return gradient(LoadAhead(x + p), LoadAhead(d + p)); }, picture, count, first, rows, clear,
        to);
  }
}

void CopyOut(const Window& g, const float* wide, size_t pitch, int picture, int count, int y, int lines,
             float* channel) {
  WithWidth(WidthOf(g.out_w), [&](auto kind) {
    for (int i = 0; i < count; ++i) {
      const float* from = wide + size_t(i) * g.picture_pitch;
      float* to = channel + (size_t(picture + i) * g.out_h + size_t(y)) * size_t(g.out_w);
      for (int r = 0; r < lines; ++r, from += pitch, to += g.out_w)
        StoreRow<kind()>([&](int x) { return Load(from + x); }, g.out_w, to);
    }
  });
}

void CopyPhasesOut(const Window& g, const float* wide, size_t pitch, int picture, int count, int y, int lines,
                   bool accumulate, float* channel) {
  const size_t line = pitch * size_t(g.stride), row = size_t(g.w) * size_t(g.stride);
  const auto for_rows = [&](auto copy) {
    for (int i = 0; i < count; ++i) {
      const float* from = wide + size_t(i) * g.picture_pitch;
      float* to = channel + (size_t(picture + i) * g.h + size_t(y)) * size_t(g.w);
      for (int r = 0; r < lines; ++r, from += line, to += row) copy(from, to);
    }
  };
  if (g.stride == 1) {
    const int at = g.first_position[0];
    WithWidth(WidthOf(g.w), [&](auto kind) {
      for_rows([&](const float* from, float* to) {
        StoreRow<kind()>([&](int x) { return accumulate ? Load(to + x) + Load(from + at + x) : Load(from + at + x); },
                         g.w, to);
      });
    });
  } else if (g.stride == 2) {
    const int odd = g.pad_left % 2;
    const size_t even_at = odd * pitch + size_t(g.first_position[size_t(odd)]),
                 odd_at = (1 - odd) * pitch + size_t(g.first_position[size_t(1 - odd)]);
    WithWidth(g.w % 2 != 0 ? Width::kAny : WidthOf(g.w / 2), [&](auto kind) {
      for_rows([&](const float* from, float* to) {
        JoinRow<kind()>(from + even_at, from + odd_at, g.w, [&](int x, Vec v, int lanes) {
          if (accumulate) v += Load(to + x);
          lanes == kLanes ? Store(to + x, v) : StoreFirst(to + x, v, lanes);
        });
      });
    });
  } else {
    for_rows([&](const float* from, float* to) {
      for (int x = 0; x < g.w; ++x) {
        const float v = from[size_t((x + g.pad_left) % g.stride) * pitch + size_t((x + g.pad_left) / g.stride)];
        to[x] = accumulate ? to[x] + v : v;
      }
    });
  }
}

}  // namespace scrim::train::cpu
