// Small pictures with captions, for sheets that a person looks at.
#pragma once

#include <string>

#include "image/frame.h"

namespace scrim::app {

// The frame stretched to `width` pixels, its proportions kept, as RGBA.
image::Frame Thumbnail(const image::ConstFrameView& frame, int width);

// The same of an alpha, as grey.
image::Frame Thumbnail(const image::Bytes& alpha, int width);

// Where alpha, as large as the picture, is 0 the RGBA picture becomes green.
void PutBeforeGreen(const image::Bytes& alpha, image::Frame& rgba);

// Copies `tile` into `sheet`, its upper left corner at x, y; what would lie outside is left out. Both RGBA.
void Place(const image::Frame& tile, int x, int y, image::Frame& sheet);

// One line of text, its upper left corner at x, y, on `sheet` (RGBA), kCaptionHeight pixels high. ASCII.
inline constexpr int kCaptionHeight = 20;
void Caption(const std::string& text, int x, int y, image::Frame& sheet);

}  // namespace scrim::app
