#include "cpu/pointwise.h"

#include <algorithm>

#include "cpu/products.h"

namespace scrim::train::cpu {
namespace {

// Values of a channel at a time for the weights' gradient: a tile's rows stay in the first cache, those of all channels
// in the second.
constexpr size_t kBlock = 1024;

}  // namespace

Pointwise::Pointwise(int in, int out, size_t in_stride, size_t out_stride) : in_(in), out_(out) {
  for (int c = 0; c < in; ++c) rows_.push_back(ptrdiff_t(size_t(c) * in_stride));
  for (int o = 0; o < out; ++o) d_rows_.push_back(ptrdiff_t(size_t(o) * out_stride));
}

void Pointwise::Forward(const Tensor& x, const float* weights, const float* bias, const Tensor& y) const {
  WeightedSums({x.data, rows_.data(), in_}, {weights, in_, 1}, bias, y.data, y.stride, out_, y.count(), false);
}

void Pointwise::Backward(const Tensor& x, const Tensor& dy, const float* weights, float* weight_gradient,
                         const Tensor& dx, bool accumulate) const {
  const size_t count = dy.count();
  for (size_t at = 0; at < count; at += kBlock)
    AddWeightGradients({x.data + at, rows_.data(), in_}, 0, {dy.data + at, dy.stride, 0}, out_, 1,
                       std::min(kBlock, count - at), weight_gradient, in_, 1);
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
