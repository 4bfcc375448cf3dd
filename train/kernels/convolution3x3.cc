#include "kernels/convolution3x3.h"

#include <ATen/Parallel.h>

#include <cstring>
#include <mutex>

#include "kernels/vector.h"

namespace scrim::train::kernels {
namespace {

using torch::Tensor;

// Planes are copied with a border of zeros, and zeros to the right up to a multiple of two vectors: no edge conditions.
struct Geometry {
  int height, width, stride;
  size_t plane, padded;

  Geometry(int64_t h, int64_t w) : height(int(h)), width(int(w)) {
    stride = (width + 2 * kLanes - 1) / (2 * kLanes) * (2 * kLanes) + 2 * kLanes;
    plane = size_t(height) * size_t(width);
    padded = size_t(height + 2) * size_t(stride);
  }
};

std::vector<float> PaddedBuffer(const Geometry& g, int planes) {
  return std::vector<float>(g.padded * size_t(planes) + 4 * kLanes);
}

void Pad(const float* from, float* to, const Geometry& g) {
  for (int y = 0; y < g.height; ++y)
    std::memcpy(to + size_t(y + 1) * g.stride + 1, from + size_t(y) * g.width, size_t(g.width) * 4);
}

// outputs[o] = sum over inputs of weights [input][9][kOut]; tiles of kOut planes × two vectors.
template <int kOut>
void Forward(const float* padded, const float* weights, float* out, int inputs, const Geometry& g) {
  for (int y = 0; y < g.height; ++y)
    for (int x = 0; x < g.width; x += 2 * kLanes) {
      Vec sum[kOut][2] = {};
      const float* w = weights;
      for (int c = 0; c < inputs; ++c)
        for (int ky = 0; ky < 3; ++ky) {
          const float* row = padded + size_t(c) * g.padded + size_t(y + ky) * g.stride + x;
          for (int kx = 0; kx < 3; ++kx, w += kOut) {
            const Vec a = Load(row + kx), b = Load(row + kx + kLanes);
            for (int o = 0; o < kOut; ++o) sum[o][0] += a * w[o], sum[o][1] += b * w[o];
          }
        }
      for (int o = 0; o < kOut; ++o) {
        float* to = out + size_t(o) * g.plane + size_t(y) * g.width + x;
        if (x + 2 * kLanes <= g.width) {
          Store(to, sum[o][0]);
          Store(to + kLanes, sum[o][1]);
        } else {
          float tail[2 * kLanes];
          Store(tail, sum[o][0]);
          Store(tail + kLanes, sum[o][1]);
          std::memcpy(to, tail, size_t(g.width - x) * 4);
        }
      }
    }
}

// The sums over one row of gradient × shifted input, for kOut output planes: sums [input][3][kOut][3].
template <int kOut>
void WeightGradientRow(const float* padded, const float* gradient, Vec* sums, int inputs, int y, const Geometry& g) {
  for (int c = 0; c < inputs; ++c)
    for (int ky = 0; ky < 3; ++ky) {
      Vec* at = sums + size_t(c * 3 + ky) * kOut * 3;
      Vec sum[kOut][3];
      for (int i = 0; i < kOut * 3; ++i) sum[i / 3][i % 3] = at[i];
      const float* row = padded + size_t(c) * g.padded + size_t(y + ky) * g.stride;
      const float* d = gradient + size_t(y + 1) * g.stride + 1;
      for (int x = 0; x < g.width; x += kLanes) {
        const Vec v0 = Load(row + x), v1 = Load(row + x + 1), v2 = Load(row + x + 2);
        for (int o = 0; o < kOut; ++o) {
          const Vec e = Load(d + size_t(o) * g.padded + x);
          sum[o][0] += v0 * e, sum[o][1] += v1 * e, sum[o][2] += v2 * e;
        }
      }
      for (int i = 0; i < kOut * 3; ++i) at[i] = sum[i / 3][i % 3];
    }
}

// Weights packed [group][input][9][output in group]. mirrored: for the input's gradient, transposed and turned by 180°.
void RunDense(const float* x, const float* weight, float* y, int64_t n, int in, int out, const Geometry& g,
              bool mirrored) {
  const std::vector<int> groups = EqualGroups(out, 6);
  std::vector<float> packed;
  int first = 0;
  for (int size : groups) {
    for (int c = 0; c < in; ++c)
      for (int k = 0; k < 9; ++k)
        for (int o = first; o < first + size; ++o)
          packed.push_back(mirrored ? weight[(size_t(c) * out + o) * 9 + 8 - k] : weight[(size_t(o) * in + c) * 9 + k]);
    first += size;
  }
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> padded = PaddedBuffer(g, in);
    for (int64_t i = begin; i < end; ++i) {
      for (int c = 0; c < in; ++c) Pad(x + (size_t(i) * in + c) * g.plane, padded.data() + size_t(c) * g.padded, g);
      const float* w = packed.data();
      float* to = y + size_t(i) * out * g.plane;
      for (int size : groups) {
        WithConstant(size, [&](auto k) { Forward<k()>(padded.data(), w, to, in, g); });
        w += size_t(in) * 9 * size;
        to += size_t(size) * g.plane;
      }
    }
  });
}

