// Holds a mask still on still pixels and lets it go where the picture moves.
#pragma once

#include "image/frame.h"

namespace scrim::matte {

struct StabiliserOptions {
  bool enabled = true;
  float still_rate = 0.08f;  // share of a new mask taken over where neither picture nor mask changed
  float jump_rate = 0.33f;   // ... where the picture stood still and the mask jumped from 0 to 1 or back
  float hold = 0.95f;        // below 1: by how much less what stood still as room is believed to be person now ...
  float hold_after = 4.f;    // ... once it stood still for so many frames, ...
  float first = 6.f;         // ... so many frames later after the first mask, which may be wrong
  float noise = 4.f;         // changes of the picture up to here (of 255) count as none
  float motion = 12.f;       // ... from here as motion: the new mask is taken as it is; 16 costs .001 of boundary F
  // Where three quarters of the picture change by more than this (grain, light, a moving camera), noise and motion
  // start that many times later, ...
  float adapt_from = 2.f;
  float adapt_most = 3.3f;  // ... at most this many
};

// Per-pixel exponential smoothing, s += rate · (mask - s), at the network's size. The rate follows the change of the
// picture against a background average that is updated at the same rate, so that slow motion adds up until it shows:
// the running-average idea of Wren et al. 1997 (Pfinder, section IV-A), with the mask in place of the colour. Room that
// did not change does not become person: most of a network's flicker is room beside somebody who moves. What counts as
// a change adapts to the lower quartile of all changes: a person who fills half of it does not count as that
// (docs/experiments/0008-moving-cameras.md).
class Stabiliser {
 public:
  explicit Stabiliser(const StabiliserOptions& options = {}) : options_(options) {}

  // picture: 4 channels, the first three count. Compares it with what stood there before.
  void Observe(const image::Bytes& picture);
  // How little the mask before is worth at a pixel of the picture observed last: 0 before a fixed camera, and up to 1
  // where a moving one has another thing there now.
  float Distrust(int x, int y) const { return distrust_ > 0 ? DistrustOf(change_.row(y)[x]) : 0.f; }
  // mask: of the picture observed last, which is given again; 1 channel, 0..1, the same size, replaced by the steady
  // one. The first mask, and the first after a change of size or Reset, stays as it is.
  void Process(const image::Bytes& picture, image::Floats* mask);
  void Reset() { steady_ = {}, distrust_ = 0; }

 private:
  float DistrustOf(float change) const;

  StabiliserOptions options_;
  image::Floats steady_;     // the mask so far
  image::Floats reference_;  // the picture so far, 4 channels
  image::Floats still_;      // frames without motion; below 0 after the first mask
  image::Floats change_, scratch_;
  float threshold_scale_ = 1;  // what noise and motion are multiplied with
  float distrust_ = 0;         // the largest of this picture
};

}  // namespace scrim::matte
