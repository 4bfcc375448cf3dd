// Smoother skin, pixel by pixel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "retouch/pixel_block.h"

namespace scrim::retouch {

// What is known of the skin at each pixel of a row, interpolated from a coarser grid. With Y = 0.299 R + 0.587 G +
// 0.114 B, what remains of a pixel without its unevenness is luma·Y + luma_offset, and so are R - Y and B - Y with
// their own; mean is Y without its finest texture, share how far the pixel is smoothed at all.
struct SkinLines {
  static constexpr size_t kCount = 8;
  enum Line : size_t { kLuma, kLumaOffset, kRed, kRedOffset, kBlue, kBlueOffset, kMean, kShare };
  std::array<const float*, kCount> line{};
};

// changes: what smoothing adds to n pixels between two rows of the grid, weight of the lower one; 0 behind. alpha 0
// none to 255 skin; strength 0 to 1.
void Smooth(const PixelBlock& pixels, const uint8_t* alpha, const SkinLines& above, const SkinLines& below,
            float weight, float strength, int n, PixelBlock* changes);

}  // namespace scrim::retouch
