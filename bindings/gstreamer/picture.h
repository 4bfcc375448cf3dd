// Image files by GStreamer's own decoders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scrim::gst {

struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // rows without gaps
  bool moves = false;        // the file has a length: it is a clip
};

// Upright by its orientation tag; the first frame of a clip. Returns what went wrong, in one line with the path; empty:
// nothing. Blocks until the file is decoded; any thread.
std::string ReadPicture(const std::string& path, Picture* picture);

// The picture with black borders, in the shape of a frame of this size, which it may be larger or smaller than.
Picture Pad(const Picture& picture, int width, int height);

// As large as the frame, the picture over and over from the upper left corner.
Picture Tile(const Picture& picture, int width, int height);

}  // namespace scrim::gst
