// Whether a frame shows what an earlier one showed, so that the network need not look again.
#pragma once

#include "image/frame.h"

namespace scrim::engine {

// Compares pictures block by block, so that a blink in a corner counts as much as a step across the whole frame, and
// camera noise, which averages out in a block, counts little.
struct StillDetector {
  int block = 8;           // pixels a side
  float threshold = 2.5f;  // mean absolute difference (of 255, over R, G and B) of a block from which it has changed

  // Two pictures of 4 channels, of which the first three count; false where the sizes differ.
  bool Unchanged(const image::Bytes& a, const image::Bytes& b) const;
};

}  // namespace scrim::engine
