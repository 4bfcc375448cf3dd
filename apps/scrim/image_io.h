// Image files. The only place that knows OpenCV.
#pragma once

#include <string>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::app {

// Whether the file starts like an image that ReadImage knows.
bool IsImageFile(const std::string& path);

// As RGBA, turned upright by its EXIF orientation. Errors name the file: missing, empty, cut off, not an image.
StatusOr<image::Frame> ReadImage(const std::string& path);

// Writes by the extension: png, jpg, webp, bmp, ...; alpha is kept where with_alpha is set and the format can.
Status WriteImage(const image::ConstFrameView& rgba, bool with_alpha, const std::string& path);

// As 8-bit grey PNG.
Status WriteGreyPng(const image::Bytes& grey, const std::string& path);

}  // namespace scrim::app
