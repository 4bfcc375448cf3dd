#include "io/image_io.h"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "common/byte_source.h"
#include "common/image_file.h"
#include "image/resample.h"
#include "io/output_file.h"
#include "io/paths.h"

namespace scrim::app {

namespace fs = std::filesystem;

namespace {

StatusOr<Picture> Read(const std::string& path) {
  if (path != "-") {
    NoteInput(path);
    return ReadPicture(path);
  }
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadStandardInput());
  return ReadPicture(bytes, "standard input");
}

Status Write(const std::vector<uint8_t>& bytes, const std::string& path) {
  if (path != "-") return WriteFile(path, bytes);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
  return written ? Status() : IoError(std::string("standard output: cannot be written: ") + std::strerror(errno));
}

}  // namespace

StatusOr<image::Frame> ReadImage(const std::string& path, std::string* note) {
  SCRIM_ASSIGN_OR_RETURN(const Picture picture, Read(path));
  if (note != nullptr && picture.cut_off) *note = path + ": the end of the file is missing; what is there is used";
  if (note != nullptr && picture.animated) *note = path + ": moves; its first picture is used";
  image::Frame frame(image::PixelFormat::kRgba, picture.width, picture.height);
  std::memcpy(frame.view().planes[0], picture.rgba.data(), picture.rgba.size());
  return frame;
}

Status ReadAlpha(const std::string& path, int width, int height, image::Bytes* alpha) {
  SCRIM_ASSIGN_OR_RETURN(const Picture picture, Read(path));
  if (picture.cut_off) return Corrupt(path + ": the mask is cut off");
  image::Bytes channel(picture.width, picture.height);
  const uint8_t* in = picture.rgba.data() + (picture.has_alpha ? 3 : 1);
  for (size_t i = 0; i < channel.size(); ++i) channel.data()[i] = in[4 * i];
  alpha->Resize(width, height);
  image::Resampler resampler;
  resampler.Configure(picture.width, picture.height, width, height);
  resampler.Run(channel.data(), channel.row_size(), 1, alpha->data(), alpha->row_size());
  return {};
}

StatusOr<std::vector<fs::path>> ListImages(const std::string& folder, std::vector<std::string>* left_out) {
  static const char* const kExtensions[] = {".jpg", ".jpeg", ".jpe",  ".jfif", ".png",  ".apng", ".webp", ".bmp",
                                            ".dib", ".tif",  ".tiff", ".gif",  ".ppm",  ".pgm",  ".pbm",  ".pnm",
                                            ".jp2", ".j2k",  ".jpf",  ".jxl",  ".heic", ".heif", ".hif",  ".avif"};
  static const char* const kSystemFiles[] = {"Thumbs.db", "desktop.ini"};
  std::vector<fs::path> images;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string(), extension = ExtensionOf(name);
    // A hidden file is none of the user's photos: ._photo.jpg is what macOS knows about photo.jpg.
    if (name[0] == '.' || std::find(std::begin(kSystemFiles), std::end(kSystemFiles), name) != std::end(kSystemFiles))
      continue;
    std::error_code unknown;
    if (std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions)) {
      images.push_back(entry.path());
      NoteInput(entry.path().string());
    } else if (left_out != nullptr && !entry.is_directory(unknown)) {
      left_out->push_back(name);
    }
  }
  if (error) return IoError(folder + ": cannot be listed: " + error.message());
  if (images.empty()) return NotFound(folder + ": has no images (jpg, png, webp, heic, avif, tif, gif, bmp, ...)");
  const auto before = [](const std::string& a, const std::string& b) { return strverscmp(a.c_str(), b.c_str()) < 0; };
  std::sort(images.begin(), images.end(),
            [&](const fs::path& a, const fs::path& b) { return before(a.filename().string(), b.filename().string()); });
  if (left_out != nullptr) std::sort(left_out->begin(), left_out->end(), before);
  return images;
}

Status WriteImage(const image::ConstFrameView& rgba, bool with_alpha, const std::string& path) {
  const size_t channels = with_alpha ? 4 : 3;
  std::vector<uint8_t> pixels(channels * rgba.width * rgba.height);
  uint8_t* out = pixels.data();
  for (int y = 0; y < rgba.height; ++y) {
    const uint8_t* in = rgba.row(0, y);
    for (int x = 0; x < rgba.width; ++x, in += 4, out += channels) std::memcpy(out, in, channels);
  }
  SCRIM_ASSIGN_OR_RETURN(
      const std::vector<uint8_t> bytes,
      EncodePicture(pixels.data(), rgba.width, rgba.height, with_alpha ? PixelLayout::kRgba : PixelLayout::kRgb,
                    path == "-" ? ".png" : ExtensionOf(path), path));
  return Write(bytes, path);
}

Status WriteGreyPng(const image::Bytes& grey, const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                         EncodePicture(grey.data(), grey.width(), grey.height(), PixelLayout::kGrey, ".png", path));
  return Write(bytes, path);
}

}  // namespace scrim::app
