#include "compose/room_blur.h"

#include <algorithm>
#include <cmath>

#include "image/blur.h"

namespace scrim::compose {
namespace {

// Largest alpha among a pixel and its neighbours, in place: rows, then columns.
void Dilate(image::Bytes* alpha, std::vector<uint8_t>* scratch) {
  const int width = alpha->width(), height = alpha->height();
  scratch->resize(size_t{2} * width);
  uint8_t *above = scratch->data(),
          *here = above + width;  // rows of the horizontal maximum that are overwritten already
  for (int y = 0; y < height; ++y) {
    uint8_t* row = alpha->row(y);
    uint8_t left = row[0];
    for (int x = 0; x < width; ++x) {
      const uint8_t old = row[x];
      row[x] = std::max(std::max(left, old), row[std::min(x + 1, width - 1)]);
      left = old;
    }
  }
  std::copy(alpha->row(0), alpha->row(0) + width, above);
  for (int y = 0; y < height; ++y) {
    uint8_t* row = alpha->row(y);
    const uint8_t* below = alpha->row(std::min(y + 1, height - 1));
    std::copy(row, row + width, here);
    for (int x = 0; x < width; ++x) row[x] = std::max(std::max(above[x], here[x]), below[x]);
    std::swap(above, here);
  }
}

}  // namespace

void RoomBlur::Render(const image::ConstFrameView& frame, const image::Bytes& alpha, float sigma,
                      const image::FrameView& out) {
  const float frame_sigma = std::clamp(sigma, 0.5f, 100.f) * frame.height / 720.f;
  // Three small pixels of sigma hide the small picture's grid.
  const float shrink = std::clamp(frame_sigma / 3.f, 1.f, 16.f);
  const int width = std::max(1, static_cast<int>(std::lround(frame.width / shrink)));
  const int height = std::max(1, static_cast<int>(std::lround(frame.height / shrink)));

  picture_.Resize(width, height, 4);
  sampler_.Sample(frame, &picture_);
  alpha_.Resize(width, height);
  alpha_resampler_.Configure(frame.width, frame.height, width, height);
  alpha_resampler_.Run(alpha.data(), alpha.row_size(), 1, alpha_.data(), alpha_.row_size());

  Dilate(&alpha_, &dilate_scratch_);  // mattes tend to end inside the person's outline

  weighted_.Resize(width, height, 4);
  double mean[4] = {};
  for (int y = 0; y < height; ++y) {
    const uint8_t* p = picture_.row(y);
    float* w = weighted_.row(y);
    float sum[4] = {};
    for (int x = 0; x < width; ++x, p += 4, w += 4) {
      w[3] = std::max(0.f, 1.f - alpha_.row(y)[x] / 127.5f);  // none from half an alpha on
      for (int c = 0; c < 3; ++c) w[c] = w[3] * p[c];
      for (int c = 0; c < 4; ++c) sum[c] += w[c];
    }
    for (int c = 0; c < 4; ++c) mean[c] += sum[c];
  }
  image::GaussianBlur(frame_sigma * width / frame.width, &weighted_, &scratch_);

  // A little of the mean everywhere: it takes over where no room is in reach. No room at all: grey.
  constexpr float kFill = 1e-3f;
  float fill[3];
  for (int c = 0; c < 3; ++c) fill[c] = kFill * (mean[3] > 0 ? static_cast<float>(mean[c] / mean[3]) : 128.f);
  for (size_t i = 0; i < weighted_.size(); i += 4) {
    const float* w = weighted_.data() + i;
    const float inverse = 1 / (std::max(w[3], 0.f) + kFill);
    for (int c = 0; c < 3; ++c) {
      picture_.data()[i + c] = static_cast<uint8_t>(std::clamp((w[c] + fill[c]) * inverse + 0.5f, 0.f, 255.f));
    }
    picture_.data()[i + 3] = 255;
  }
  expander_.Expand(picture_, out);
}

}  // namespace scrim::compose
