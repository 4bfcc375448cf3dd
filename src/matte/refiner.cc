#include "matte/refiner.h"

#include <algorithm>
#include <cmath>

#include "image/blur.h"

namespace scrim::matte {

using image::PixelFormat;

Refiner::Refiner(const RefinerOptions& options) : options_(options) {
  levels_ = {options.low, 1 / std::max(options.high - options.low, 1e-3f), options.smoothstep};
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

// coefficients: a row of the cells; a and b: of the pixels.
void Refiner::StretchRow(const float* coefficients, const image::Box& cells, const image::Box& pixels, float* a,
                         float* b) const {
  const int last = cells.width() - 1;
  for (int x = pixels.left; x < pixels.right; ++x) {
    const auto i = static_cast<size_t>(x);
    const float* from = coefficients + 2 * std::clamp(x_.first[i] - cells.left, 0, last);
    const float* to = coefficients + 2 * std::clamp(x_.second[i] - cells.left, 0, last);
    const float weight = x_.weight[i];
    *a++ = from[0] + (to[0] - from[0]) * weight;
    *b++ = from[1] + (to[1] - from[1]) * weight;
  }
}

void Refiner::Process(const image::Floats& mask, const image::Bytes& luma, const image::ConstFrameView& frame,
                      image::Bytes* alpha) {
  alpha->Resize(frame.width, frame.height);
  x_.Configure(mask.width(), frame.width);
  y_.Configure(mask.height(), frame.height);
  FindCoefficients(mask, luma);
  Refine(frame, {0, 0, mask.width(), mask.height()}, {0, 0, frame.width, frame.height}, alpha);
}

// Two windows and the stretch reach so far beyond the last pixel of the mask; further out all coefficients are 0.
void Refiner::ProcessPart(const image::Floats& mask, const image::Bytes& luma, const image::ConstFrameView& frame,
                          image::BoxedAlpha* alpha) {
  constexpr float kLeast = 0.03f;
  const int width = mask.width(), height = mask.height();
  image::Box cells{width, height, 0, 0};
  for (int y = 0; y < height; ++y) {
    const float *row = mask.row(y), *end = row + width;
    const auto counts = [](float value) { return value >= kLeast; };
    const float* first = std::find_if(row, end, counts);
    if (first == end) continue;
    int last = width - 1;
    while (!counts(row[last])) --last;
    cells.left = std::min(cells.left, static_cast<int>(first - row)), cells.right = std::max(cells.right, last + 1);
    cells.top = std::min(cells.top, y), cells.bottom = y + 1;
  }
  image::Clear(frame.width, frame.height, alpha);
  if (cells.empty()) return;
  const int reach = 2 * options_.radius + 1;
  cells = {std::max(cells.left - reach, 0), std::max(cells.top - reach, 0), std::min(cells.right + reach, width),
           std::min(cells.bottom + reach, height)};
  part_mask_.Resize(cells.width(), cells.height());
  part_luma_.Resize(cells.width(), cells.height());
  for (int y = 0; y < cells.height(); ++y) {
    const float* from = mask.row(cells.top + y) + cells.left;
    std::transform(from, from + cells.width(), part_mask_.row(y), [](float v) { return v >= kLeast ? v : 0.f; });
    const uint8_t* luma_from = luma.row(cells.top + y) + cells.left;
    std::copy(luma_from, luma_from + cells.width(), part_luma_.row(y));
  }
  const auto pixel = [](int cell, int cell_count, int pixel_count, int round_up) {
    return static_cast<int>((int64_t{cell} * pixel_count + round_up * (cell_count - 1)) / cell_count);
  };
  alpha->box = {pixel(cells.left, width, frame.width, 0), pixel(cells.top, height, frame.height, 0),
                pixel(cells.right, width, frame.width, 1), pixel(cells.bottom, height, frame.height, 1)};
  x_.Configure(width, frame.width);
  y_.Configure(height, frame.height);
  FindCoefficients(part_mask_, part_luma_);
  Refine(frame, cells, alpha->box, &alpha->alpha);
}

// Coefficients are those of the cells, a part of the mask's grid; alpha's pixels are written.
void Refiner::Refine(const image::ConstFrameView& frame, const image::Box& cells, const image::Box& pixels,
                     image::Bytes* alpha) {
  const auto width = static_cast<size_t>(pixels.width()), left = static_cast<size_t>(pixels.left);
  rows_.resize(4 * width);
  luma_row_.resize(width);
  int held[2] = {-1, -1};  // which mask row each half of rows_ holds: even ones in 0, odd ones in 1
  const auto stretched = [&](int y) {
    y = std::clamp(y - cells.top, 0, cells.height() - 1);
    float* a = rows_.data() + 2 * width * static_cast<size_t>(y % 2);
    if (held[y % 2] != y) StretchRow(coefficients_.row(y), cells, pixels, a, a + width);
    held[y % 2] = y;
    return a;
  };
  for (int y = pixels.top; y < pixels.bottom; ++y) {
    const auto row = static_cast<size_t>(y);
    const float *row0 = stretched(y_.first[row]), *row1 = stretched(y_.second[row]);
    const uint8_t* guide = luma_row_.data();
    const uint8_t* from = frame.row(0, y) + image::LayoutOf(frame.format, pixels.left, 1, 0).row_bytes;
    if (frame.format == PixelFormat::kNv12 || frame.format == PixelFormat::kI420) {
      guide = from;
    } else if (options_.guided && frame.format == PixelFormat::kYuy2) {
      image::LumaRowYuy2(frame.row(0, y) + 2 * left, luma_row_.data(), width);
    } else if (options_.guided) {
      image::LumaRow(frame.format, from, luma_row_.data(), width);
    }
    image::LinearAlphaRow(row0, row1, row0 + width, row1 + width, y_.weight[row], guide, levels_, alpha->row(y) + left,
                          width);
  }
}

}  // namespace scrim::matte
