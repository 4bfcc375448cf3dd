#include "matte/stabiliser.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/blur.h"

namespace scrim::matte {
namespace {

// A quarter of the values, which are 0 to 255, are less; to a quarter of a level, 64 and more as 64.
float LowerQuartile(const image::Floats& values) {
  std::array<int, 257> counts{};
  for (size_t i = 0; i < values.size(); ++i) ++counts[static_cast<size_t>(std::min(4 * values.data()[i], 256.f))];
  int left = static_cast<int>(values.size() / 4);
  size_t bin = 0;
  while (bin < 256 && (left -= counts[bin]) >= 0) ++bin;
  return 0.25f * static_cast<float>(bin);
}

}  // namespace

void Stabiliser::Observe(const image::Bytes& picture) {
  distrust_ = 0;
  if (!options_.enabled || steady_.width() != picture.width() || steady_.height() != picture.height()) return;
  change_.Resize(picture.width(), picture.height());
  for (size_t i = 0; i < change_.size(); ++i) {
    const uint8_t* p = picture.data() + 4 * i;
    const float* r = reference_.data() + 4 * i;
    change_.data()[i] = std::max(std::max(std::abs(p[0] - r[0]), std::abs(p[1] - r[1])), std::abs(p[2] - r[2]));
  }
  image::BoxBlur(1, &change_, &scratch_);  // camera noise averages out, motion does not
  const float change = LowerQuartile(change_) / options_.adapt_from;
  threshold_scale_ = std::clamp(change, 1.f, options_.adapt_most);
  distrust_ = std::clamp(change - 1, 0.f, 1.f);
}

float Stabiliser::DistrustOf(float change) const {
  return distrust_ * std::clamp((2 * change / options_.motion - 1) / 3, 0.f, 1.f);  // from half of it to twice it
}

void Stabiliser::Process(const image::Bytes& picture, image::Floats* mask) {
  if (!options_.enabled) return;
  const int width = mask->width(), height = mask->height();
  if (steady_.width() != width || steady_.height() != height) {
    steady_ = *mask;
    still_.Resize(width, height);
    std::fill(still_.data(), still_.data() + still_.size(), -options_.first);
    reference_.Resize(width, height, 4);
    std::copy(picture.data(), picture.data() + picture.size(), reference_.data());
    return;
  }
  const float noise = threshold_scale_ * options_.noise;
  const float slope = 1 / std::max(threshold_scale_ * options_.motion - noise, 1e-3f);
  const float per_still_frame = 1 / std::max(options_.hold_after, 1.f);
  for (size_t i = 0; i < change_.size(); ++i) {
    float motion = std::clamp((change_.data()[i] - noise) * slope, 0.f, 1.f);
    motion = motion * motion * (3 - 2 * motion);
    float& steady = steady_.data()[i];
    float& still_for = still_.data()[i];
    still_for = (1 - motion) * (still_for + 1);
    float step = mask->data()[i] - steady;
    if (step > 0)
      step *= 1 - options_.hold * (1 - motion) * (1 - steady) * std::clamp(per_still_frame * still_for, 0.f, 1.f);
    const float still = options_.still_rate + (options_.jump_rate - options_.still_rate) * std::abs(step);
    const float rate = still + (1 - still) * motion;
    steady += rate * step;
    mask->data()[i] = steady;
    float* r = reference_.data() + 4 * i;
    for (int c = 0; c < 4; ++c) r[c] += rate * (picture.data()[4 * i + c] - r[c]);
  }
}

}  // namespace scrim::matte
