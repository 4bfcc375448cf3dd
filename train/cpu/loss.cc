#include "cpu/loss.h"

#include <algorithm>
#include <cmath>

#include "cpu/functions.h"

namespace scrim::train::cpu {
namespace {

struct PlaneSums {
  double entropy = 0, both = 0, probability = 0, truth = 0;
};

// Fills p with probabilities.
PlaneSums SumPlane(const float* logits, const float* truth, const float* weight, size_t count, float* p) {
  constexpr size_t kSpan = 4096;  // values that are summed in single precision
  PlaneSums sums;
  for (size_t begin = 0; begin < count; begin += kSpan) {
    Vec entropy{}, both{}, probability{}, all{};
    const size_t end = std::min(count, begin + kSpan);
    for (size_t i = begin; i < end; i += kLanes) {
      const int left = int(std::min<size_t>(kLanes, end - i));
      const Vec z = LoadFirst(logits + i, left), t = LoadFirst(truth + i, left), size = z > 0.f ? z : -z,
                small = Exp(-size), inverse = 1.f / (small + 1.f), q = z > 0.f ? inverse : small * inverse,
                counted = First(q, left);
      entropy += LoadFirst(weight + i, left) * (Max(z, Vec{}) - z * t + Log1p(small));
      both += q * t, probability += counted, all += t;
      StoreFirst(p + i, q, left);
    }
    sums.entropy += double(Sum(entropy)), sums.both += double(Sum(both));
    sums.probability += double(Sum(probability)), sums.truth += double(Sum(all));
  }
  return sums;
}

// Sets probabilities and truth to 0 where the weight is: no sum and no gradient has them then.
void LeaveOutUnknown(const float* weight, std::vector<float>& p, std::vector<float>& truth, PlaneSums& sums) {
  sums.both = sums.probability = sums.truth = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (weight[i] == 0.f) p[i] = truth[i] = 0.f;
    sums.both += double(p[i] * truth[i]), sums.probability += double(p[i]), sums.truth += double(truth[i]);
  }
}

// Probability less truth with its outermost pixels repeated around it: differences there are zero.
struct Error {
  std::vector<float> data;
  int height, width;
  size_t pitch;

  Error(int height, int width)
      : data((size_t(height) + 2) * (size_t(width) + 2) + 2 * kLanes),
        height(height),
        width(width),
        pitch(size_t(width) + 2) {}
  const float* row(int y) const { return data.data() + size_t(y + 1) * pitch + 1; }

  void Set(const float* p, const float* truth) {
    for (int y = -1; y <= height; ++y) {
      const size_t from = size_t(std::clamp(y, 0, height - 1)) * size_t(width);
      float* to = data.data() + size_t(y + 1) * pitch + 1;
      for (size_t x = 0; x < size_t(width); ++x) to[x] = p[from + x] - truth[from + x];
      to[-1] = to[0], to[width] = to[width - 1];
    }
  }
};

Vec Magnitude(Vec v) { return v > 0.f ? v : -v; }
Vec SignOf(Vec v) { return v > 0.f ? Fill(1.f) : v < 0.f ? Fill(-1.f) : Vec{}; }

// Of absolute differences to the pixels to the right and below.
struct EdgeSums {
  double error = 0, truth = 0;
};

EdgeSums SumEdges(const Error& e, const float* truth) {
  EdgeSums sums;
  for (int y = 0; y < e.height; ++y, truth += e.width) {
    Vec error{}, of_truth{};
    for (int x = 0; x < e.width; x += kLanes) {
      const int left = std::min(kLanes, e.width - x), right = std::min(kLanes, e.width - x - 1);
      const float *here = e.row(y) + x, *below = e.row(y + 1) + x;
      error += First(Magnitude(Load(here + 1) - Load(here)) + Magnitude(Load(below) - Load(here)), left);
      of_truth += Magnitude(LoadFirst(truth + x + 1, right) - LoadFirst(truth + x, right));
      if (y + 1 < e.height) of_truth += Magnitude(LoadFirst(truth + e.width + x, left) - LoadFirst(truth + x, left));
    }
    sums.error += double(Sum(error)), sums.truth += double(Sum(of_truth));
  }
  return sums;
}

// The derivative of SumEdges().error.
Vec EdgeGradient(const Error& e, int x, int y) {
  const float* here = e.row(y) + x;
  const Vec v = Load(here);
  return (SignOf(v - Load(here - 1)) - SignOf(Load(here + 1) - v)) +
         (SignOf(v - Load(here - e.pitch)) - SignOf(Load(here + e.pitch) - v));
}

}  // namespace

double SegmentationLoss(const float* logits, const float* truths, const float* weight, int n, int planes, int height,
                        int width, double edges, float* gradient) {
  const size_t count = size_t(height) * size_t(width);
  std::vector<float> p(count), known_truth;
  Error error(edges > 0 ? height : 0, edges > 0 ? width : 0);
  double loss = 0;
  for (int i = 0; i < n * planes; ++i, logits += count, truths += count, weight += count, gradient += count) {
    const float* truth = truths;
    PlaneSums sums = SumPlane(logits, truth, weight, count, p.data());
    if (std::find(weight, weight + count, 0.f) != weight + count) {
      known_truth.assign(truth, truth + count);
      truth = known_truth.data();
      LeaveOutUnknown(weight, p, known_truth, sums);
    }
    const double all = sums.probability + sums.truth + 1, dice = (2 * sums.both + 1) / all;
    loss += sums.entropy / (double(n) * double(count)) + (1 - dice) / n;
    float edge = 0;
    if (edges > 0) {
      error.Set(p.data(), truth);
      const EdgeSums of_edges = SumEdges(error, truth);
      // For pictures with little outline: one pixel in a hundred counts as outline at least.
      const double norm = of_edges.truth + 0.01 * double(count);
      loss += edges * of_edges.error / norm / n;
      edge = float(edges / norm / n);
    }
    const float entropy = float(1 / (double(n) * double(count))), along = float(-2 / all / n),
                across = float(dice / all / n);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; x += kLanes) {
        const size_t k = size_t(y) * size_t(width) + size_t(x);
        const int left = std::min(kLanes, width - x);
        const Vec q = LoadFirst(p.data() + k, left), t = LoadFirst(truth + k, left);
        Vec of_probability = t * along + across;
        if (edges > 0) of_probability += EdgeGradient(error, x, y) * edge;
        StoreFirst(gradient + k, LoadFirst(weight + k, left) * (q - t) * entropy + of_probability * q * (1.f - q),
                   left);
      }
  }
  return loss;
}

}  // namespace scrim::train::cpu
