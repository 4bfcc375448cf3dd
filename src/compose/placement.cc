#include "compose/placement.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace scrim::compose {
namespace {

// The part of a frame right and down from an even position.
image::FrameView Part(image::FrameView frame, int x, int y, int width, int height) {
  for (int p = 0; p < image::PlaneCount(frame.format); ++p) {
    const int rows = p > 0 ? y / 2 : y;
    frame.planes[p] += frame.strides[p] * rows + image::LayoutOf(frame.format, x, 2, p).row_bytes;
  }
  frame.width = width, frame.height = height;
  return frame;
}

}  // namespace

void Placement::Place(const image::ConstFrameView& frame, const image::Bytes& alpha) {
  // Even distances from the left and upper edge, for formats whose chroma is halved.
  const auto part = [&](int side) { return std::clamp(static_cast<int>(std::lround(side * options_.size)), 1, side); };
  const int width = part(frame.width), top = (frame.height - part(frame.height)) & ~1, height = frame.height - top;
  const int left = static_cast<int>(static_cast<float>(frame.width - width) * options_.position) & ~1;

  const image::ConstFrameView old = std::as_const(frame_).view();
  if (frame_.empty() || old.format != frame.format || old.matrix != frame.matrix || old.width != frame.width ||
      old.height != frame.height) {
    frame_ = image::Frame(frame.format, frame.width, frame.height, frame.matrix);
    alpha_.Resize(frame.width, frame.height);
    std::fill_n(alpha_.data(), alpha_.size(), uint8_t{0});
  }
  small_.Resize(width, height, 4);
  sampler_.Sample(frame, &small_);
  expander_.Expand(small_, Part(frame_.view(), left, top, width, height));
  alpha_resampler_.Configure(frame.width, frame.height, width, height);
  alpha_resampler_.Run(alpha.data(), alpha.row_size(), 1, alpha_.row(top) + left, alpha_.row_size());
}

}  // namespace scrim::compose
