// A few pixels of a frame of any format as floats, and changes of them back into the frame: what retouching reckons in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "image/box.h"

namespace scrim::retouch {

inline constexpr int kBlock = 64;  // columns; all floats of a block stay in the fastest cache

// Red, green and blue of sRGB, 0 to 255, or changes of them.
struct alignas(64) PixelBlock {
  float red[kBlock], green[kBlock], blue[kBlock];
};

// n pixels, at most kBlock, of row y from column x on, which is even; the rest of the block becomes 0. Colours that YUV
// has and RGB has not are clamped.
void LoadBlock(const image::ConstFrameView& frame, int x, int y, int n, PixelBlock* block);

// Adds changes[k] to n pixels of row y + k from column x on; y and x are even, rows is 2, or 1 for the last row of an
// odd frame. Chroma changes by the mean of the pixels that share it. Where changes are 0 the frame keeps its bytes, and
// bytes of alpha everywhere.
void AddChanges(const image::FrameView& frame, int x, int y, int n, int rows, const PixelBlock* changes);

// Calls work(x, y, n, rows) for all blocks of one or two rows that the alpha touches; together they have every pixel
// whose alpha is not 0 once.
template <typename Work>
void ForEachBlock(const image::BoxedAlpha& alpha, const Work& work) {
  const image::Box& box = alpha.box;
  for (int y = box.top & ~1; y < box.bottom; y += 2) {
    const int rows = std::min(2, alpha.alpha.height() - y);
    for (int x = box.left & ~1; x < box.right; x += kBlock) {
      const int n = std::min(kBlock, alpha.alpha.width() - x);
      uint8_t touched = 0;
      for (int k = 0; k < rows; ++k) {
        const uint8_t* row = alpha.alpha.row(y + k) + x;
        for (int i = 0; i < n; ++i) touched |= row[i];  // without a way out, which would keep it from being vectorised
      }
      if (touched != 0) work(x, y, n, rows);
    }
  }
}

}  // namespace scrim::retouch
