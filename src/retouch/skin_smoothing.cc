#include "retouch/skin_smoothing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/blur.h"

namespace scrim::retouch {
namespace {

constexpr float kCells = 64;       // of the grid across a face
constexpr int kRadius = 3;         // of a window, in cells
constexpr float kNoise = 150;      // variance of brightness, 0..255, that halves a difference
constexpr float kSomeSkin = 100;   // pixels; less is nobody's face
constexpr float kSameFace = 0.1f;  // change of a face's size that the grid does not follow

}  // namespace

// False: there is no face.
bool SkinSmoothing::FitGrid(const image::BoxedAlpha& skin) {
  int64_t sum = 0;
  for (int y = skin.box.top; y < skin.box.bottom; ++y) {
    int64_t of_row = 0;
    const uint8_t* row = skin.alpha.row(y);
    for (int x = skin.box.left; x < skin.box.right; ++x) of_row += row[x];
    sum += of_row;
  }
  const float area = static_cast<float>(sum) / 255;
  if (area < kSomeSkin) return false;
  const float face = std::sqrt(area);
  if (std::abs(face - face_) > kSameFace * face) face_ = face;
  part_ = {skin.box.left & ~1, skin.box.top & ~1, skin.box.right, skin.box.bottom};
  const float cell = std::max(1.f, face_ / kCells);
  const auto cells = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels / cell))); };
  picture_.Resize(cells(part_.width()), cells(part_.height()), 4);
  return true;
}

void SkinSmoothing::Sample(const image::ConstFrameView& part, const image::BoxedAlpha& skin) {
  sampler_.Sample(part, &picture_);
  NativeToRgb(part.format, part.matrix, &picture_);
  alpha_.Resize(picture_.width(), picture_.height());
  alpha_resampler_.Configure(part.width, part.height, alpha_.width(), alpha_.height());
  alpha_resampler_.Run(skin.alpha.row(part_.top) + part_.left, skin.alpha.row_size(), 1, alpha_.data(),
                       alpha_.row_size());
}

void SkinSmoothing::FindCoefficients() {
  const int width = picture_.width(), height = picture_.height();
  luma_.Resize(width, height, 4), red_.Resize(width, height, 2), blue_.Resize(width, height, 2);
  coefficients_.Resize(width, height, 4), more_.Resize(width, height, 4), weights_.Resize(width, height);
  const size_t cells = alpha_.size();
  const auto luma_of = [&](size_t i) {
    const uint8_t* p = picture_.data() + 4 * i;
    return 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
  };
  for (size_t i = 0; i < cells; ++i) {
    const uint8_t* p = picture_.data() + 4 * i;
    const float w = alpha_.data()[i] / 255.f, y = luma_of(i), red = p[0] - y, blue = p[2] - y;
    float *l = luma_.data() + 4 * i, *r = red_.data() + 2 * i, *b = blue_.data() + 2 * i;
    l[0] = w, l[1] = w * y, l[2] = w * y * y, l[3] = 0;
    r[0] = w * red, r[1] = w * y * red;
    b[0] = w * blue, b[1] = w * y * blue;
    weights_.data()[i] = w;
  }
  image::BoxBlur(kRadius, &luma_, &scratch_);
  image::BoxBlur(kRadius, &red_, &scratch_);
  image::BoxBlur(kRadius, &blue_, &scratch_);
  // Windows with more skin count for more; those without keep what is there.
  constexpr float kNone = 1e-3f;
  for (size_t i = 0; i < cells; ++i) {
    const float *l = luma_.data() + 4 * i, *r = red_.data() + 2 * i, *b = blue_.data() + 2 * i;
    float *c = coefficients_.data() + 4 * i, *m = more_.data() + 4 * i;
    const float w = std::max(l[0], 0.f);
    const float inverse = 1 / std::max(w, kNone), y = l[1] * inverse;
    const float slope = 1 / (std::max(l[2] * inverse - y * y, 0.f) + kNoise);
    const float luma = std::max(l[2] * inverse - y * y, 0.f) * slope;
    const float red = (r[1] - r[0] * y) * inverse * slope, blue = (b[1] - b[0] * y) * inverse * slope;
    c[0] = w * luma, c[1] = w * (1 - luma) * y;
    c[2] = w * red, c[3] = r[0] - w * red * y;
    m[0] = w * blue, m[1] = b[0] - w * blue * y;
    m[2] = w, m[3] = 0;
  }
  image::BoxBlur(kRadius, &coefficients_, &scratch_);
  image::BoxBlur(kRadius, &more_, &scratch_);
  image::BoxBlur(2, &weights_, &scratch_);
  for (size_t i = 0; i < cells; ++i) {
    float *c = coefficients_.data() + 4 * i, *m = more_.data() + 4 * i;
    const float inverse = 1 / std::max(m[2], kNone);
    for (float* value : {c, c + 1, c + 2, c + 3, m, m + 1}) *value *= inverse;
    m[2] = luma_of(i);
    // A cell whose neighbours are not nearly all skin lies at the rim.
    const float share = std::clamp((weights_.data()[i] - 0.75f) / 0.23f, 0.f, 1.f);
    m[3] = share * share * (3 - 2 * share);
  }
}

// The lines of a row of the grid, part_.width() floats each.
const float* SkinSmoothing::StretchedRow(int y) {
  const auto width = static_cast<size_t>(part_.width());
  const auto slot = static_cast<size_t>(y) % held_.size();
  float* row = rows_.data() + SkinLines::kCount * width * slot;
  if (held_[slot] == y) return row;
  held_[slot] = y;
  for (size_t x = 0; x < width; ++x) {
    for (const auto& [from, first] : {std::pair<const image::Floats&, size_t>{coefficients_, 0}, {more_, 4}}) {
      const float *a = from.row(y) + 4 * x_.first[x], *b = from.row(y) + 4 * x_.second[x];
      for (size_t c = 0; c < 4; ++c) row[(first + c) * width + x] = a[c] + (b[c] - a[c]) * x_.weight[x];
    }
  }
  return row;
}

void SkinSmoothing::Apply(const image::FrameView& frame, const image::BoxedAlpha& skin) {
  if (!enabled() || skin.box.empty() || !FitGrid(skin)) return;
  Sample(PartOf(image::ConstFrameView(frame), part_), skin);
  FindCoefficients();
  const auto width = static_cast<size_t>(part_.width());
  x_.Configure(picture_.width(), part_.width());
  y_.Configure(picture_.height(), part_.height());
  rows_.resize(held_.size() * SkinLines::kCount * width);
  held_.fill(-1);
  PixelBlock pixels, changes[2];
  ForEachBlock(skin, [&](int x, int y, int n, int rows) {
    // The last block may reach beyond the part; nothing is skin there.
    const int inside = std::min(n, part_.right - x);
    for (int k = 0; k < rows; ++k) {
      const auto row = static_cast<size_t>(std::min(y + k, part_.bottom - 1) - part_.top);
      const auto lines = [&](int grid_row) {
        SkinLines all;
        const float* from = StretchedRow(grid_row) + (x - part_.left);
        for (size_t l = 0; l < SkinLines::kCount; ++l) all.line[l] = from + l * width;
        return all;
      };
      const SkinLines above = lines(y_.first[row]), below = lines(y_.second[row]);
      LoadBlock(frame, x, y + k, n, &pixels);
      Smooth(pixels, skin.alpha.row(y + k) + x, above, below, y_.weight[row], std::min(strength_, 1.f), inside,
             &changes[k]);
    }
    AddChanges(frame, x, y, n, rows, changes);
  });
}

}  // namespace scrim::retouch
