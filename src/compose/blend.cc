#include "compose/blend.h"

#include <algorithm>

#include "image/pixel_ops.h"

namespace scrim::compose {

using image::PixelFormat;

void Blend(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::ConstFrameView& background,
           const image::FrameView& out, std::vector<uint8_t>* scratch, EdgeColours* edges,
           const BrightnessMatch* brightness) {
  const int width = frame.width, height = frame.height;
  scratch->resize(size_t{8} * (width + 1));
  uint8_t* bytes = scratch->data();  // an alpha for each byte of a row
  uint8_t* halved = bytes + 2 * (width + 1);
  uint8_t* corrected = bytes + 4 * (width + 1);

  const auto blend_row = [&](int plane, int y, const uint8_t* row_alpha) {
    const uint8_t* row = frame.row(plane, y);
    const auto bytes_of_row = static_cast<size_t>(image::LayoutOf(frame.format, width, height, plane).row_bytes);
    if (edges != nullptr) edges->CorrectRow(plane, y, row, row_alpha, corrected), row = corrected;
    if (brightness != nullptr) brightness->CorrectRow(plane, row, row_alpha, corrected, bytes_of_row), row = corrected;
    image::BlendRow(row, background.row(plane, y), row_alpha, out.row(plane, y), bytes_of_row);
  };
  for (int y = 0; y < height; ++y) {
    const uint8_t* a = alpha.row(y);
    switch (frame.format) {
      case PixelFormat::kRgba:
      case PixelFormat::kBgra:
        image::ExpandAlphaRgba(a, bytes, width);
        blend_row(0, y, bytes);
        break;
      case PixelFormat::kRgb:
        image::ExpandAlphaRgb(a, bytes, width);
        blend_row(0, y, bytes);
        break;
      case PixelFormat::kYuy2:
        image::ExpandAlphaYuy2(a, bytes, width);
        blend_row(0, y, bytes);
        break;
      case PixelFormat::kNv12:
      case PixelFormat::kI420:
        blend_row(0, y, a);
        if (y % 2 != 0) break;
        image::HalveRow(a, alpha.row(std::min(y + 1, height - 1)), halved, width);
        if (frame.format == PixelFormat::kI420) {
          blend_row(1, y / 2, halved);
          blend_row(2, y / 2, halved);
        } else {
          image::ExpandAlphaPair(halved, bytes, (width + 1) / 2);
          blend_row(1, y / 2, bytes);
        }
        break;
    }
  }
}

}  // namespace scrim::compose
