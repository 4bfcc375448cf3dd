#include "matte/late_mask.h"

#include <algorithm>
#include <cstdlib>

namespace scrim::matte {
namespace {

int Difference(const uint8_t* a, const uint8_t* b) {
  return std::max(std::max(std::abs(a[0] - b[0]), std::abs(a[1] - b[1])), std::abs(a[2] - b[2]));
}

}  // namespace

void TrimLateMask(const LateMaskOptions& options, const image::Bytes& mask_picture, const image::Bytes& picture,
                  image::Floats* mask) {
  const image::Floats before = *mask;
  const int width = mask->width(), height = mask->height(), reach = options.reach;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      float& value = mask->row(y)[x];
      const uint8_t* now = picture.row(y) + 4 * x;
      if (value <= 0 || Difference(now, mask_picture.row(y) + 4 * x) <= options.same) continue;
      int nearest = 255;
      for (int v = std::max(y - reach, 0); v <= std::min(y + reach, height - 1); ++v) {
        for (int u = std::max(x - reach, 0); u <= std::min(x + reach, width - 1); ++u) {
          if (before.row(v)[u] >= 0.5f) nearest = std::min(nearest, Difference(now, mask_picture.row(v) + 4 * u));
        }
      }
      const float change = (nearest - options.same) / std::max(options.other - options.same, 1e-3f);
      value *= 1 - std::clamp(change, 0.f, 1.f);
    }
  }
}

}  // namespace scrim::matte
