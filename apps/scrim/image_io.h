// Image files. With tiles.cc the only place that knows OpenCV.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::app {

// Whether the file starts like an image that ReadImage knows.
bool IsImageFile(const std::string& path);

// As RGBA, turned upright by its EXIF orientation. Errors name the file: missing, empty, cut off, not an image.
StatusOr<image::Frame> ReadImage(const std::string& path);

// Writes by the extension: png, jpg, webp, bmp, ...; alpha is kept where with_alpha is set and the format can.
Status WriteImage(const image::ConstFrameView& rgba, bool with_alpha, const std::string& path);

// An alpha that somebody stored as grey, or as the fourth channel of a picture, resized bilinearly to width×height.
Status ReadAlpha(const std::string& path, int width, int height, image::Bytes* alpha);

// The images of a folder by their extension, in the order of their numbers: 2.png before 10.png. kNotFound when it has
// none.
StatusOr<std::vector<std::filesystem::path>> ListImages(const std::string& folder);

// As 8-bit grey PNG.
Status WriteGreyPng(const image::Bytes& grey, const std::string& path);

}  // namespace scrim::app
