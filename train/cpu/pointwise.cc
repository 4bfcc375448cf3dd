#include "cpu/pointwise.h"

#include <algorithm>

#include "cpu/products.h"

namespace scrim::train::cpu {
namespace {

// Columns of a product that WeightedSums makes at a time.
constexpr size_t kTile = 4 * kLanes;
// Floats of a panel, some values of all channels, whose activations stay in the first cache for all outputs.
constexpr size_t kPanel = 8192;
// For the weights' gradient, whose sums over the lanes at the end of a block cost as much as some dozen values: a
// tile's rows stay in the first cache, those of all channels in the second.
constexpr size_t kLongestBlock = 1024, kBlocks = 100000;

// The activations of `count` values of all channels from x on, `pitch` floats from one channel to the next.
// Those that come next are fetched meanwhile.
void Activate(const Tensor& x, const BatchNorm& norm, size_t from, size_t count, float* to, size_t pitch) {
  for (int c = 0; c < x.channels; ++c, to += pitch) {
    const float* row = x.channel(c) + from;
    for (size_t p = 0; p < count; p += 16) __builtin_prefetch(row + count + p);
    norm.Forward(c, row, count, to);
  }
}

}  // namespace

Pointwise::Pointwise(int in, int out, size_t in_stride, size_t out_stride)
    : in_(in),
      out_(out),
      panel_(std::clamp(kPanel / size_t(in) / kTile * kTile, kTile, 8 * kTile)),
      block_(std::clamp(kBlocks / size_t(in) / kTile * kTile, kTile, kLongestBlock)) {
  for (int c = 0; c < in; ++c) {
    rows_.push_back(ptrdiff_t(size_t(c) * in_stride));
    panel_rows_.push_back(ptrdiff_t(size_t(c) * ChannelStride(panel_)));
    block_rows_.push_back(ptrdiff_t(size_t(c) * ChannelStride(block_)));
  }
  for (int o = 0; o < out; ++o) d_rows_.push_back(ptrdiff_t(size_t(o) * out_stride));
}

size_t Pointwise::scratch_size() const { return size_t(in_) * ChannelStride(std::max(block_, panel_)); }

void Pointwise::Forward(const Tensor& x, const BatchNorm* norm, const float* weights, const float* bias,
                        const Tensor& y, float* scratch) const {
  const TapWeights of_taps{weights, in_, 1};
  const size_t count = y.count();
  if (norm == nullptr)
    return WeightedSums({x.data, rows_.data(), in_}, of_taps, bias, y.data, y.stride, out_, count, false);
  for (size_t at = 0; at < count; at += panel_) {
    const size_t width = std::min(panel_, count - at);
    Activate(x, *norm, at, width, scratch, ChannelStride(panel_));
    WeightedSums({scratch, panel_rows_.data(), in_}, of_taps, bias, y.data + at, y.stride, out_, width, false);
  }
}

void Pointwise::Backward(const Tensor& x, const BatchNorm* norm, const Tensor& dy, const float* weights,
                         float* weight_gradient, const Tensor& dx, bool accumulate, float* scratch) const {
  const size_t count = dy.count();
  for (size_t at = 0; at < count; at += block_) {
    const size_t width = std::min(block_, count - at);
    if (norm != nullptr) Activate(x, *norm, at, width, scratch, ChannelStride(block_));
    const Taps taps = norm != nullptr ? Taps{scratch, block_rows_.data(), in_} : Taps{x.data + at, rows_.data(), in_};
    AddWeightGradients(taps, 0, {dy.data + at, dy.stride, 0}, out_, 1, width, weight_gradient, in_, 1);
  }
  if (dx.data != nullptr)
    WeightedSums({dy.data, d_rows_.data(), out_}, {weights, 1, in_}, nullptr, dx.data, dx.stride, dx.channels, count,
                 accumulate);
}

void AddBiasGradient(const Tensor& dy, float* gradient) {
  const size_t count = dy.count();
  for (int c = 0; c < dy.channels; ++c) {
    const float* d = dy.channel(c);
    Vec sum{};
    size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) sum += Load(d + i);
    if (i < count) sum += LoadFirst(d + i, int(count - i));
    gradient[c] += Sum(sum);
  }
}

}  // namespace scrim::train::cpu
