#include "matte/mask_loop.h"

#include <algorithm>
#include <utility>

namespace scrim::matte {

void MaskLoop::Show(int width, int height, float* out, size_t row_stride, size_t pixel_stride) const {
  const graph::PreviousMaskRule rule = rule_;  // a copy that `out` cannot alias: divides once
  const bool known = previous_.width() == width && previous_.height() == height;
  for (int y = 0; y < height; ++y, out += row_stride)
    for (int x = 0; x < width; ++x)
      out[static_cast<size_t>(x) * pixel_stride] =
          known ? rule.Levels(previous_.row(y)[x]) * (1 - rule.distrust * stabiliser_.Distrust(x, y)) : 0.f;
}

void MaskLoop::Update(const image::Bytes& picture, const image::Floats& mask, image::Floats* steady) {
  *steady = mask;
  stabiliser_.Process(picture, steady);
  regions_.Process(steady);
  previous_.Resize(mask.width(), mask.height());
  for (size_t i = 0; i < mask.size(); ++i)
    previous_.data()[i] = mask.data()[i] + rule_.steady_share * (steady->data()[i] - mask.data()[i]);
}

void MaskLoop::Continue(image::Floats mask) { previous_ = std::move(mask); }

void MaskLoop::Reset() {
  previous_ = {};
  stabiliser_.Reset();
  regions_.Reset();
}

std::vector<float> ShownOfStill(const graph::PreviousMaskRule& rule, const std::vector<float>& mask, int width,
                                int height) {
  MaskLoop loop({}, rule);
  const image::Bytes picture(width, height, 4);
  image::Floats first(width, height), steady;
  std::copy(mask.begin(), mask.end(), first.data());
  loop.Observe(picture);
  loop.Update(picture, first, &steady);
  loop.Observe(picture);
  std::vector<float> shown(mask.size());
  loop.Show(width, height, shown.data(), static_cast<size_t>(width), 1);
  return shown;
}

}  // namespace scrim::matte
