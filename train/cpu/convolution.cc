#include "cpu/convolution.h"

#include <algorithm>
#include <cstring>

#include "base/aligned.h"
#include "cpu/products.h"
#include "cpu/rows.h"

namespace scrim::train::cpu {
namespace {

// Outputs that are taken one by one, several rows at a time, rather than all of a row: they would share too few loads.
constexpr int kFew = 3;

int VectorsOf(size_t width) { return int((width + kLanes - 1) / kLanes); }

}  // namespace

Convolution::Convolution(const graph::ConvAttributes& conv, int in, int n, int h, int w, int out_h, int out_w)
    : groups_(conv.groups),
      in_(in / conv.groups),
      out_(conv.out_channels / conv.groups),
      kernel_(conv.kernel_h * conv.kernel_w),
      window_(conv, std::max(in_, out_), n, h, w, out_h, out_w),
      few_(out_ <= kFew && conv.dilation == 1 && RowsSupport(conv)) {
  const Window& g = window_;
  for (int c = 0; c < in_; ++c)
    for (int x = 0; x < g.kernel_w; ++x)
      columns_.push_back(
          ptrdiff_t(size_t(c) * g.source_size() + size_t(x % g.stride) * g.phase_pitch + size_t(x / g.stride)));
  for (int o = 0; o < out_; ++o)
    for (int x = 0; x < g.kernel_w; ++x) d_columns_.push_back(ptrdiff_t(size_t(o) * g.d_size() + g.d_margin) - x);
  for (int c = 0; c < in_; ++c)
    for (int ky = 0; ky < g.kernel_h; ++ky)
      for (int kx = 0; kx < g.kernel_w; ++kx) {
        const int x = kx * g.dilation;
        offsets_.push_back(ptrdiff_t(size_t(c) * g.source_size() + size_t(ky * g.dilation) * g.row_pitch +
                                     size_t(x % g.stride) * g.phase_pitch + size_t(x / g.stride)));
      }
  for (int row = 0; row < g.stride; ++row)
    for (int column = 0; column < g.stride; ++column) {
      Phase phase;
      for (int o = 0; o < out_; ++o)
        for (int ky = 0; ky < g.kernel_h; ++ky)
          for (int kx = 0; kx < g.kernel_w; ++kx) {
            const int y = ky * g.dilation - row, x = kx * g.dilation - column;
            if (y % g.stride != 0 || x % g.stride != 0) continue;
            phase.offsets.push_back(ptrdiff_t(size_t(o) * g.d_size()) +
                                    ptrdiff_t(g.reach_y - y / g.stride) * ptrdiff_t(g.d_pitch) - x / g.stride);
            if (o == 0) phase.taps.push_back(ky * g.kernel_w + kx);
          }
      phases_.push_back(std::move(phase));
    }
  wide_pitch_ = RoundUp(g.width, kLanes) + 2 * kLanes;
  scratch_size_ = size_t(in_) * g.source_size() + size_t(out_) * g.d_size() +
                  wide_pitch_ * size_t(std::max({out_, in_ * g.stride, g.lines})) + 4 * kLanes;
}

template <typename Use>
void Convolution::ForBlocks(int positions_y, Use use) const {
  for (int picture = 0; picture < window_.n; picture += window_.pictures) {
    const int count = std::min(window_.pictures, window_.n - picture);
    for (int y = 0; y < positions_y; y += window_.lines)
      use(Block{picture, count, y, std::min(window_.lines, positions_y - y),
                size_t(count) * size_t(window_.picture_pitch)});
  }
}

void Convolution::Forward(const Tensor& x, const BatchNorm* norm, const float* weights, const float* bias,
                          const Tensor& y, float* scratch) const {
  const Window& g = window_;
  float* wide = scratch + size_t(in_) * g.source_size();
  std::memset(scratch, 0, size_t(in_) * g.source_size() * sizeof(float));
  const bool strips = g.lines < g.positions_y;
  for (int group = 0; group < groups_; ++group)
    ForBlocks(g.out_h, [&](const Block& b) {
      for (int c = 0; c < in_; ++c)
        CopyIn(g, SourceOf(x, norm, group * in_ + c), b.picture, b.count, b.first * g.stride,
               g.stride * (b.lines - 1) + (g.kernel_h - 1) * g.dilation + 1, strips,
               scratch + size_t(c) * g.source_size());
      if (few_) {
        for (int o = group * out_; o < (group + 1) * out_; ++o)
          FewForward(b, weights + size_t(o) * offsets_.size(), bias == nullptr ? 0.f : bias[o], scratch, wide,
                     y.channel(o));
        return;
      }
      for (int line = 0; line < b.lines; ++line) {
        WeightedSums({scratch + size_t(line * g.stride) * g.row_pitch, offsets_.data(), int(offsets_.size())},
                     {weights + size_t(group) * out_ * offsets_.size(), ptrdiff_t(offsets_.size()), 1},
                     bias == nullptr ? nullptr : bias + group * out_, wide, wide_pitch_, out_, b.width, false);
        for (int o = 0; o < out_; ++o)
          CopyOut(g, wide + size_t(o) * wide_pitch_, wide_pitch_, b.picture, b.count, b.first + line, 1,
                  y.channel(group * out_ + o));
      }
    });
}

void Convolution::Backward(const Tensor& x, const BatchNorm* norm, const Tensor& dy, const float* weights,
                           float* weight_gradient, const Tensor& dx, bool accumulate, float* scratch) const {
  const Window& g = window_;
  float *source = scratch, *d = source + size_t(in_) * g.source_size(), *wide = d + size_t(out_) * g.d_size();
  std::memset(scratch, 0, size_t(wide - scratch) * sizeof(float));
  const bool strips = g.lines < g.positions_y;
  std::vector<float> packed;
  for (int group = 0; group < groups_; ++group) {
    const size_t first_weight = size_t(group) * out_ * offsets_.size();
    // Channels of the group whose gradient is wanted.
    const int wanted = dx.data == nullptr ? 0 : std::clamp(dx.channels - group * in_, 0, in_);
    if (wanted > 0) Pack(weights + first_weight, wanted, &packed);
    ForBlocks(g.positions_y, [&](const Block& b) {
      for (int o = 0; o < out_; ++o)
        CopyGradientsIn(g, {dy.channel(group * out_ + o), nullptr, nullptr}, b.picture, b.count, b.first - g.reach_y,
                        b.lines + g.reach_y, strips, d + size_t(o) * g.d_size());
      const int lines = std::min(b.lines, g.out_h - b.first);
      if (lines > 0) {
        for (int c = 0; c < in_; ++c)
          CopyIn(g, SourceOf(x, norm, group * in_ + c), b.picture, b.count, b.first * g.stride,
                 g.stride * (lines - 1) + (g.kernel_h - 1) * g.dilation + 1, strips,
                 source + size_t(c) * g.source_size());
        const float* lines_of_d = d + size_t(g.reach_y) * g.d_pitch + g.d_margin;
        if (few_) {
          for (int o = 0; o < out_; ++o)
            for (int c = 0; c < in_; ++c)
              AddRowProducts({source, g.row_pitch, 1}, g.stride, g.kernel_w, columns_.data() + c * g.kernel_w,
                             lines_of_d + size_t(o) * g.d_size(), g.d_pitch, lines, VectorsOf(b.width),
                             weight_gradient + first_weight + size_t(o * in_ + c) * size_t(kernel_));
        } else {
          AddWeightGradients({source, offsets_.data(), int(offsets_.size())}, size_t(g.stride) * g.row_pitch,
                             {lines_of_d, g.d_size(), g.d_pitch}, out_, lines, b.width, weight_gradient + first_weight,
                             ptrdiff_t(offsets_.size()), 1);
        }
      }
      if (few_ && g.stride == 1 && wanted <= kFew) {
        for (int c = 0; c < wanted; ++c)
          FewInputGradient(b, d, weights + first_weight + size_t(c) * size_t(kernel_), accumulate, wide,
                           dx.channel(group * in_ + c));
      } else if (wanted > 0) {
        Tensor to = dx;
        to.channels = wanted;
        InputGradient(b, d, packed, to, group * in_, accumulate, wide);
      }
    });
  }
}

void Convolution::FewForward(const Block& b, const float* weights, float bias, const float* source, float* wide,
                             float* y) const {
  const Window& g = window_;
  std::vector<float> turned;  // column after column
  for (int c = 0; c < in_; ++c)
    for (int kx = 0; kx < g.kernel_w; ++kx)
      for (int ky = 0; ky < g.kernel_h; ++ky) turned.push_back(weights[c * kernel_ + ky * g.kernel_w + kx]);
  SumRows({source, g.row_pitch, 1}, g.stride, g.kernel_h, columns_.data(), int(columns_.size()), turned.data(), b.lines,
          VectorsOf(b.width), wide, wide_pitch_);
  if (bias != 0.f)
    for (size_t i = 0; i < size_t(b.lines) * wide_pitch_; i += kLanes) Store(wide + i, Load(wide + i) + bias);
  CopyOut(g, wide, wide_pitch_, b.picture, b.count, b.first, b.lines, y);
}

void Convolution::FewInputGradient(const Block& b, const float* d, const float* weights, bool accumulate, float* wide,
                                   float* dx) const {
  const Window& g = window_;
  const int begin = std::max(b.first, g.pad_top), end = std::min(b.first + b.lines, g.pad_top + g.h);
  if (begin >= end) return;
  std::vector<float> turned;
  for (int o = 0; o < out_; ++o)
    for (int kx = 0; kx < g.kernel_w; ++kx)
      for (int ky = g.kernel_h - 1; ky >= 0; --ky) turned.push_back(weights[o * in_ * kernel_ + ky * g.kernel_w + kx]);
  SumRows({d + size_t(begin - b.first) * g.d_pitch, g.d_pitch, 1}, 1, g.kernel_h, d_columns_.data(),
          int(d_columns_.size()), turned.data(), end - begin, VectorsOf(b.width), wide, wide_pitch_);
  CopyPhasesOut(g, wide, wide_pitch_, b.picture, b.count, begin - g.pad_top, end - begin, accumulate, dx);
}

void Convolution::InputGradient(const Block& b, const float* d, const std::vector<float>& packed, const Tensor& dx,
                                int first, bool accumulate, float* wide) const {
  const Window& g = window_;
  for (int line = 0; line < b.lines; ++line) {
    const float* weights = packed.data();
    for (int row = 0; row < g.stride; ++row) {
      const int y = (b.first + line) * g.stride + row - g.pad_top;
      for (int column = 0; column < g.stride; ++column) {
        const Phase& phase = phases_[size_t(row * g.stride + column)];
        if (y >= 0 && y < g.h)
          WeightedSums({d + size_t(line) * g.d_pitch + g.d_margin, phase.offsets.data(), int(phase.offsets.size())},
                       {weights, 1, dx.channels}, nullptr, wide + size_t(column) * wide_pitch_,
                       wide_pitch_ * size_t(g.stride), dx.channels, b.width, false);
        weights += phase.offsets.size() * size_t(dx.channels);
      }
      if (y < 0 || y >= g.h) continue;
      for (int c = 0; c < dx.channels; ++c)
        CopyPhasesOut(g, wide + size_t(c) * wide_pitch_ * size_t(g.stride), wide_pitch_, b.picture, b.count, y, 1,
                      accumulate, dx.channel(first + c));
    }
  }
}

void Convolution::Pack(const float* weights, int channels, std::vector<float>* packed) const {
  packed->clear();
  for (const Phase& phase : phases_)
    for (int o = 0; o < out_; ++o)
      for (int tap : phase.taps)
        for (int c = 0; c < channels; ++c) packed->push_back(weights[(size_t(o) * in_ + c) * kernel_ + tap]);
}

}  // namespace scrim::train::cpu
