#include "engine/still_detector.h"

#include <algorithm>
#include <cstdlib>

namespace scrim::engine {

bool StillDetector::Unchanged(const image::Bytes& a, const image::Bytes& b) const {
  if (a.width() != b.width() || a.height() != b.height()) return false;
  for (int top = 0; top < a.height(); top += block) {
    const int bottom = std::min(top + block, a.height());
    for (int left = 0; left < a.width(); left += block) {
      const int right = std::min(left + block, a.width());
      int sum = 0;
      for (int y = top; y < bottom; ++y) {
        const uint8_t *p = a.row(y), *q = b.row(y);
        for (int i = 4 * left; i < 4 * right; i += 4) {
          sum += std::abs(p[i] - q[i]) + std::abs(p[i + 1] - q[i + 1]) + std::abs(p[i + 2] - q[i + 2]);
        }
      }
      if (sum >= threshold * 3 * (bottom - top) * (right - left)) return false;
    }
  }
  return true;
}

}  // namespace scrim::engine
