// Image files, read in one way by everything that takes them: photos, backgrounds, masks, the element. Over libvips.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim {

enum class ImageKind {
  kNone,       // something else
  kStill,      // one picture
  kAnimation,  // GIF, APNG or WebP with several frames: a clip
};

// By the file's first bytes, whatever its name; for GIF and WebP by its frames. kNone also where it cannot be read.
ImageKind KindOfImage(const std::string& path);

// Whether bytes begin like a picture of a format that is read.
bool LooksLikeImage(const std::vector<uint8_t>& bytes);

struct Picture {
  int width = 0, height = 0;  // upright, by the file's orientation
  std::vector<uint8_t> rgba;  // rows without gaps; sRGB by the file's colour profile, straight alpha
  bool has_alpha = false;     // the file says what is transparent
  bool cut_off = false;       // the end of the file is missing; what is there is here
  bool animated = false;      // the first frame of an animation
};

// JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF, JPEG 2000, JPEG XL, BMP and PNM. Errors name the file: missing, a folder,
// empty, not an image, damaged, more than 16384 pixels a side; the last by the header, before anything is decoded. Any
// thread.
StatusOr<Picture> ReadPicture(const std::string& path);
StatusOr<Picture> ReadPicture(const std::vector<uint8_t>& bytes, const std::string& name);

// How many colour channels of RGBA pixels are written: kGrey takes one byte a pixel.
enum class PixelLayout { kGrey, kRgb, kRgba };

// Pixels as a file of the format that `extension` (".png", in any case) names, without metadata. name: for errors.
StatusOr<std::vector<uint8_t>> EncodePicture(const uint8_t* pixels, int width, int height, PixelLayout layout,
                                             const std::string& extension, const std::string& name);

}  // namespace scrim
