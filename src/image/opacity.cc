#include "image/opacity.h"

#include <cassert>
#include <cstring>

namespace scrim::image {
namespace {

uint8_t Share(int value, int of_255) { return static_cast<uint8_t>((value * of_255 + 127) / 255); }

// Bytes of one pixel of `color` in the order of `format`.
void ToPixel(PixelFormat format, Color color, uint8_t pixel[4]) {
  const bool bgr = format == PixelFormat::kBgra;
  pixel[0] = bgr ? color.blue : color.red, pixel[1] = color.green;
  pixel[2] = bgr ? color.red : color.blue, pixel[3] = 255;
}

}  // namespace

bool IsOpaque(const ConstFrameView& frame) {
  if (!HasAlpha(frame.format)) return true;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = frame.row(0, y);
    uint8_t all = 255;
    for (int x = 0; x < frame.width; ++x) all &= row[4 * x + 3];
    if (all != 255) return false;
  }
  return true;
}

void SplitAlpha(const ConstFrameView& frame, Color hidden, const FrameView& out, Bytes* opacity) {
  assert(HasAlpha(frame.format) && frame.format == out.format);
  uint8_t blank[4];
  ToPixel(frame.format, hidden, blank);
  opacity->Resize(frame.width, frame.height);
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* in = frame.row(0, y);
    uint8_t *to = out.row(0, y), *alpha = opacity->row(y);
    for (int x = 0; x < frame.width; ++x, in += 4, to += 4) {
      alpha[x] = in[3];
      std::memcpy(to, in[3] == 0 ? blank : in, 4);
      to[3] = 255;
    }
  }
}

void Flatten(const FrameView& frame, Color under) {
  if (IsOpaque(frame)) return;
  uint8_t colour[4];
  ToPixel(frame.format, under, colour);
  for (int y = 0; y < frame.height; ++y) {
    uint8_t* p = frame.row(0, y);
    for (int x = 0; x < frame.width; ++x, p += 4) {
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>((p[c] * p[3] + colour[c] * (255 - p[3]) + 127) / 255);
      p[3] = 255;
    }
  }
}

void MultiplyAlpha(const Bytes& opacity, Bytes* alpha) {
  assert(opacity.size() == alpha->size());
  for (size_t i = 0; i < opacity.size(); ++i) alpha->data()[i] = Share(alpha->data()[i], opacity.data()[i]);
}

}  // namespace scrim::image
