#include "cpu/depthwise.h"

#include <algorithm>
#include <cstring>

#include "base/aligned.h"
#include "cpu/rows.h"

namespace scrim::train::cpu {
bool Depthwise::Supports(const graph::ConvAttributes& a, int channels) {
  return a.groups == channels && a.out_channels == channels && a.kernel_h == a.kernel_w && RowsSupport(a);
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
    SumRows({scratch, g.row_pitch, g.dilation}, g.stride, kernel_, columns_.data(), kernel_, turned, lines, vectors,
            wide, wide_pitch_);
    CopyOut(g, wide, wide_pitch_, picture, count, first, lines, y);
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
      AddRowProducts({scratch, g.row_pitch, g.dilation}, g.stride, kernel_, columns_.data(),
                     d + size_t(g.reach_y) * g.d_pitch + g.d_margin, g.d_pitch, lines, vectors, weight_gradient);
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
      SumRows({d + size_t(begin - first + g.reach_y - up) * g.d_pitch, g.d_pitch, g.dilation}, 1, down.count, columns,
              across.count, turned, end - begin, vectors, wide + size_t(column) * wide_pitch_,
              wide_pitch_ * size_t(g.stride));
    }
    CopyPhasesOut(g, wide, wide_pitch_, picture, count, begin * g.stride + row - g.pad_top, end - begin, add, dx);
  }
}

}  // namespace scrim::train::cpu
