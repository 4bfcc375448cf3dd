// Brings a mask from the network's size to the frame's, along the frame's own edges.
#pragma once

#include <vector>

#include "image/axis.h"
#include "image/box.h"
#include "image/frame.h"
#include "image/pixel_ops.h"

namespace scrim::matte {

// Defaults chosen on ten synthetic talking heads (tests/matte_test.cc): a wider window smooths the network's own
// outline away (boundary F .588 bilinear; .589, .587 and .583 with radius 1, 2 and 3).
struct RefinerOptions {
  bool guided = true;       // off: bilinear
  int radius = 1;           // of the guide's window, in pixels of the mask
  float epsilon = 4e-3f;    // variance of luma (0..1) below which a window counts as flat
  float low = 0.2f;         // mask values up to here become 0 ...
  float high = 0.8f;        // ... and from here 1; low 0 and high 1 turn the levels off
  bool smoothstep = false;  // bends the ramp between low and high
};

// The fast guided filter (He and Sun 2015, "Fast Guided Filter", section 2; the filter itself: He et al. 2010,
// equations 5, 6 and 8) with luma as guide. The coefficients are found on the mask's grid, which plays the subsampled
// picture, and only q = a·luma + b is computed for each pixel of the frame.
class Refiner {
 public:
  explicit Refiner(const RefinerOptions& options = {});

  // mask: 1 channel, 0..1. luma: the frame's luma at the mask's size (image::NativeToLuma). alpha: resized to the
  // frame.
  void Process(const image::Floats& mask, const image::Bytes& luma, const image::ConstFrameView& frame,
               image::Bytes* alpha);
  // The same for a mask that covers a part of the frame: work outside of it is left out. Values below 0.03 count as 0.
  void ProcessPart(const image::Floats& mask, const image::Bytes& luma, const image::ConstFrameView& frame,
                   image::BoxedAlpha* alpha);

 private:
  void Refine(const image::ConstFrameView& frame, const image::Box& cells, const image::Box& pixels,
              image::Bytes* alpha);
  void FindCoefficients(const image::Floats& mask, const image::Bytes& luma);
  void StretchRow(const float* coefficients, const image::Box& cells, const image::Box& pixels, float* a,
                  float* b) const;

  RefinerOptions options_;
  image::AlphaLevels levels_;
  image::Axis x_, y_;
  image::Floats moments_;       // luma, mask, luma², luma·mask
  image::Floats coefficients_;  // a, b
  image::Floats scratch_;
  image::Floats part_mask_;  // of ProcessPart
  image::Bytes part_luma_;
  std::vector<float> rows_;  // a and b of two mask rows, stretched
  std::vector<uint8_t> luma_row_;
};

}  // namespace scrim::matte
