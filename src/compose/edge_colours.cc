#include "compose/edge_colours.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/blur.h"
#include "image/pixel_ops.h"

namespace scrim::compose {

using image::PixelFormat;

namespace {

constexpr int kColumns = 96;
constexpr int kRadius = 3;     // of the means, in cells
constexpr float kLit = 0.85f;  // mean alpha around a pixel from which on no light reaches it
// Of a window's weight of solid person, from which its mean colour is taken for the person's.
constexpr float kEnough = 0.02f;

// The three channels of a pixel as the format stores them: R, G, B in the frame's order, or Y, U, V.
void ReadPixel(const image::ConstFrameView& frame, int x, int y, uint8_t* out) {
  const uint8_t* p = nullptr;
  switch (frame.format) {
    case PixelFormat::kRgba:
    case PixelFormat::kBgra:
    case PixelFormat::kRgb:
      p = frame.row(0, y) + x * (frame.format == PixelFormat::kRgb ? 3 : 4);
      out[0] = p[0], out[1] = p[1], out[2] = p[2];
      return;
    case PixelFormat::kNv12:
      p = frame.row(1, y / 2) + x / 2 * 2;
      out[0] = frame.row(0, y)[x], out[1] = p[0], out[2] = p[1];
      return;
    case PixelFormat::kI420:
      out[0] = frame.row(0, y)[x], out[1] = frame.row(1, y / 2)[x / 2], out[2] = frame.row(2, y / 2)[x / 2];
      return;
    case PixelFormat::kYuy2:
      p = frame.row(0, y) + x / 2 * 4;
      out[0] = p[x % 2 * 2], out[1] = p[1], out[2] = p[3];
      return;
  }
}

enum class Cover { kNone, kSome, kAll };

// Of the bytes of some samples; filler: the bits that belong to no sample.
Cover CoverOf(const uint8_t* alpha, size_t n, uint64_t filler) {
  uint64_t any = 0, all = ~uint64_t{0};
  const auto add = [&](uint64_t eight) { any |= eight & ~filler, all &= eight | filler; };
  for (; n >= 8; n -= 8, alpha += 8) {
    uint64_t eight;
    std::memcpy(&eight, alpha, 8);
    add(eight);
  }
  for (size_t i = 0; i < n; ++i) {
    if ((filler >> 8 * i & 1) != 0) continue;
    any |= alpha[i], all &= alpha[i] == 255 ? all : 0;
  }
  return any == 0 ? Cover::kNone : all == ~uint64_t{0} ? Cover::kAll : Cover::kSome;
}

}  // namespace

// Means around each cell, from the pixel in its middle: of person and room with an alpha, of everything without.
void EdgeColours::Measure(const image::ConstFrameView& frame, const image::Bytes* alpha, bool light) {
  sums_.Resize(columns_, rows_, 4);
  other_sums_.Resize(columns_, rows_, 4);
  for (int r = 0; r < rows_; ++r) {
    const int y = std::min(r * step_ + step_ / 2, height_ - 1);
    float *person = sums_.row(r), *room = other_sums_.row(r);
    for (int c = 0; c < columns_; ++c, person += 4, room += 4) {
      const int x = std::min(c * step_ + step_ / 2, width_ - 1);
      uint8_t pixel[3];
      ReadPixel(frame, x, y, pixel);
      const float a = alpha == nullptr ? 1.f : alpha->row(y)[x] / 255.f;
      // The more alpha is sure, the more a colour counts.
      const float sure = 2 * a - 1, solid = sure > 0 ? sure * sure : 0.f, empty = sure < 0 ? sure * sure : 0.f;
      for (int k = 0; k < 3; ++k) person[k] = solid * pixel[k], room[k] = empty * pixel[k];
      person[3] = solid, room[3] = empty;
      if (alpha != nullptr) cover_[static_cast<size_t>(r) * static_cast<size_t>(columns_) + static_cast<size_t>(c)] = a;
    }
  }
  image::BoxBlur(kRadius, &sums_, &scratch_);
  std::array<Grid, 3>& means = light ? light_ : person_;
  const size_t cells = static_cast<size_t>(columns_) * static_cast<size_t>(rows_);
  for (size_t i = 0; i < cells; ++i) {
    const float* sum = sums_.data() + 4 * i;
    for (size_t k = 0; k < 3; ++k) means[k][i] = sum[k] / std::max(sum[3], 1e-6f);
  }
  if (light) return;
  image::BoxBlur(kRadius, &other_sums_, &scratch_);
  for (size_t i = 0; i < cells; ++i) {
    const float *sum = sums_.data() + 4 * i, *other = other_sums_.data() + 4 * i;
    for (size_t k = 0; k < 3; ++k) room_[k][i] = other[k] / std::max(other[3], 1e-6f);
    trust_[i] = options_.decontaminate ? std::min({1.f, sum[3] / kEnough, other[3] / kEnough}) : 0.f;
    cover_[i] = std::clamp(0.5f + (sum[3] - other[3]) / 2, 0.f, 1.f);
    wrap_[i] = light_known_ ? 2 * options_.light_wrap * std::max(0.f, kLit - cover_[i]) : 0.f;
  }
}

void EdgeColours::Prepare(const image::ConstFrameView& frame, const image::Bytes& alpha,
                          const image::ConstFrameView* background, bool background_changed) {
  if (width_ != frame.width || height_ != frame.height || format_ != frame.format) {
    width_ = 0, light_known_ = false;  // nothing fits until all memory is there
    step_ = std::max(1, (frame.width + kColumns / 2) / kColumns);
    columns_ = (frame.width + step_ - 1) / step_, rows_ = (frame.height + step_ - 1) / step_;
    const size_t cells = static_cast<size_t>(columns_) * static_cast<size_t>(rows_);
    for (auto* grids : {&person_, &room_, &light_})
      for (Grid& grid : *grids) grid.assign(cells, 0.f);
    for (Grid* grid : {&cover_, &trust_, &wrap_}) grid->assign(cells, 0.f);
    format_ = frame.format, width_ = frame.width, height_ = frame.height;
  }
  if (background == nullptr) {
    light_known_ = false;
  } else if (options_.light_wrap > 0 && (background_changed || !light_known_)) {
    Measure(*background, nullptr, /*light=*/true);
    light_known_ = true;
  }
  Measure(frame, &alpha, /*light=*/false);
  FindOutline();
}

void EdgeColours::CorrectRow(int plane, int y, const uint8_t* in, const uint8_t* byte_alpha, uint8_t* out) {
  const auto row_bytes = static_cast<size_t>(image::LayoutOf(format_, width_, height_, plane).row_bytes);
  if (in != out) std::copy(in, in + row_bytes, out);
  const auto correct = [&](int channel, size_t offset, size_t stride, int pixels_per_sample) {
    const int frame_y = IsYuv(format_) && plane > 0 ? 2 * y : y;
    CorrectChannel(channel, std::min(frame_y, height_ - 1), pixels_per_sample, stride,
                   (row_bytes - offset + stride - 1) / stride, in + offset, byte_alpha + offset, out + offset);
  };
  switch (format_) {
    case PixelFormat::kRgba:
    case PixelFormat::kBgra:
      for (int c = 0; c < 3; ++c) correct(c, static_cast<size_t>(c), 4, 1);
      break;
    case PixelFormat::kRgb:
      for (int c = 0; c < 3; ++c) correct(c, static_cast<size_t>(c), 3, 1);
      break;
    case PixelFormat::kNv12:
      if (plane == 0) return correct(0, 0, 1, 1);
      correct(1, 0, 2, 2), correct(2, 1, 2, 2);
      break;
    case PixelFormat::kI420:
      correct(plane, 0, 1, plane == 0 ? 1 : 2);
      break;
    case PixelFormat::kYuy2:
      correct(0, 0, 2, 1), correct(1, 1, 4, 2), correct(2, 3, 4, 2);
      break;
  }
}

// Spans of samples lie between the middles of two cells, before the first and behind the last middle. Those of a row
// are the same for all of the frame's rows between two rows of the grid.
void EdgeColours::FindOutline() {
  outline_.clear(), outline_begin_.clear();
  const auto columns = static_cast<size_t>(columns_), rows = static_cast<size_t>(rows_);
  constexpr float kNone = 0.002f, kAll = 0.998f;
  for (size_t row = 0; row < rows; ++row) {
    outline_begin_.push_back(outline_.size());
    const float *above = cover_.data() + row * columns, *below = cover_.data() + std::min(row + 1, rows - 1) * columns;
    const auto on = [&](size_t c) {
      return std::max(above[c], below[c]) > kNone && std::min(above[c], below[c]) < kAll;
    };
    for (size_t span = 0; span <= columns; ++span)
      if (on(span == 0 ? 0 : span - 1) || on(std::min(span, columns - 1))) outline_.push_back(span);
  }
  outline_begin_.push_back(outline_.size());
}

void EdgeColours::CorrectChannel(int channel, int y, int pixels_per_sample, size_t stride, size_t samples,
                                 const uint8_t* in, const uint8_t* alpha, uint8_t* out) {
  // Between two rows of the grid.
  const float at =
      std::clamp((static_cast<float>(y) + 0.5f) / static_cast<float>(step_) - 0.5f, 0.f, static_cast<float>(rows_ - 1));
  const auto row = static_cast<size_t>(at), next = std::min(row + 1, static_cast<size_t>(rows_ - 1));
  const float weight = at - static_cast<float>(row);
  const auto columns = static_cast<size_t>(columns_), k = static_cast<size_t>(channel);
  const Grid* const grids[] = {&wrap_, &trust_, &person_[k], &room_[k], &light_[k]};
  constexpr size_t kGrids = std::size(grids);
  const auto value = [&](size_t g, size_t c) {
    const float above = (*grids[g])[row * columns + c], below = (*grids[g])[next * columns + c];
    return above + (below - above) * weight;
  };
  const size_t per_sample = static_cast<size_t>(pixels_per_sample), step = static_cast<size_t>(step_);
  const float cell = static_cast<float>(step_), cells_per_sample = static_cast<float>(pixels_per_sample) / cell;
  const auto begin_of = [&](size_t span) {
    return span == 0 ? 0 : span > columns ? samples : std::min(samples, (2 * span - 1) * step / (2 * per_sample));
  };

  // The fourth bytes of RGBA have an alpha of 0, whatever the pixel's (image::ExpandAlphaRgba).
  const uint64_t filler = image::HasAlpha(format_) ? uint64_t{0xff000000ff000000} >> 8 * k : 0;
  line_.resize(kGrids * samples);
  float* const lines = line_.data();
  size_t run_begin = 0, run_end = 0;  // samples whose quantities are known
  const auto end_run = [&] {
    if (run_begin == run_end) return;
    const float* from = lines + run_begin;
    const image::EdgeRow edge{from, from + samples, from + 2 * samples, from + 3 * samples, from + 4 * samples};
    const size_t offset = run_begin * stride;
    image::CorrectEdgeRow(edge, in + offset, alpha + offset, out + offset, stride, run_end - run_begin);
  };
  for (size_t i = outline_begin_[row]; i < outline_begin_[row + 1]; ++i) {
    const size_t span = outline_[i], begin = begin_of(span), end = begin_of(span + 1);
    // In the middle of the person only light counts, in the room nothing.
    const Cover cover =
        begin < end ? CoverOf(alpha + begin * stride, (end - begin - 1) * stride + 1, filler) : Cover::kNone;
    const size_t left = span == 0 ? 0 : span - 1, right = std::min(span, columns - 1);
    if (cover == Cover::kNone || (cover == Cover::kAll && value(0, left) + value(0, right) == 0)) continue;
    if (begin != run_end) end_run(), run_begin = begin;
    run_end = end;
    // How far the first sample lies from the left middle, in cells.
    const float from =
        span == 0 ? 0.f : (static_cast<float>(begin * per_sample) + 0.5f) / cell - 0.5f - static_cast<float>(left);
    for (size_t g = 0; g < kGrids; ++g) {
      const float slope = value(g, right) - value(g, left), first = value(g, left) + from * slope;
      float* line = lines + g * samples + begin;
      const float step_of_sample = slope * cells_per_sample;
      const int count = static_cast<int>(end - begin);
      for (int s = 0; s < count; ++s) line[s] = first + step_of_sample * static_cast<float>(s);
    }
  }
  end_run();
}

}  // namespace scrim::compose
