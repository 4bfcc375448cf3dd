#include "cpu/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "graph/graph.h"

namespace scrim::train::cpu {
namespace {

struct Moments {
  double mean, variance;
};

// Sums in single precision are taken over so many values, then added in double.
constexpr size_t kSpan = 4096;

// Sums of differences from `shift`, which should be near the mean: else much cancels.
Moments MomentsOf(const float* row, size_t count, float shift) {
  double sum = 0, squares = 0;
  for (size_t begin = 0; begin < count; begin += kSpan) {
    const size_t end = std::min(count, begin + kSpan);
    Vec s[4] = {}, q[4] = {};
    size_t p = begin;
    for (; p + 4 * kLanes <= end; p += 4 * kLanes)
      for (int i = 0; i < 4; ++i) {
        const Vec v = Load(row + p + i * kLanes) - shift;
        s[i] += v, q[i] += v * v;
      }
    for (; p < end; p += kLanes) {
      const int left = int(std::min<size_t>(kLanes, end - p));
      Vec v = Load(row + p) - shift;
      if (left < kLanes) v = First(v, left);
      s[0] += v, q[0] += v * v;
    }
    sum += Sum((s[0] + s[1]) + (s[2] + s[3])), squares += Sum((q[0] + q[1]) + (q[2] + q[3]));
  }
  const double mean = sum / double(count);
  return {mean + double(shift), std::max(0., squares / double(count) - mean * mean)};
}

}  // namespace

void BatchNorm::Forward(const Tensor& x, const BatchNormWeights& w, bool running, double momentum, const Tensor& y) {
  const size_t count = x.count();
  for (int c = 0; c < x.channels; ++c) {
    const float* from = x.channel(c);
    if (running) {
      mean_[size_t(c)] = w.mean[c];
      inverse_[size_t(c)] = float(1. / std::sqrt(double(w.variance[c]) + graph::kBatchNormEpsilon));
    } else {
      const Moments batch = MomentsOf(from, count, from[0]);
      mean_[size_t(c)] = float(batch.mean);
      inverse_[size_t(c)] = float(1. / std::sqrt(batch.variance + graph::kBatchNormEpsilon));
      w.mean[c] += float(momentum * (batch.mean - double(w.mean[c])));
      const double unbiased = batch.variance * double(count) / std::max(1., double(count) - 1);
      w.variance[c] += float(momentum * (unbiased - double(w.variance[c])));
    }
    const float a = w.scale[c] * inverse_[size_t(c)], b = w.offset[c] - a * mean_[size_t(c)];
    const Vec low = Fill(relu_ ? 0.f : -INFINITY);
    float* to = y.channel(c);
    for (size_t p = 0; p < count; p += kLanes) Store(to + p, Max(Load(from + p) * a + b, low));
  }
}

void BatchNorm::Backward(const Tensor& x, const Tensor& dy, const BatchNormWeights& w, bool running, const Tensor& dx,
                         bool add) const {
  const size_t count = x.count();
  for (int c = 0; c < x.channels; ++c) {
    const float *values = x.channel(c), *d = dy.channel(c);
    const float m = mean_[size_t(c)], inverse = inverse_[size_t(c)], a = w.scale[c] * inverse;
    // The gradient passes where the output is above zero; without ReLU everywhere.
    const float ga = relu_ ? a : 0.f, gb = relu_ ? w.offset[c] - a * m : 1.f;
    double sum = 0, dot = 0;
    for (size_t begin = 0; begin < count; begin += kSpan) {
      const size_t end = std::min(count, begin + kSpan);
      Vec s[4] = {}, q[4] = {};
      size_t p = begin;
      for (; p + 4 * kLanes <= end; p += 4 * kLanes)
        for (int i = 0; i < 4; ++i) {
          const Vec v = Load(values + p + i * kLanes), e = (v * ga + gb) > 0.f ? Load(d + p + i * kLanes) : Vec{};
          s[i] += e, q[i] += e * (v - m);
        }
      for (; p < end; p += kLanes) {
        const int left = int(std::min<size_t>(kLanes, end - p));
        const Vec v = LoadFirst(values + p, left), e = (v * ga + gb) > 0.f ? LoadFirst(d + p, left) : Vec{};
        s[0] += e, q[0] += e * (v - m);
      }
      sum += Sum((s[0] + s[1]) + (s[2] + s[3])), dot += Sum((q[0] + q[1]) + (q[2] + q[3]));
    }
    w.scale_gradient[c] += float(dot * inverse);
    w.offset_gradient[c] += float(sum);
    if (dx.data == nullptr) continue;
    float* to = dx.channel(c);
    // What the gradient loses because the batch's own statistics move with it.
    const float k2 = running ? 0.f : float(-double(a) * inverse * inverse * dot / double(count)),
                k3 = running ? 0.f : float(-double(a) * sum / double(count));
    for (size_t p = 0; p < count; p += kLanes) {
      const Vec v = Load(values + p), e = (v * ga + gb) > 0.f ? Load(d + p) : Vec{};
      const Vec g = e * a + (v - m) * k2 + k3;
      Store(to + p, add ? Load(to + p) + g : g);
    }
  }
}

}  // namespace scrim::train::cpu
