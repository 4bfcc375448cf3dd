// What the network is shown of the mask before.
#pragma once

#include <algorithm>

namespace scrim::matte {

// Mask values up to `low` are shown as 0, from `high` on as 1, straight between. A mask shown as it is makes the
// network surer of it with each frame: a shadow that it takes for a person to a third in the first frame is one after
// twenty (docs/performance.md). Training shows the network's own masks so, too (train/own_masks.h).
struct PreviousLevels {
  float low = 0.5f, high = 0.9f;  // low < high; 0 and 1: as it is

  float operator()(float mask) const { return std::clamp((mask - low) * (1.f / (high - low)), 0.f, 1.f); }
};

}  // namespace scrim::matte
