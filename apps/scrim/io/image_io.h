// Image files in and out, as frames. bindings/common reads and encodes them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::app {

// As RGBA, turned upright, in sRGB; "-" is standard input. Errors name the file: missing, empty, damaged, not an image.
// note: what is worth a word, in one line: only a part is there, only the first picture is taken. Null: not asked for.
StatusOr<image::Frame> ReadImage(const std::string& path, std::string* note = nullptr);

// Writes by the extension, in any case: png, jpg, webp, tif, ...; "-" is standard output, as PNG. Alpha is kept where
// with_alpha is set and the format can. Nothing of any input's metadata is in it.
Status WriteImage(const image::ConstFrameView& rgba, bool with_alpha, const std::string& path);

// An alpha that somebody stored as grey, or as the fourth channel of a picture, resized bilinearly to width×height.
Status ReadAlpha(const std::string& path, int width, int height, image::Bytes* alpha);

// The images of a folder by their extension, in the order of their numbers: 2.png before 10.png. kNotFound when it has
// none. What other programs put beside photos (._photo.jpg, Thumbs.db) is passed over. left_out: names of other files
// that are no images; null: not asked for.
StatusOr<std::vector<std::filesystem::path>> ListImages(const std::string& folder,
                                                        std::vector<std::string>* left_out = nullptr);

// As 8-bit grey PNG.
Status WriteGreyPng(const image::Bytes& grey, const std::string& path);

}  // namespace scrim::app
