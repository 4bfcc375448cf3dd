#include "compose/placement.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/pixel_ops.h"

namespace scrim::compose {
namespace {

using image::PixelFormat;

int Half(int side) { return (side + 1) / 2; }

int ChannelsOf(PixelFormat format, int plane) {
  if (image::HasAlpha(format)) return 4;
  return format == PixelFormat::kRgb ? 3 : format == PixelFormat::kNv12 && plane > 0 ? 2 : 1;
}

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
  pixels_.Configure(frame.width, frame.height, width, height);
  if (IsYuv(frame.format)) {
    // With an odd side the last chroma sample reaches half a pixel beyond the picture.
    const bool whole_rows = frame.format == PixelFormat::kYuy2;
    const int columns = Half(width), rows = whole_rows ? height : Half(height);
    chroma_.Configure(Half(frame.width), whole_rows ? frame.height : Half(frame.height),
                      {0, double(columns) * frame.width / width}, {0, double(rows) * frame.height / height}, columns,
                      rows);
  }
  const image::FrameView smaller = Part(frame_.view(), left, top, width, height);
  if (frame.format == PixelFormat::kYuy2) {
    ShrinkYuy2(frame, smaller);
  } else {
    for (int p = 0; p < image::PlaneCount(frame.format); ++p)
      (p > 0 ? chroma_ : pixels_)
          .Run(frame.planes[p], frame.strides[p], ChannelsOf(frame.format, p), smaller.planes[p], smaller.strides[p]);
  }
  pixels_.Run(alpha.data(), alpha.row_size(), 1, alpha_.row(top) + left, alpha_.row_size());
}

void Placement::ShrinkYuy2(const image::ConstFrameView& frame, const image::FrameView& part) {
  for (int c = 0; c < 3; ++c) {
    channels_[c].Resize(c == 0 ? frame.width : Half(frame.width), frame.height);
    shrunk_[c].Resize(c == 0 ? part.width : Half(part.width), part.height);
  }
  for (int y = 0; y < frame.height; ++y)
    image::SplitYuy2Row(frame.row(0, y), channels_[0].row(y), channels_[1].row(y), channels_[2].row(y), frame.width);
  for (int c = 0; c < 3; ++c)
    (c > 0 ? chroma_ : pixels_)
        .Run(channels_[c].data(), channels_[c].row_size(), 1, shrunk_[c].data(), shrunk_[c].row_size());
  for (int y = 0; y < part.height; ++y)
    image::JoinYuy2Row(shrunk_[0].row(y), shrunk_[1].row(y), shrunk_[2].row(y), part.row(0, y), part.width);
}

}  // namespace scrim::compose
