// How well an alpha matches the truth on one photo. C++17: the trainer includes it too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace scrim::metrics {

// 8-bit grey in somebody else's memory: 0 room, 255 person. Stride in bytes.
struct GreyView {
  const uint8_t* data = nullptr;
  int width = 0, height = 0;
  size_t stride = 0;

  const uint8_t* row(int y) const { return data + static_cast<size_t>(y) * stride; }
  bool person(int x, int y) const { return row(y)[x] > 127; }
};

// Of an image::Bytes, or what else has its accessors; it must outlive the view.
template <typename Grey>
GreyView ViewOf(const Grey& grey) {
  return {grey.data(), grey.width(), grey.height(), grey.row_size()};
}

// Figures of one photo, or means over several. All from 0 to 1.
struct PhotoQuality {
  double iou = 0;             // of the person, both cut at one half; 1 where both are empty
  double background_iou = 0;  // the same for the room
  double accuracy = 0;        // share of pixels on the right side of one half
  double boundary_f = 0;      // see below
  double mae = 0;             // mean absolute error of alpha
  double miou() const { return (iou + background_iou) / 2; }
};

// truth and alpha must be of the same size, at least 1×1.
//
// boundary_f: harmonic mean of the share of alpha's outline that lies within 0.75 % of the picture's diagonal (at least
// one pixel, rounded up) of the truth's outline, and the reverse (Perazzi et al. 2016, A benchmark dataset for video
// object segmentation, section 4). 1 where neither has an outline, 0 where one alone has.
PhotoQuality Compare(GreyView truth, GreyView alpha);

}  // namespace scrim::metrics
