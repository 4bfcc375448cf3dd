// An old mask under a new picture.
#pragma once

#include "image/frame.h"

namespace scrim::matte {

struct LateMaskOptions {
  int reach = 2;       // pixels of the mask that a person may have moved since
  float same = 12.f;   // differences of colour (largest of R, G and B, of 255) up to here count as none
  float other = 36.f;  // ... from here as another colour
};

// Takes out of a mask what the newer picture no longer bears out. Where the picture has changed, a pixel stays person
// only as far as its colour was person's within reach in the mask's own picture: what moved away must not leave a
// hole through which the room shows. A mask only loses by it. In place; all of one size, pictures of 4 channels, R, G,
// B first.
void TrimLateMask(const LateMaskOptions& options, const image::Bytes& mask_picture, const image::Bytes& picture,
                  image::Floats* mask);

}  // namespace scrim::matte
