// Image files by GStreamer's own decoders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scrim::gst {

struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // rows without gaps
};

// Upright by its orientation tag; the first frame of a clip. Returns what went wrong, in one line with the path; empty:
// nothing. Blocks until the file is decoded; any thread.
std::string ReadPicture(const std::string& path, Picture* picture);

}  // namespace scrim::gst
