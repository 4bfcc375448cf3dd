#include "cpu/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "graph/graph.h"

namespace scrim::train::cpu {
namespace {

struct Sums {
  double first, second;
};

// Sums in single precision are taken over so many values, then added in double.
constexpr size_t kSpan = 4096;

// Of both parts of f(p, keep), a pair of vectors from position p, over all positions. keep(v): v, without the lanes
// behind the last position.
template <typename F>
Sums SumOf(size_t count, F f) {
  double first = 0, second = 0;
  for (size_t begin = 0; begin < count; begin += kSpan) {
    const size_t end = std::min(count, begin + kSpan);
    Vec s[4] = {}, q[4] = {};
    size_t p = begin;
    for (; p + 4 * kLanes <= end; p += 4 * kLanes)
      for (int i = 0; i < 4; ++i) {
        const auto [a, b] = f(p + size_t(i) * kLanes, [](Vec v) { return v; });
        s[i] += a, q[i] += b;
      }
    for (; p < end; p += kLanes) {
      const int left = int(std::min<size_t>(kLanes, end - p));
      const auto [a, b] = f(p, [&](Vec v) { return First(v, left); });
      s[0] += a, q[0] += b;
    }
    first += Sum((s[0] + s[1]) + (s[2] + s[3])), second += Sum((q[0] + q[1]) + (q[2] + q[3]));
  }
  return {first, second};
}

struct VecPair {
  Vec a, b;
};

}  // namespace

void BatchNorm::Measure(int c, const float* x, size_t count, bool running, double momentum) {
  const size_t at = size_t(c);
  if (running) {
    mean_[at] = weights_.mean[c];
    inverse_[at] = float(1. / std::sqrt(double(weights_.variance[c]) + graph::kBatchNormEpsilon));
  } else {
    const float shift = x[0];  // sums of differences from one of the values: no cancellation where the mean is far off
    const Sums sums = SumOf(count, [&](size_t p, auto keep) {
      const Vec v = keep(Load(x + p) - shift);
      return VecPair{v, v * v};
    });
    const double difference = sums.first / double(count), mean = difference + double(shift),
                 variance = std::max(0., sums.second / double(count) - difference * difference),
                 unbiased = variance * double(count) / std::max(1., double(count) - 1);
    mean_[at] = float(mean);
    inverse_[at] = float(1. / std::sqrt(variance + graph::kBatchNormEpsilon));
    weights_.mean[c] += float(momentum * (mean - double(weights_.mean[c])));
    weights_.variance[c] += float(momentum * (unbiased - double(weights_.variance[c])));
  }
  const float scale = weights_.scale[c] * inverse_[at];
  activations_[at] = {scale, weights_.offset[c] - scale * mean_[at], relu_ ? 0.f : -INFINITY};
}

void BatchNorm::Forward(int c, const float* x, size_t count, float* y) const {
  const Activation activation = activations_[size_t(c)];
  for (size_t p = 0; p < count; p += kLanes) Store(y + p, activation(Load(x + p)));
}

ActivationGradient BatchNorm::Backward(int c, const float* x, const float* d, size_t count, bool running) const {
  const Activation& activation = activations_[size_t(c)];
  const float mean = mean_[size_t(c)], inverse = inverse_[size_t(c)];
  // Without ReLU every gradient counts.
  ActivationGradient gradient{
      relu_ ? activation.scale : 0.f, relu_ ? activation.shift : 1.f, activation.scale, mean, 0.f, 0.f};
  const Sums sums = SumOf(count, [&](size_t p, auto keep) {
    const Vec v = Load(x + p), e = keep(gradient.Masked(v, Load(d + p)));
    return VecPair{e, e * keep(v - mean)};
  });
  weights_.scale_gradient[c] += float(sums.second * inverse);
  weights_.offset_gradient[c] += float(sums.first);
  if (!running) {
    gradient.along = float(-double(activation.scale) * inverse * inverse * sums.second / double(count));
    gradient.across = float(-double(activation.scale) * sums.first / double(count));
  }
  return gradient;
}

void ApplyGradient(const ActivationGradient& gradient, const float* x, const float* d, size_t count, bool add,
                   float* dx) {
  const ActivationGradient g = gradient;
  for (size_t p = 0; p < count; p += kLanes) {
    const Vec v = g(Load(x + p), Load(d + p));
    Store(dx + p, add ? Load(dx + p) + v : v);
  }
}

}  // namespace scrim::train::cpu
