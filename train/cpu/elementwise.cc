#include "cpu/elementwise.h"

#include <algorithm>

#include "cpu/functions.h"

namespace scrim::train::cpu {
namespace {

// y's channels from x's, a vector at a time.
template <typename F>
void Map(const Tensor& x, const Tensor& y, F f) {
  const size_t count = x.count();
  for (int c = 0; c < x.channels; ++c) {
    const float* from = x.channel(c);
    float* to = y.channel(c);
    for (size_t p = 0; p < count; p += kLanes) Store(to + p, f(Load(from + p)));
  }
}

template <typename F>
void Map2(const Tensor& a, const Tensor& b, const Tensor& y, F f) {
  const size_t count = a.count();
  for (int c = 0; c < a.channels; ++c) {
    const float *u = a.channel(c), *v = b.channel(c);
    float* to = y.channel(c);
    for (size_t p = 0; p < count; p += kLanes) Store(to + p, f(Load(u + p), Load(v + p)));
  }
}

float SumRow(const float* p, size_t count) {
  Vec sum{};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sum += Load(p + i);
  if (i < count) sum += LoadFirst(p + i, int(count - i));
  return Sum(sum);
}

// to (+)= v for `count` floats, and nothing behind them.
void FillRow(float* to, size_t count, float v, bool add) {
  for (size_t i = 0; i < count; i += kLanes) {
    const int left = int(std::min<size_t>(kLanes, count - i));
    StoreFirst(to + i, add ? LoadFirst(to + i, left) + v : Fill(v), left);
  }
}

bool OnePixel(const Tensor& gain, const Tensor& x) { return gain.plane() == 1 && x.plane() > 1; }

}  // namespace

void Copy(const Tensor& x, const Tensor& y) {
  Map(x, y, [](Vec v) { return v; });
}
void AddTo(const Tensor& x, const Tensor& y) {
  Map2(x, y, y, [](Vec u, Vec v) { return u + v; });
}
void Clear(const Tensor& y) {
  Map(y, y, [](Vec) { return Vec{}; });
}
void Sum(const Tensor& a, const Tensor& b, const Tensor& y) {
  Map2(a, b, y, [](Vec u, Vec v) { return u + v; });
}

void Relu(const Tensor& x, const Tensor& y) {
  Map(x, y, [](Vec v) { return Max(v, Vec{}); });
}
void ReluBackward(const Tensor& y, const Tensor& d) {
  Map2(y, d, d, [](Vec v, Vec e) { return v > 0.f ? e : Vec{}; });
}

void Sigmoid(const Tensor& x, const Tensor& y) {
  Map(x, y, [](Vec v) { return Logistic(v); });
}
void SigmoidBackward(const Tensor& y, const Tensor& d) {
  Map2(y, d, d, [](Vec v, Vec e) { return e * v * (1.f - v); });
}

void Multiply(const Tensor& x, const Tensor& gain, const Tensor& y) {
  if (OnePixel(gain, x)) {
    for (int c = 0; c < x.channels; ++c)
      for (int i = 0; i < x.n; ++i) {
        const float* from = x.channel(c) + size_t(i) * x.plane();
        float* to = y.channel(c) + size_t(i) * x.plane();
        const float factor = gain.channel(gain.channels == 1 ? 0 : c)[i];
        for (size_t p = 0; p < x.plane(); ++p) to[p] = from[p] * factor;
      }
    return;
  }
  const size_t count = x.count();
  for (int c = 0; c < x.channels; ++c) {
    const float *from = x.channel(c), *factors = gain.channel(gain.channels == 1 ? 0 : c);
    float* to = y.channel(c);
    for (size_t p = 0; p < count; p += kLanes) Store(to + p, Load(from + p) * Load(factors + p));
  }
}

namespace {

void GainGradient(const Tensor& x, const Tensor& gain, const Tensor& dy, const Tensor& dgain, bool add) {
  if (!add) Clear(dgain);
  for (int c = 0; c < x.channels; ++c) {
    float* to = dgain.channel(gain.channels == 1 ? 0 : c);
    const float *u = x.channel(c), *v = dy.channel(c);
    if (OnePixel(gain, x)) {
      for (int i = 0; i < x.n; ++i, u += x.plane(), v += x.plane())
        for (size_t p = 0; p < x.plane(); ++p) to[i] += u[p] * v[p];
    } else {
      for (size_t p = 0; p < x.count(); p += kLanes) Store(to + p, Load(to + p) + Load(u + p) * Load(v + p));
    }
  }
}

void FactorGradient(const Tensor& gain, const Tensor& dy, const Tensor& dx, bool add) {
  for (int c = 0; c < dx.channels; ++c) {
    const float *d = dy.channel(c), *factors = gain.channel(gain.channels == 1 ? 0 : c);
    float* to = dx.channel(c);
    if (OnePixel(gain, dx)) {
      for (int i = 0; i < dx.n; ++i)
        for (size_t p = size_t(i) * dx.plane(); p < size_t(i + 1) * dx.plane(); ++p)
          to[p] = (add ? to[p] : 0.f) + d[p] * factors[i];
    } else {
      for (size_t p = 0; p < dx.count(); p += kLanes) {
        const Vec v = Load(d + p) * Load(factors + p);
        Store(to + p, add ? Load(to + p) + v : v);
      }
    }
  }
}

}  // namespace

void MultiplyBackward(const Tensor& x, const Tensor& gain, const Tensor& dy, const Tensor& dx, bool add_x,
                      const Tensor& dgain, bool add_gain) {
  const bool in_place = dx.data == dy.data;
  if (dx.data != nullptr && !in_place) FactorGradient(gain, dy, dx, add_x);
  if (dgain.data != nullptr) GainGradient(x, gain, dy, dgain, add_gain);
  if (in_place) FactorGradient(gain, dy, dx, add_x);
}

void GlobalMean(const Tensor& x, const Tensor& y) {
  for (int c = 0; c < x.channels; ++c)
    for (int i = 0; i < x.n; ++i)
      y.channel(c)[i] = SumRow(x.channel(c) + size_t(i) * x.plane(), x.plane()) / float(x.plane());
}
void GlobalMeanBackward(const Tensor& dy, const Tensor& dx, bool add) {
  for (int c = 0; c < dx.channels; ++c)
    for (int i = 0; i < dx.n; ++i)
      FillRow(dx.channel(c) + size_t(i) * dx.plane(), dx.plane(), dy.channel(c)[i] / float(dx.plane()), add);
}

void ChannelMean(const Tensor& x, const Tensor& y) {
  const float scale = 1.f / float(x.channels);
  for (size_t p = 0; p < x.count(); p += kLanes) {
    Vec sum{};
    for (int c = 0; c < x.channels; ++c) sum += Load(x.channel(c) + p);
    Store(y.data + p, sum * scale);
  }
}
void ChannelMeanBackward(const Tensor& dy, const Tensor& dx, bool add) {
  const float scale = 1.f / float(dx.channels);
  for (size_t p = 0; p < dx.count(); p += kLanes) {
    const Vec v = Load(dy.data + p) * scale;
    for (int c = 0; c < dx.channels; ++c) {
      float* to = dx.channel(c) + p;
      Store(to, add ? Load(to) + v : v);
    }
  }
}
void ChannelMax(const Tensor& x, const Tensor& y) {
  for (size_t p = 0; p < x.count(); p += kLanes) {
    Vec most = Load(x.data + p);
    for (int c = 1; c < x.channels; ++c) most = Max(most, Load(x.channel(c) + p));
    Store(y.data + p, most);
  }
}
void ChannelMaxBackward(const Tensor& x, const Tensor& y, const Tensor& dy, const Tensor& dx, bool add) {
  for (size_t p = 0; p < x.count(); p += kLanes) {
    const Vec most = Load(y.data + p), one = Fill(1.f);
    Vec alike{};
    for (int c = 0; c < x.channels; ++c) alike += Load(x.channel(c) + p) == most ? one : Vec{};
    const Vec share = Load(dy.data + p) / alike;
    for (int c = 0; c < x.channels; ++c) {
      float* to = dx.channel(c) + p;
      const Vec v = Load(x.channel(c) + p) == most ? share : Vec{};
      Store(to, add ? Load(to) + v : v);
    }
  }
}

void ScaleChannels(const Tensor& x, const float* factors, const Tensor& y) {
  for (int c = 0; c < x.channels; ++c)
    for (int i = 0; i < x.n; ++i) {
      const float factor = factors[i * x.channels + c];
      for (size_t p = size_t(i) * x.plane(); p < size_t(i + 1) * x.plane(); ++p)
        y.channel(c)[p] = x.channel(c)[p] * factor;
    }
}

void HardSwish(const Tensor& x, const Tensor& y) {
  Map(x, y, [](Vec v) {
    const Vec part = Max(v * (1 / 6.f) + 0.5f, Vec{}), one = Fill(1.f);
    return v * (part < one ? part : one);
  });
}
void HardSwishBackward(const Tensor& x, const Tensor& d) {
  Map2(x, d, d, [](Vec v, Vec e) { return v <= -3.f ? Vec{} : v < 3.f ? e * (v * (1 / 3.f) + 0.5f) : e; });
}

double SumOfSquares(const float* p, size_t count) {
  constexpr size_t kSpan = 4096;  // values that are summed in single precision
  double sum = 0;
  for (size_t begin = 0; begin < count; begin += kSpan) {
    const size_t end = std::min(count, begin + kSpan);
    Vec s[4] = {};
    size_t i = begin;
    for (; i + 4 * kLanes <= end; i += 4 * kLanes)
      for (int k = 0; k < 4; ++k) s[k] += Load(p + i + k * kLanes) * Load(p + i + k * kLanes);
    for (; i < end; i += kLanes) {
      const Vec v = LoadFirst(p + i, int(std::min<size_t>(kLanes, end - i)));
      s[0] += v * v;
    }
    sum += double(Sum((s[0] + s[1]) + (s[2] + s[3])));
  }
  return sum;
}

}  // namespace scrim::train::cpu
