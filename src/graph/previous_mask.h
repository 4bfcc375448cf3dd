// What a network with a previous mask is shown of it. Training, calibration and the engine show the same
// (matte/mask_loop.h); the numbers travel in the model file.
#pragma once

#include <algorithm>

namespace scrim::graph {

struct PreviousMaskRule {
  // Mask values up to `low` are shown as 0, from `high` on as 1, straight between; low < high. A mask shown as it is
  // makes the network surer of it with each frame: a shadow that it takes for a person to a third in the first frame is
  // one after twenty.
  float low = 0.5f, high = 0.9f;
  float steady_share = 0.5f;  // of the steady mask in what is shown; the rest is the network's own, as it was
  float distrust = 0.9f;      // by how much less is shown where the picture of a moving camera changed; 0 to 1

  float Levels(float mask) const { return std::clamp((mask - low) * (1.f / (high - low)), 0.f, 1.f); }
  bool operator==(const PreviousMaskRule& o) const {
    return low == o.low && high == o.high && steady_share == o.steady_share && distrust == o.distrust;
  }
};

}  // namespace scrim::graph
