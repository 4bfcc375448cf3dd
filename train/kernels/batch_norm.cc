#include "kernels/batch_norm.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "kernels/vector.h"

namespace scrim::train::kernels {

using torch::Tensor;

namespace {

struct Moments {
  double mean, variance;
};

// Of one channel of all n pictures; `pictures` floats lie between two of them. Sums of differences from the first
// value: no cancellation where the mean is far from zero.
Moments MomentsOf(const float* first, int64_t n, size_t pictures, size_t plane) {
  const float shift = *first;
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float* row = first + size_t(i) * pictures;
    Vec s0{}, s1{}, q0{}, q1{};
    size_t p = 0;
    for (; p + 2 * kLanes <= plane; p += 2 * kLanes) {
      const Vec u = Load(row + p) - shift, v = Load(row + p + kLanes) - shift;
      s0 += u, s1 += v, q0 += u * u, q1 += v * v;
    }
    float s = Sum(s0 + s1), q = Sum(q0 + q1);
    for (; p < plane; ++p) s += row[p] - shift, q += (row[p] - shift) * (row[p] - shift);
    sum += s, squares += q;
  }
  const double count = double(n) * double(plane), mean = sum / count;
  return {mean + double(shift), std::max(0., squares / count - mean * mean)};
}

}  // namespace

Tensor FusedBatchNorm::forward(torch::autograd::AutogradContext* context, Tensor x, Tensor scale, Tensor offset,
                               Tensor mean, Tensor variance, double momentum, double epsilon, bool relu, bool fixed) {
  x = x.contiguous();
  const int64_t n = x.size(0), channels = x.size(1);
  const size_t plane = size_t(x.size(2) * x.size(3));
  Tensor y = torch::empty_like(x), batch_mean = torch::empty({channels}, x.options()),
         inverse = torch::empty({channels}, x.options());
  const float *xp = x.data_ptr<float>(), *sp = scale.data_ptr<float>(), *op = offset.data_ptr<float>();
  float *yp = y.data_ptr<float>(), *bm = batch_mean.data_ptr<float>(), *iv = inverse.data_ptr<float>();
  float *rm = mean.data_ptr<float>(), *rv = variance.data_ptr<float>();
  at::parallel_for(0, channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      if (fixed) {
        bm[c] = rm[c];
        iv[c] = float(1. / std::sqrt(rv[c] + epsilon));
      } else {
        const Moments of_batch = MomentsOf(xp + size_t(c) * plane, n, size_t(channels) * plane, plane);
        const double count = double(n) * double(plane);
        bm[c] = float(of_batch.mean);
        iv[c] = float(1. / std::sqrt(of_batch.variance + epsilon));
        rm[c] += float(momentum * (bm[c] - rm[c]));
        rv[c] += float(momentum * (of_batch.variance * count / std::max(1., count - 1) - rv[c]));
      }
      const float a = sp[c] * iv[c], b = op[c] - a * bm[c], low = relu ? 0.f : -INFINITY;
      for (int64_t i = 0; i < n; ++i) {
        const float* from = xp + size_t(i * channels + c) * plane;
        float* to = yp + size_t(i * channels + c) * plane;
        for (size_t p = 0; p < plane; ++p) {
          const float v = from[p] * a + b;
          to[p] = v > low ? v : low;
        }
      }
    }
  });
  context->save_for_backward({x, scale, offset, batch_mean, inverse});
  context->saved_data["relu"] = relu;
  context->saved_data["fixed"] = fixed;
  return y;
}

torch::autograd::variable_list FusedBatchNorm::backward(torch::autograd::AutogradContext* context,
                                                        torch::autograd::variable_list gradient) {
  const auto saved = context->get_saved_variables();
  const Tensor x = saved[0], scale = saved[1], offset = saved[2], batch_mean = saved[3], inverse = saved[4],
               d = gradient[0].contiguous();
  const bool relu = context->saved_data["relu"].toBool(), fixed = context->saved_data["fixed"].toBool();
  const int64_t n = x.size(0), channels = x.size(1);
  const size_t plane = size_t(x.size(2) * x.size(3));
  Tensor dx = torch::empty_like(x), dscale = torch::empty_like(scale), doffset = torch::empty_like(scale);
  const float *xp = x.data_ptr<float>(), *dp = d.data_ptr<float>(), *sp = scale.data_ptr<float>(),
              *op = offset.data_ptr<float>(), *bm = batch_mean.data_ptr<float>(), *iv = inverse.data_ptr<float>();
  float *dxp = dx.data_ptr<float>(), *dsp = dscale.data_ptr<float>(), *dop = doffset.data_ptr<float>();
  at::parallel_for(0, channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const float a = sp[c] * iv[c], m = bm[c];
      // The gradient passes where the output is above zero; without ReLU everywhere.
      const float ga = relu ? a : 0.f, gb = relu ? op[c] - a * m : 1.f;
      double sum = 0, dot = 0;
      for (int64_t i = 0; i < n; ++i) {
        const size_t at = size_t(i * channels + c) * plane;
        Vec s{}, q{};
        size_t p = 0;
        for (; p + kLanes <= plane; p += kLanes) {
          const Vec v = Load(xp + at + p), e = (v * ga + gb) > 0.f ? Load(dp + at + p) : Vec{};
          s += e, q += e * (v - m);
        }
        float sf = Sum(s), qf = Sum(q);
        for (; p < plane; ++p) {
          const float e = xp[at + p] * ga + gb > 0.f ? dp[at + p] : 0.f;
          sf += e, qf += e * (xp[at + p] - m);
        }
        sum += sf, dot += qf;
      }
      dsp[c] = float(dot * iv[c]);
      dop[c] = float(sum);
      const double count = double(n) * double(plane);
      // What the gradient loses because the batch's own statistics move with it.
      const float k2 = fixed ? 0.f : float(-a * iv[c] * iv[c] * dot / count),
                  k3 = fixed ? 0.f : float(-a * sum / count);
      for (int64_t i = 0; i < n; ++i) {
        const size_t at = size_t(i * channels + c) * plane;
        size_t p = 0;
        for (; p + kLanes <= plane; p += kLanes) {
          const Vec v = Load(xp + at + p), e = (v * ga + gb) > 0.f ? Load(dp + at + p) : Vec{};
          Store(dxp + at + p, e * a + (v - m) * k2 + k3);
        }
        for (; p < plane; ++p) {
          const float v = xp[at + p], e = v * ga + gb > 0.f ? dp[at + p] : 0.f;
          dxp[at + p] = e * a + (v - m) * k2 + k3;
        }
      }
    }
  });
  return {dx, dscale, doffset, Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
}

}  // namespace scrim::train::kernels
