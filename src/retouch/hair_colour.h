// Hair of another colour, as if dyed: strands, highlights and shading stay.
#pragma once

#include "image/box.h"
#include "retouch/recolour.h"

namespace scrim::retouch {

struct HairColourOptions {
  image::Color colour;  // of the hair on the whole; strands are darker and lighter
  float strength = 0;   // 0 the hair's own colour to 1
};

// Moves the mean lightness of the hair to that of the colour, and all its lightnesses with it (see HairTone). What it
// was is measured where hair is certain, in Oklab, and followed slowly, so that nothing pumps. Very dark hair becomes
// no lighter than a camera's noise allows. Where next to no hair is in the frame, nothing changes. Not thread-safe.
class HairColour {
 public:
  void set_options(const HairColourOptions& options) { options_ = options; }
  bool enabled() const { return options_.strength > 0; }

  // Recolours a valid frame in place; hair: alpha of its size. Only pixels whose alpha is not 0 change, and chroma that
  // they share.
  void Apply(const image::FrameView& frame, const image::BoxedAlpha& hair);

  // Forgets what the hair looked like: the next frame shows somebody else.
  void Reset() { known_ = false; }

 private:
  // Of the hair, certain pixels alone.
  struct Look {
    float share = 0;      // of the frame that they cover
    float lightness = 0;  // behind the toe, and
    float spread = 0;     // its standard deviation
    LinearRgb light{};
  };
  static Look Measure(const image::ConstFrameView& frame, const image::BoxedAlpha& hair);
  void Follow(const Look& seen);
  HairTone ToneOf(const Look& look) const;

  HairColourOptions options_;
  bool known_ = false;
  Look followed_, drawn_;  // drawn_ only moves where one would see it: what stands still stays the same to the last bit
};

}  // namespace scrim::retouch
