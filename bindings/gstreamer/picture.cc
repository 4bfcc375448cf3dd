#include "picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace scrim::gst {
namespace {

constexpr size_t kPixel = 4;

uint8_t* At(Picture* picture, int x, int y) {
  return picture->rgba.data() + kPixel * (size_t{1} * y * picture->width + x);
}

const uint8_t* Row(const Picture& picture, int y) { return picture.rgba.data() + kPixel * y * picture.width; }

}  // namespace

Picture Pad(const Picture& picture, int width, int height) {
  Picture padded;
  const double shape = double(width) / height;
  padded.width = std::max(picture.width, static_cast<int>(std::lround(picture.height * shape)));
  padded.height = std::max(picture.height, static_cast<int>(std::lround(picture.width / shape)));
  padded.rgba.resize(kPixel * padded.width * padded.height);
  for (size_t i = 3; i < padded.rgba.size(); i += kPixel) padded.rgba[i] = 255;
  const int left = (padded.width - picture.width) / 2, top = (padded.height - picture.height) / 2;
  for (int y = 0; y < picture.height; ++y)
    std::memcpy(At(&padded, left, top + y), Row(picture, y), kPixel * picture.width);
  return padded;
}

Picture Tile(const Picture& picture, int width, int height) {
  Picture tiled;
  tiled.width = width, tiled.height = height;
  tiled.rgba.resize(kPixel * width * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; x += picture.width)
      std::memcpy(At(&tiled, x, y), Row(picture, y % picture.height), kPixel * std::min(picture.width, width - x));
  }
  return tiled;
}

}  // namespace scrim::gst
