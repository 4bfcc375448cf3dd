// The colour of hair, pixel by pixel.
#pragma once

#include <cstdint>

#include "retouch/oklab.h"
#include "retouch/pixel_block.h"

namespace scrim::retouch {

// What hair becomes, in Oklab (Ottosson 2020). Lightness L, behind the toe, first becomes lift + (1 - lift)·L, so that
// crushed blacks join in where dark hair becomes light; then the odds L / (1 - L) are divided by `odds`: white stays,
// what lies between moves together and keeps its order, so that strands and shading survive. a and b go to the
// target's; below its lightness to a share t of them, as under less light, turned towards the deeper colour that more
// of the same dye has; above it they fall to nothing at white, as in a highlight.
struct HairTone {
  float lift = 0, odds = 1;
  float strength = 0;                // share of the way of a and b
  Oklab target;                      // its lightness within 0.02 .. 0.98
  float deeper_a = 0, deeper_b = 0;  // t·(target + (1 - t)·deeper) where t of its lightness is left
  LinearRgb hair{};                  // mean light of the hair
  // Lightness beyond this, behind the toe, counts for a quarter: glints of dark hair, and skin that a mask takes in
  // along the hairline, would become a pale rim.
  float knee = 1;
};

inline constexpr float kBeyondKnee = 0.25f;

// changes: what hair of this tone adds to the pixels, alpha 0 none of it to 255 all; n of them, and 0 behind.
// A pixel of alpha α becomes, in linear light, α of dyed hair and 1 - α of what it was: never lighter or darker than
// both, however wrong a mask is. What is dyed is the mean of the hair, and the pixel itself as far as α⁴.
void Recolour(const HairTone& tone, const PixelBlock& pixels, const uint8_t* alpha, int n, PixelBlock* changes);

}  // namespace scrim::retouch
