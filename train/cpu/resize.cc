#include "cpu/resize.h"

#include <algorithm>
#include <cmath>

namespace scrim::train::cpu {
namespace {

// Floats in front of a row, so that there is one to the left of its first.
constexpr int kMargin = kLanes;

}  // namespace

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
    : down_(from_h, to_h, align_corners),
      across_(from_w, to_w, align_corners),
      kind_(align_corners        ? Across::kAny
            : to_w == 2 * from_w ? Across::kTwice
            : from_w == 2 * to_w ? Across::kHalf
                                 : Across::kAny),
      row_(size_t(std::max(from_w, to_w)) + kMargin + 3 * kLanes),
      even_(row_.size()),
      odd_(row_.size()) {}

// out: `to` floats from the `from` in row, which has room on both sides.
void Resize::Stretch(int from, int to, float* row, float* out) const {
  if (kind_ == Across::kTwice) {
    row[-1] = row[0], row[from] = row[from - 1];
    for (int x = 0; x < from; x += kLanes) {
      const Vec here = Load(row + x) * 0.75f, left = Load(row + x - 1) * 0.25f + here,
                right = Load(row + x + 1) * 0.25f + here;
      const int count = to - 2 * x;
      if (count >= 2 * kLanes) {
        Store(out + 2 * x, ZipLow(left, right)), Store(out + 2 * x + kLanes, ZipHigh(left, right));
      } else {
        StoreFirst(out + 2 * x, ZipLow(left, right), std::min(count, kLanes));
        StoreFirst(out + 2 * x + kLanes, ZipHigh(left, right), std::max(0, count - kLanes));
      }
    }
  } else if (kind_ == Across::kHalf) {
    for (int x = 0; x < to; x += kLanes) {
      const Vec a = Load(row + 2 * x), b = Load(row + 2 * x + kLanes);
      StoreFirst(out + x, (Even(a, b) + Odd(a, b)) * 0.5f, std::min(kLanes, to - x));
    }
  } else {
    for (int x = 0; x < to; ++x) {
      const float u = across_.weight[size_t(x)];
      out[x] = row[across_.first[size_t(x)]] * (1 - u) + row[across_.second[size_t(x)]] * u;
    }
  }
}

// The transpose of Stretch: row, of `from` floats, from d, of `to`.
void Resize::StretchBackward(int from, int to, const float* d, float* row) {
  if (kind_ == Across::kTwice) {
    float *even = even_.data() + kMargin, *odd = odd_.data() + kMargin;
    for (int x = 0; x < from; x += kLanes) {
      const int count = to - 2 * x;
      const Vec a = LoadFirst(d + 2 * x, std::min(count, kLanes)),
                b = LoadFirst(d + 2 * x + kLanes, std::clamp(count - kLanes, 0, kLanes));
      Store(even + x, Even(a, b)), Store(odd + x, Odd(a, b));
    }
    odd[-1] = even[0], even[from] = odd[from - 1];
    for (int x = 0; x < from; x += kLanes)
      Store(row + x, (Load(odd + x - 1) + Load(even + x + 1)) * 0.25f + (Load(even + x) + Load(odd + x)) * 0.75f);
  } else if (kind_ == Across::kHalf) {
    for (int x = 0; x < to; x += kLanes) {
      const Vec v = LoadFirst(d + x, std::min(kLanes, to - x)) * 0.5f;
      Store(row + 2 * x, ZipLow(v, v)), Store(row + 2 * x + kLanes, ZipHigh(v, v));
    }
  } else {
    std::fill_n(row, from, 0.f);
    for (int x = 0; x < to; ++x) {
      const float u = across_.weight[size_t(x)];
      row[across_.first[size_t(x)]] += d[x] * (1 - u);
      row[across_.second[size_t(x)]] += d[x] * u;
    }
  }
}

void Resize::Forward(const Tensor& x, const Tensor& y) {
  float* row = row_.data() + kMargin;
  for (int c = 0; c < x.channels; ++c)
    for (int i = 0; i < x.n; ++i) {
      const float* from = x.channel(c) + size_t(i) * x.plane();
      float* to = y.channel(c) + size_t(i) * y.plane();
      for (size_t r = 0; r < size_t(y.h); ++r, to += y.w) {
        const float *above = from + down_.first[r] * x.w, *below = from + down_.second[r] * x.w;
        const float t = down_.weight[r];
        for (int p = 0; p < x.w; p += kLanes) Store(row + p, Load(above + p) * (1 - t) + Load(below + p) * t);
        Stretch(x.w, y.w, row, to);
      }
    }
}

void Resize::Backward(const Tensor& dy, const Tensor& dx, bool add) {
  float* row = row_.data() + kMargin;
  const auto add_row = [&](float weight, float* to) {
    for (int p = 0; p < dx.w; p += kLanes) {
      const int left = std::min(kLanes, dx.w - p);
      StoreFirst(to + p, LoadFirst(to + p, left) + Load(row + p) * weight, left);
    }
  };
  for (int c = 0; c < dx.channels; ++c)
    for (int i = 0; i < dx.n; ++i) {
      const float* from = dy.channel(c) + size_t(i) * dy.plane();
      float* to = dx.channel(c) + size_t(i) * dx.plane();
      if (!add) std::fill_n(to, dx.plane(), 0.f);
      for (size_t r = 0; r < size_t(dy.h); ++r, from += dy.w) {
        StretchBackward(dx.w, dy.w, from, row);
        add_row(1 - down_.weight[r], to + down_.first[r] * dx.w);
        if (down_.weight[r] > 0) add_row(down_.weight[r], to + down_.second[r] * dx.w);
      }
    }
}

}  // namespace scrim::train::cpu
