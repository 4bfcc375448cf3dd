#include "matte/stabiliser.h"

#include <algorithm>
#include <cmath>

#include "image/blur.h"

namespace scrim::matte {

void Stabiliser::Process(const image::Bytes& picture, image::Floats* mask) {
  if (!options_.enabled) return;
  const int width = mask->width(), height = mask->height();
  if (steady_.width() != width || steady_.height() != height) {
    steady_ = *mask;
    reference_.Resize(width, height, 4);
    std::copy(picture.data(), picture.data() + picture.size(), reference_.data());
    return;
  }
  change_.Resize(width, height);
  for (size_t i = 0; i < change_.size(); ++i) {
    const uint8_t* p = picture.data() + 4 * i;
    const float* r = reference_.data() + 4 * i;
    change_.data()[i] = std::max(std::max(std::abs(p[0] - r[0]), std::abs(p[1] - r[1])), std::abs(p[2] - r[2]));
  }
  image::BoxBlur(1, &change_, &scratch_);  // camera noise averages out, motion does not

  const float slope = 1 / std::max(options_.motion - options_.noise, 1e-3f);
  for (size_t i = 0; i < change_.size(); ++i) {
    float motion = std::clamp((change_.data()[i] - options_.noise) * slope, 0.f, 1.f);
    motion = motion * motion * (3 - 2 * motion);
    float& steady = steady_.data()[i];
    const float step = mask->data()[i] - steady;
    const float still = options_.still_rate + (options_.jump_rate - options_.still_rate) * std::abs(step);
    const float rate = still + (1 - still) * motion;
    steady += rate * step;
    mask->data()[i] = steady;
    float* r = reference_.data() + 4 * i;
    for (int c = 0; c < 4; ++c) r[c] += rate * (picture.data()[4 * i + c] - r[c]);
  }
}

}  // namespace scrim::matte
