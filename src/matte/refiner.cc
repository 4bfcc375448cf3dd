#include "matte/refiner.h"

#include <algorithm>
#include <cmath>

#include "image/blur.h"

namespace scrim::matte {

using image::PixelFormat;

Refiner::Refiner(const RefinerOptions& options) : options_(options) {
  levels_ = {options.low, 1 / std::max(options.high - options.low, 1e-3f), options.smoothstep};
}

void Refiner::Axis::Configure(int in_size, int out_size) {
  if (static_cast<int>(first.size()) == out_size && !second.empty() && second.back() == in_size - 1) return;
  first.resize(out_size), second.resize(out_size), weight.resize(out_size);
  for (int i = 0; i < out_size; ++i) {
    const float centre = std::clamp((i + 0.5f) * in_size / out_size - 0.5f, 0.f, in_size - 1.f);
    first[i] = static_cast<int>(centre);
    second[i] = std::min(first[i] + 1, in_size - 1);
    weight[i] = centre - first[i];
  }
}

void Refiner::FindCoefficients(const image::Floats& mask, const image::Bytes& luma) {
  const int width = mask.width(), height = mask.height();
  coefficients_.Resize(width, height, 2);
  if (!options_.guided) {
    for (size_t i = 0; i < mask.size(); ++i) {
      coefficients_.data()[2 * i] = 0, coefficients_.data()[2 * i + 1] = mask.data()[i];
    }
    return;
  }
  moments_.Resize(width, height, 4);
  for (size_t i = 0; i < mask.size(); ++i) {
    const float y = luma.data()[i] / 255.f, p = mask.data()[i];
    float* m = moments_.data() + 4 * i;
    m[0] = y, m[1] = p, m[2] = y * y, m[3] = y * p;
  }
  image::BoxBlur(options_.radius, &moments_, &scratch_);
  for (size_t i = 0; i < mask.size(); ++i) {
    const float* m = moments_.data() + 4 * i;
    const float variance = std::max(m[2] - m[0] * m[0], 0.f), covariance = m[3] - m[0] * m[1];
    const float a = covariance / (variance + options_.epsilon);
    coefficients_.data()[2 * i] = a / 255.f;  // luma comes in bytes
    coefficients_.data()[2 * i + 1] = m[1] - a * m[0];
  }
  image::BoxBlur(options_.radius, &coefficients_, &scratch_);
}

void Refiner::StretchRow(const float* coefficients, float* a, float* b) const {
  const size_t n = x_.first.size();
  for (size_t x = 0; x < n; ++x) {
    const float *from = coefficients + 2 * x_.first[x], *to = coefficients + 2 * x_.second[x], weight = x_.weight[x];
    a[x] = from[0] + (to[0] - from[0]) * weight;
    b[x] = from[1] + (to[1] - from[1]) * weight;
  }
}

void Refiner::Process(const image::Floats& mask, const image::Bytes& luma, const image::ConstFrameView& frame,
                      image::Bytes* alpha) {
  const int width = frame.width, height = frame.height;
  alpha->Resize(width, height);
  x_.Configure(mask.width(), width);
  y_.Configure(mask.height(), height);
  FindCoefficients(mask, luma);

  rows_.resize(size_t{4} * width);
  luma_row_.resize(width);
  int held[2] = {-1, -1};  // which mask row each half of rows_ holds: even ones in 0, odd ones in 1
  const auto stretched = [&](int y) {
    float* a = rows_.data() + size_t{2} * width * (y % 2);
    if (held[y % 2] != y) StretchRow(coefficients_.row(y), a, a + width);
    held[y % 2] = y;
    return a;
  };
  for (int y = 0; y < height; ++y) {
    const float *row0 = stretched(y_.first[y]), *row1 = stretched(y_.second[y]);
    const uint8_t* guide = luma_row_.data();
    if (frame.format == PixelFormat::kNv12 || frame.format == PixelFormat::kI420) {
      guide = frame.row(0, y);
    } else if (options_.guided && frame.format == PixelFormat::kYuy2) {
      image::LumaRowYuy2(frame.row(0, y), luma_row_.data(), width);
    } else if (options_.guided) {
      image::LumaRow(frame.format, frame.row(0, y), luma_row_.data(), width);
    }
    image::LinearAlphaRow(row0, row1, row0 + width, row1 + width, y_.weight[y], guide, levels_, alpha->row(y), width);
  }
}

}  // namespace scrim::matte
