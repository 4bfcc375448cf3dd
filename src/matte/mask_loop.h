// A network's masks from frame to frame: held still, cleaned of islands, and shown to the network again.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/previous_mask.h"
#include "image/frame.h"
#include "matte/regions.h"
#include "matte/stabiliser.h"

namespace scrim::matte {

struct MaskLoopOptions {
  StabiliserOptions stabiliser;
  RegionOptions regions;
};

// The one owner of the previous mask: the engine, the trainer's own masks and int8 calibration all go through it. For
// each frame, in this order: Observe, Show, the network, Update. Not thread-safe.
class MaskLoop {
 public:
  MaskLoop(const MaskLoopOptions& options, const graph::PreviousMaskRule& rule)
      : stabiliser_(options.stabiliser), regions_(options.regions), rule_(rule) {}

  // picture: 4 channels, of which the first three count, of the network's size.
  void Observe(const image::Bytes& picture) { stabiliser_.Observe(picture); }

  // The previous mask that goes with the picture observed last, width×height values of 0..1; `out` has its strides in
  // floats. Zeros where there is no mask yet, or one of another size.
  void Show(int width, int height, float* out, size_t row_stride, size_t pixel_stride) const;

  // mask: what the network says of that picture, 1 channel, 0..1. steady: the same held still and without islands.
  void Update(const image::Bytes& picture, const image::Floats& mask, image::Floats* steady);

  // Takes a mask from elsewhere for the previous one.
  void Continue(image::Floats mask);
  void Reset();

 private:
  Stabiliser stabiliser_;
  Regions regions_;
  graph::PreviousMaskRule rule_;
  image::Floats previous_;  // without size: none
};

// What a network is shown of a mask (width×height values, row by row) beside the same picture again.
std::vector<float> ShownOfStill(const graph::PreviousMaskRule& rule, const std::vector<float>& mask, int width,
                                int height);

}  // namespace scrim::matte
