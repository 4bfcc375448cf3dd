// Parts of pictures.
#pragma once

#include <algorithm>
#include <cstdint>

#include "image/frame.h"

namespace scrim::image {

// Columns left .. right - 1 of rows top .. bottom - 1.
struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
  bool empty() const { return right <= left || bottom <= top; }
  bool operator==(const Box& o) const {
    return left == o.left && top == o.top && right == o.right && bottom == o.bottom;
  }
};

// An alpha of a frame's size that is 0 outside of its box. Without a size: there is none.
struct BoxedAlpha {
  Bytes alpha;
  Box box;
};

// Makes the alpha one of width × height that is 0 everywhere, with an empty box.
inline void Clear(int width, int height, BoxedAlpha* alpha) {
  if (alpha->alpha.width() != width || alpha->alpha.height() != height) {
    alpha->alpha.Resize(width, height);
    alpha->box = {0, 0, width, height};
  }
  for (int y = alpha->box.top; y < alpha->box.bottom; ++y)
    std::fill(alpha->alpha.row(y) + alpha->box.left, alpha->alpha.row(y) + alpha->box.right, uint8_t{0});
  alpha->box = {};
}

// The part of a frame that a box marks; its left and top must be even, the rest as it likes, inside the frame.
template <typename Byte>
BasicFrameView<Byte> PartOf(const BasicFrameView<Byte>& frame, const Box& box) {
  BasicFrameView<Byte> part = frame;
  part.width = box.width(), part.height = box.height();
  for (int p = 0; p < PlaneCount(frame.format); ++p) {
    const int top = IsYuv(frame.format) && p > 0 ? box.top / 2 : box.top;
    part.planes[p] = frame.row(p, top) + LayoutOf(frame.format, box.left, 1, p).row_bytes;
  }
  return part;
}

}  // namespace scrim::image
