#include "compose/room_blur.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/blur.h"

namespace scrim::compose {
namespace {

// Largest alpha among a pixel and its neighbours, in place: rows, then columns. scratch: two rows and a pixel at each
// end.
void Dilate(image::Bytes* alpha, std::vector<uint8_t>* scratch) {
  const int width = alpha->width(), height = alpha->height();
  scratch->resize(size_t{2} * width + 2);
  uint8_t* padded = scratch->data();
  for (int y = 0; y < height; ++y) {
    uint8_t* row = alpha->row(y);
    padded[0] = row[0], padded[width + 1] = row[width - 1];
    std::copy(row, row + width, padded + 1);
    for (int x = 0; x < width; ++x) row[x] = std::max(std::max(padded[x], padded[x + 1]), padded[x + 2]);
  }
  // Rows of the horizontal maximum that are overwritten already.
  uint8_t *above = scratch->data(), *here = above + width;
  std::copy(alpha->row(0), alpha->row(0) + width, above);
  for (int y = 0; y < height; ++y) {
    uint8_t* row = alpha->row(y);
    const uint8_t* below = alpha->row(std::min(y + 1, height - 1));
    std::copy(row, row + width, here);
    for (int x = 0; x < width; ++x) row[x] = std::max(std::max(above[x], here[x]), below[x]);
    std::swap(above, here);
  }
}

// The weight of a room pixel for each alpha: none from half an alpha on.
std::array<float, 256> MakeWeights() {
  std::array<float, 256> weights{};
  for (size_t a = 0; a < weights.size(); ++a) weights[a] = std::max(0.f, 1.f - static_cast<float>(a) / 127.5f);
  return weights;
}

}  // namespace

void RoomBlur::Render(const image::ConstFrameView& frame, const image::Bytes& alpha, float sigma,
                      const image::FrameView& out) {
  const float frame_sigma = std::clamp(sigma, 0.5f, 100.f) * frame.height / 720.f;
  // Two and a half small pixels of sigma hide the small picture's grid: the result is at most 2 of 255 away from a blur
  // at full size at a black and white edge, 6 at stripes (three pixels: 3 and 9; two: 9 and 25, for the boxes fit
  // worse).
  const float shrink = std::clamp(frame_sigma / 2.5f, 1.f, 16.f);
  const int width = std::max(1, static_cast<int>(std::lround(frame.width / shrink)));
  const int height = std::max(1, static_cast<int>(std::lround(frame.height / shrink)));

  picture_.Resize(width, height, 4);
  sampler_.Sample(frame, &picture_);
  alpha_.Resize(width, height);
  alpha_resampler_.Configure(frame.width, frame.height, width, height);
  alpha_resampler_.Run(alpha.data(), alpha.row_size(), 1, alpha_.data(), alpha_.row_size());

  Dilate(&alpha_, &dilate_scratch_);  // mattes tend to end inside the person's outline

  // Four lanes: colour · weight, and 255 · weight, because the picture's fourth bytes are 255.
  static const std::array<float, 256> weights = MakeWeights();
  weighted_.Resize(width, height, 4);
  std::array<double, 4> mean{};
  for (int y = 0; y < height; ++y) {
    const uint8_t *p = picture_.row(y), *a = alpha_.row(y);
    float* w = weighted_.row(y);
    std::array<float, 4> sum{};
    for (int x = 0; x < width; ++x, p += 4, w += 4) {
      const float weight = weights[a[x]];
      for (size_t c = 0; c < 4; ++c) w[c] = weight * static_cast<float>(p[c]), sum[c] += w[c];
    }
    for (size_t c = 0; c < 4; ++c) mean[c] += sum[c];
  }
  image::GaussianBlur(frame_sigma * width / frame.width, &weighted_, &scratch_);

  // A little of the mean everywhere: it takes over where no room is in reach. No room at all: grey.
  constexpr float kFill = 255e-3f;
  std::array<float, 4> fill{};
  for (size_t c = 0; c < 3; ++c) fill[c] = kFill * (mean[3] > 0 ? static_cast<float>(mean[c] / mean[3]) : 128 / 255.f);
  fill[3] = kFill;
  for (size_t i = 0; i < weighted_.size(); i += 4) {
    const float* w = weighted_.data() + i;
    uint8_t* p = picture_.data() + i;
    const float inverse = 255 / (std::max(w[3], 0.f) + kFill);
    for (size_t c = 0; c < 4; ++c)
      p[c] = static_cast<uint8_t>(static_cast<int>(std::clamp((w[c] + fill[c]) * inverse + 0.5f, 0.f, 255.f)));
  }
  expander_.Expand(picture_, out);
}

}  // namespace scrim::compose
