#include "cpu/resize.h"

#include <algorithm>
#include <cmath>

namespace scrim::train::cpu {

Resize::Axis::Axis(int from, int to, bool align_corners) {
  for (int i = 0; i < to; ++i) {
    const double at =
        align_corners ? (to > 1 ? double(i) * (from - 1) / (to - 1) : 0.) : std::max(0., (i + 0.5) * from / to - 0.5);
    const int low = std::min(int(at), from - 1);
    first.push_back(low);
    second.push_back(std::min(low + 1, from - 1));
    weight.push_back(float(at - low));
  }
}

Resize::Resize(int from_h, int from_w, int to_h, int to_w, bool align_corners)
    : down_(from_h, to_h, align_corners), across_(from_w, to_w, align_corners), row_(size_t(from_w) + 2 * kLanes) {}

void Resize::Forward(const Tensor& x, const Tensor& y) {
  for (int c = 0; c < x.channels; ++c)
    for (int i = 0; i < x.n; ++i) {
      const float* from = x.channel(c) + size_t(i) * x.plane();
      float* to = y.channel(c) + size_t(i) * y.plane();
      for (int r = 0; r < y.h; ++r, to += y.w) {
        const float *above = from + size_t(down_.first[size_t(r)]) * x.w,
                    *below = from + size_t(down_.second[size_t(r)]) * x.w;
        const float t = down_.weight[size_t(r)];
        for (int p = 0; p < x.w; ++p) row_[size_t(p)] = above[p] * (1 - t) + below[p] * t;
        for (size_t p = 0; p < size_t(y.w); ++p) {
          const float u = across_.weight[p];
          to[p] = row_[size_t(across_.first[p])] * (1 - u) + row_[size_t(across_.second[p])] * u;
        }
      }
    }
}

void Resize::Backward(const Tensor& dy, const Tensor& dx, bool add) {
  for (int c = 0; c < dx.channels; ++c)
    for (int i = 0; i < dx.n; ++i) {
      const float* from = dy.channel(c) + size_t(i) * dy.plane();
      float* to = dx.channel(c) + size_t(i) * dx.plane();
      if (!add) std::fill_n(to, dx.plane(), 0.f);
      for (int r = 0; r < dy.h; ++r, from += dy.w) {
        std::fill_n(row_.begin(), dx.w, 0.f);
        for (size_t p = 0; p < size_t(dy.w); ++p) {
          const float u = across_.weight[p];
          row_[size_t(across_.first[p])] += from[p] * (1 - u);
          row_[size_t(across_.second[p])] += from[p] * u;
        }
        float *above = to + size_t(down_.first[size_t(r)]) * dx.w, *below = to + size_t(down_.second[size_t(r)]) * dx.w;
        const float t = down_.weight[size_t(r)];
        for (int p = 0; p < dx.w; ++p) above[p] += row_[size_t(p)] * (1 - t);
        for (int p = 0; p < dx.w; ++p) below[p] += row_[size_t(p)] * t;
      }
    }
}

}  // namespace scrim::train::cpu
