#include "kernels/pointwise.h"

#include <ATen/Parallel.h>

#include <mutex>

#include "kernels/vector.h"

namespace scrim::train::kernels {
namespace {

using torch::Tensor;

// Pixels. All channels of a block stay in the first cache forwards; the gradient's blocks are longer, since each ends
// with sums over the lanes, and one tile of them stays there.
constexpr size_t kForwardBlock = 256, kGradientBlock = 1024;

// kOut output planes for pixels [begin, end); weights [input][kOut].
template <int kOut>
void Forward(const float* x, const float* weights, float* y, int in, size_t plane, size_t begin, size_t end) {
  size_t p = begin;
  for (; p + 2 * kLanes <= end; p += 2 * kLanes) {
    Vec sum[kOut][2] = {};
    const float *from = x + p, *w = weights;
    for (int c = 0; c < in; ++c, from += plane, w += kOut) {
      const Vec a = Load(from), b = Load(from + kLanes);
      for (int o = 0; o < kOut; ++o) sum[o][0] += a * w[o], sum[o][1] += b * w[o];
    }
    for (int o = 0; o < kOut; ++o) {
      Store(y + size_t(o) * plane + p, sum[o][0]);
      Store(y + size_t(o) * plane + p + kLanes, sum[o][1]);
    }
  }
  for (; p < end; ++p) {
    float sum[kOut] = {};
    for (int c = 0; c < in; ++c)
      for (int o = 0; o < kOut; ++o) sum[o] += x[size_t(c) * plane + p] * weights[c * kOut + o];
    for (int o = 0; o < kOut; ++o) y[size_t(o) * plane + p] = sum[o];
  }
}

void Run(const float* x, const float* weight, float* y, int64_t n, int in, int out, size_t plane, bool transposed) {
  const std::vector<int> groups = EqualGroups(out, 6);
  std::vector<float> packed;
  int first = 0;
  for (int size : groups) {
    for (int c = 0; c < in; ++c)
      for (int o = first; o < first + size; ++o)
        packed.push_back(transposed ? weight[size_t(c) * out + o] : weight[size_t(o) * in + c]);
    first += size;
  }
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (size_t p = 0; p < plane; p += kForwardBlock) {
        const float* w = packed.data();
        float* to = y + size_t(i) * out * plane;
        for (int size : groups) {
          WithConstant(size, [&](auto k) {
            Forward<k()>(x + size_t(i) * in * plane, w, to, in, plane, p, std::min(plane, p + kForwardBlock));
          });
          w += size_t(in) * size;
          to += size_t(size) * plane;
        }
      }
  });
}

#ifdef __AVX512F__
constexpr int kTileOut = 6, kTileIn = 4;  // sums in flight; 32 registers hold them and a row of each
#else
constexpr int kTileOut = 4, kTileIn = 2;
#endif

// out[a][b] += sum over pixels of gradient plane a × input plane b.
template <int kA, int kB>
void Dot(const float* d, const float* x, size_t plane, size_t begin, size_t end, float* out, int in) {
  Vec sum[kA][kB] = {};
  size_t p = begin;
  for (; p + kLanes <= end; p += kLanes) {
    Vec v[kB];
    for (int b = 0; b < kB; ++b) v[b] = Load(x + size_t(b) * plane + p);
    for (int a = 0; a < kA; ++a) {
      const Vec e = Load(d + size_t(a) * plane + p);
      for (int b = 0; b < kB; ++b) sum[a][b] += e * v[b];
    }
  }
  for (int a = 0; a < kA; ++a)
    for (int b = 0; b < kB; ++b) {
      float s = Sum(sum[a][b]);
      for (size_t q = p; q < end; ++q) s += d[size_t(a) * plane + q] * x[size_t(b) * plane + q];
      out[a * in + b] += s;
    }
}

void WeightGradient(const float* x, const float* d, float* out_gradient, int64_t n, int in, int out, size_t plane) {
  std::mutex mutex;
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> sums(size_t(out) * in);
    for (int64_t i = begin; i < end; ++i)
      for (size_t p = 0; p < plane; p += kGradientBlock)
        for (int o = 0; o < out; o += kTileOut)
          for (int c = 0; c < in; c += kTileIn)
            WithConstant(std::min(kTileOut, out - o), [&](auto a) {
              WithConstant(std::min(kTileIn, in - c), [&](auto b) {
                if constexpr (a() <= kTileOut && b() <= kTileIn)
                  Dot<a(), b()>(d + (size_t(i) * out + o) * plane, x + (size_t(i) * in + c) * plane, plane, p,
                                std::min(plane, p + kGradientBlock), sums.data() + size_t(o) * in + c, in);
              });
            });
    std::lock_guard<std::mutex> lock(mutex);
    for (size_t k = 0; k < sums.size(); ++k) out_gradient[k] += sums[k];
  });
}

}  // namespace

Tensor Pointwise::forward(torch::autograd::AutogradContext* context, Tensor x, Tensor weight) {
  x = x.contiguous();
  context->save_for_backward({x, weight});
  Tensor y = torch::empty({x.size(0), weight.size(0), x.size(2), x.size(3)}, x.options());
  Run(x.data_ptr<float>(), weight.data_ptr<float>(), y.data_ptr<float>(), x.size(0), int(x.size(1)),
      int(weight.size(0)), size_t(x.size(2) * x.size(3)), false);
  return y;
}

torch::autograd::variable_list Pointwise::backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradient) {
  const auto saved = context->get_saved_variables();
  const Tensor x = saved[0], weight = saved[1], d = gradient[0].contiguous();
  const int in = int(x.size(1)), out = int(weight.size(0));
  const size_t plane = size_t(x.size(2) * x.size(3));
  Tensor dx, dw = torch::zeros_like(weight);
  if (context->needs_input_grad(0)) {
    dx = torch::empty_like(x);
    Run(d.data_ptr<float>(), weight.data_ptr<float>(), dx.data_ptr<float>(), x.size(0), out, in, plane, true);
  }
  WeightGradient(x.data_ptr<float>(), d.data_ptr<float>(), dw.data_ptr<float>(), x.size(0), in, out, plane);
  return {dx, dw};
}

}  // namespace scrim::train::kernels