void DenseWeightGradient(const float* x, const float* gradient, float* out_gradient, int64_t n, int in, int out,
                         const Geometry& g) {
  std::mutex mutex;
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    std::vector<Vec> sums(size_t(out) * in * 9);
    std::vector<float> padded = PaddedBuffer(g, in), d = PaddedBuffer(g, out);
    for (int64_t i = begin; i < end; ++i) {
      for (int c = 0; c < in; ++c) Pad(x + (size_t(i) * in + c) * g.plane, padded.data() + size_t(c) * g.padded, g);
      for (int c = 0; c < out; ++c) Pad(gradient + (size_t(i) * out + c) * g.plane, d.data() + size_t(c) * g.padded, g);
      for (int y = 0; y < g.height; ++y)
        for (int o = 0; o < out; o += 3)
          WithConstant(std::min(3, out - o), [&](auto k) {
            WeightGradientRow<k()>(padded.data(), d.data() + size_t(o) * g.padded, sums.data() + size_t(o) * in * 9, in,
                                   y, g);
          });
    }
    std::lock_guard<std::mutex> lock(mutex);
    for (int o = 0; o < out; o += 3) {
      const int size = std::min(3, out - o);
      const Vec* at = sums.data() + size_t(o) * in * 9;
      for (int c = 0; c < in; ++c)
        for (int ky = 0; ky < 3; ++ky)
          for (int j = 0; j < size; ++j)
            for (int kx = 0; kx < 3; ++kx) out_gradient[(size_t(o + j) * in + c) * 9 + ky * 3 + kx] += Sum(*at++);
    }
  });
}

}  // namespace

Tensor Dense3x3::forward(torch::autograd::AutogradContext* context, Tensor x, Tensor weight) {
  x = x.contiguous();
  context->save_for_backward({x, weight});
  const int in = int(x.size(1)), out = int(weight.size(0));
  const Geometry g(x.size(2), x.size(3));
  Tensor y = torch::empty({x.size(0), out, x.size(2), x.size(3)}, x.options());
  RunDense(x.data_ptr<float>(), weight.data_ptr<float>(), y.data_ptr<float>(), x.size(0), in, out, g, false);
  return y;
}

torch::autograd::variable_list Dense3x3::backward(torch::autograd::AutogradContext* context,
                                                  torch::autograd::variable_list gradient) {
  const auto saved = context->get_saved_variables();
  const Tensor x = saved[0], weight = saved[1], d = gradient[0].contiguous();
  const int in = int(x.size(1)), out = int(weight.size(0));
  const Geometry g(x.size(2), x.size(3));
  Tensor dx, dw = torch::zeros_like(weight);
  if (context->needs_input_grad(0)) {
    dx = torch::empty_like(x);
    RunDense(d.data_ptr<float>(), weight.data_ptr<float>(), dx.data_ptr<float>(), x.size(0), out, in, g, true);
  }
  DenseWeightGradient(x.data_ptr<float>(), d.data_ptr<float>(), dw.data_ptr<float>(), x.size(0), in, out, g);
  return {dx, dw};
}

Tensor Depthwise3x3::forward(torch::autograd::AutogradContext* context, Tensor x, Tensor weight) {
  x = x.contiguous();
  context->save_for_backward({x, weight});
  const int channels = int(x.size(1));
  const Geometry g(x.size(2), x.size(3));
  Tensor y = torch::empty_like(x);
  const float *from = x.data_ptr<float>(), *w = weight.data_ptr<float>();
  float* to = y.data_ptr<float>();
  at::parallel_for(0, x.size(0) * channels, 4, [&](int64_t begin, int64_t end) {
    std::vector<float> padded = PaddedBuffer(g, 1);
    for (int64_t i = begin; i < end; ++i) {
      Pad(from + size_t(i) * g.plane, padded.data(), g);
      Forward<1>(padded.data(), w + i % channels * 9, to + size_t(i) * g.plane, 1, g);
    }
  });
  return y;
}

torch::autograd::variable_list Depthwise3x3::backward(torch::autograd::AutogradContext* context,
                                                      torch::autograd::variable_list gradient) {
  const auto saved = context->get_saved_variables();
  const Tensor x = saved[0], weight = saved[1], d = gradient[0].contiguous();
  const int64_t n = x.size(0), channels = x.size(1);
  const Geometry g(x.size(2), x.size(3));
  Tensor dx = torch::empty_like(x), dw = torch::empty_like(weight);
  const float *xp = x.data_ptr<float>(), *dp = d.data_ptr<float>(), *wp = weight.data_ptr<float>();
  float *dxp = dx.data_ptr<float>(), *dwp = dw.data_ptr<float>();
  at::parallel_for(0, channels, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> px = PaddedBuffer(g, 1), pd = PaddedBuffer(g, 1);
    for (int64_t c = begin; c < end; ++c) {
      Vec sums[9] = {};
      float mirrored[9];
      for (int k = 0; k < 9; ++k) mirrored[k] = wp[c * 9 + 8 - k];
      for (int64_t i = 0; i < n; ++i) {
        const size_t at = size_t(i * channels + c) * g.plane;
        Pad(xp + at, px.data(), g);
        Pad(dp + at, pd.data(), g);
        Forward<1>(pd.data(), mirrored, dxp + at, 1, g);
        for (int y = 0; y < g.height; ++y) {
          const float *row = px.data() + size_t(y) * g.stride, *e = pd.data() + size_t(y + 1) * g.stride + 1;
          for (int col = 0; col < g.width; col += kLanes) {
            const Vec v = Load(e + col);
            for (int k = 0; k < 9; ++k) sums[k] += v * Load(row + k / 3 * g.stride + col + k % 3);
          }
        }
      }
      for (int k = 0; k < 9; ++k) dwp[c * 9 + k] = Sum(sums[k]);
    }
  });
  return {dx, dw};
}

}  // namespace scrim::train::kernels
