#include "compose/brightness.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/color.h"

namespace scrim::compose {

using image::PixelFormat;

namespace {

constexpr int kEvery = 8;               // pixel of every eighth row is looked at
constexpr float kMostCurve = 0.7f;      // below 1, where the curve would no longer rise everywhere
constexpr float kFollow = 0.1f;         // of the difference, a frame
constexpr float kVisible = 1.f / 1024;  // a quarter of a step of brightness
constexpr double kSomebody = 0.002;     // share of the frame below which nobody is measured

struct Scale {
  float black, range;  // of the values that brightness is read from and written to
};
Scale ScaleOf(PixelFormat format, image::YuvMatrix matrix) {
  const bool video = IsYuv(format) && image::CoefficientsOf(matrix).y_offset != 0;
  return video ? Scale{16, 219} : Scale{0, 255};
}

float BrightnessAt(const image::ConstFrameView& frame, int x, int y) {
  const uint8_t* row = frame.row(0, y);
  switch (frame.format) {
    case PixelFormat::kRgba:
    case PixelFormat::kRgb: {
      const uint8_t* p = row + x * (frame.format == PixelFormat::kRgb ? 3 : 4);
      return 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
    }
    case PixelFormat::kBgra:
      return 0.114f * row[4 * x] + 0.587f * row[4 * x + 1] + 0.299f * row[4 * x + 2];
    case PixelFormat::kYuy2:
      return row[2 * x];
    case PixelFormat::kNv12:
    case PixelFormat::kI420:
      return row[x];
  }
  return 0;
}

// Sums over the frame, each pixel as far as its alpha (all of it without one): weight, brightness x and x·(1 - x).
struct Sums {
  double weight = 0, brightness = 0, spread = 0;
};
Sums Measure(const image::ConstFrameView& frame, const image::Bytes* alpha) {
  const Scale scale = ScaleOf(frame.format, frame.matrix);
  Sums sums;
  for (int y = kEvery / 2; y < frame.height; y += kEvery) {
    for (int x = kEvery / 2; x < frame.width; x += kEvery) {
      const double weight = alpha == nullptr ? 1. : alpha->row(y)[x] / 255.;
      if (weight == 0) continue;
      const double value = std::clamp((BrightnessAt(frame, x, y) - scale.black) / scale.range, 0.f, 1.f);
      sums.weight += weight, sums.brightness += weight * value, sums.spread += weight * value * (1 - value);
    }
  }
  return sums;
}

}  // namespace

void BrightnessMatch::Prepare(const image::ConstFrameView& frame, const image::Bytes& alpha,
                              const image::ConstFrameView& background, bool background_changed) {
  const bool other = frame.format != format_ || frame.matrix != matrix_;
  format_ = frame.format, matrix_ = frame.matrix;
  if (background_changed || !known_) {
    const Sums sums = Measure(background, nullptr);
    if (sums.weight > 0) background_ = static_cast<float>(sums.brightness / sums.weight);
  }
  const Sums person = Measure(frame, &alpha);
  if (person.weight < kSomebody * frame.width * frame.height / (kEvery * kEvery)) {
    if (!known_ || other) MakeTables(0.5f);
    return;
  }
  const auto mean = static_cast<float>(person.brightness / person.weight);
  const auto spread = static_cast<float>(person.spread / person.weight);
  const float wanted = std::clamp(strength_ * (background_ - mean) / std::max(spread, 0.02f), -kMostCurve, kMostCurve);
  curve_ = known_ ? curve_ + kFollow * (wanted - curve_) : wanted;
  if (!known_ || other || std::abs(curve_ - drawn_curve_) > kVisible) MakeTables(mean);
  known_ = true;
}

void BrightnessMatch::MakeTables(float person) {
  const Scale scale = ScaleOf(format_, matrix_);
  const float gain = 1 + curve_ * (1 - person);  // what the curve multiplies the mean brightness by
  for (int i = 0; i < 256; ++i) {
    const float x = (static_cast<float>(i) - scale.black) / scale.range;
    const float y = x > 0 && x < 1 ? x + curve_ * x * (1 - x) : x;
    luma_[static_cast<size_t>(i)] = image::ClampByte(static_cast<int>(std::lround(scale.black + scale.range * y)));
    chroma_[static_cast<size_t>(i)] =
        image::ClampByte(static_cast<int>(std::lround(128 + gain * static_cast<float>(i - 128))));
  }
  drawn_curve_ = curve_;
}

void BrightnessMatch::CorrectRow(int plane, const uint8_t* in, const uint8_t* byte_alpha, uint8_t* out,
                                 size_t n) const {
  // Rows are mostly without a person, or with one in their middle.
  size_t begin = 0, end = n;
  const auto empty = [&](size_t at) {
    uint64_t eight;
    std::memcpy(&eight, byte_alpha + at, 8);
    return eight == 0;
  };
  while (begin + 8 <= end && empty(begin)) begin += 8;
  while (end >= begin + 8 && empty(end - 8)) end -= 8;
  if (in != out) std::copy(in, in + begin, out), std::copy(in + end, in + n, out + end);
  const bool yuy2 = format_ == PixelFormat::kYuy2;
  const Table& first = plane == 0 ? luma_ : chroma_;
  for (size_t i = begin; i < end; ++i) {
    const Table& table = yuy2 && i % 2 != 0 ? chroma_ : first;
    out[i] = byte_alpha[i] != 0 ? table[in[i]] : in[i];
  }
}

}  // namespace scrim::compose
