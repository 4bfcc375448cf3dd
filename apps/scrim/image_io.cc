#include "image_io.h"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "image/resample.h"
#include "output_file.h"

namespace scrim::app {
namespace {

// JPEG decoders fill a missing end with grey and call it a warning. Walks the markers to the end of the image.
bool IsCutOffJpeg(const std::vector<uint8_t>& bytes) {
  if (bytes.size() < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) return false;
  size_t at = 2;
  while (at + 3 < bytes.size()) {
    if (bytes[at] != 0xFF) return false;  // not what we understand: let the decoder judge
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    if (marker == 0xD9) return false;
    at += 2 + size_t{256} * bytes[at + 2] + bytes[at + 3];
    if (marker != 0xDA) continue;
    // Compressed data runs up to the next marker that is neither a stuffed zero nor a restart.
    while (at + 1 < bytes.size() && (bytes[at] != 0xFF || bytes[at + 1] == 0 || (bytes[at + 1] & 0xF8) == 0xD0)) ++at;
    if (at + 1 < bytes.size() && bytes[at + 1] == 0xD9) return false;
  }
  return true;
}

// libpng draws what is there of a cut file; a whole one ends in an IEND chunk.
bool IsCutOffPng(const std::vector<uint8_t>& bytes) {
  static constexpr uint8_t kSignature[] = {0x89, 'P', 'N', 'G'}, kEnd[] = {'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};
  if (bytes.size() < 8 || std::memcmp(bytes.data(), kSignature, 4) != 0) return false;
  return std::search(bytes.begin(), bytes.end(), std::begin(kEnd), std::end(kEnd)) == bytes.end();
}

Status Encode(const cv::Mat& picture, const std::string& extension, const std::string& path) {
  std::vector<uint8_t> bytes;
  try {
    const std::vector<int> parameters = {cv::IMWRITE_JPEG_QUALITY, 95, cv::IMWRITE_PNG_COMPRESSION, 3};
    if (!cv::imencode(extension, picture, bytes, parameters)) return IoError(path + ": cannot be encoded");
  } catch (const cv::Exception&) {
    return InvalidArgument(path + ": no image format is known by this extension; .png or .jpg will do");
  }
  return WriteFile(path, bytes);
}

}  // namespace

bool IsImageFile(const std::string& path) {
  try {
    return cv::haveImageReader(path);
  } catch (const cv::Exception&) {
    return false;
  }
}

namespace {

// Decodes with OpenCV's flag `mode`; at most kMaxSide pixels a side.
StatusOr<cv::Mat> Decode(const std::string& path, int mode) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound(path + ": no such file");
  if (std::filesystem::is_directory(path, error)) return InvalidArgument(path + ": is a folder, not an image");
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return IoError(path + ": cannot be read");
  if (bytes.empty()) return Corrupt(path + ": is empty");
  if (IsCutOffJpeg(bytes) || IsCutOffPng(bytes)) return Corrupt(path + ": the image is cut off");
  cv::Mat picture;
  try {
    picture = cv::imdecode(bytes, mode);
  } catch (const cv::Exception&) {
  }
  if (picture.empty()) return Corrupt(path + ": is not an image that can be read");
  if (picture.cols > image::kMaxSide || picture.rows > image::kMaxSide) {
    return Unsupported(path + ": " + std::to_string(picture.cols) + "x" + std::to_string(picture.rows) +
                       " pixels, at most " + std::to_string(image::kMaxSide) + " a side are possible");
  }
  return picture;
}

}  // namespace

StatusOr<image::Frame> ReadImage(const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const cv::Mat picture, Decode(path, cv::IMREAD_COLOR));
  image::Frame frame(image::PixelFormat::kRgba, picture.cols, picture.rows);
  const image::FrameView view = frame.view();
  for (int y = 0; y < picture.rows; ++y) {
    const uint8_t* in = picture.ptr(y);
    uint8_t* out = view.row(0, y);
    for (int x = 0; x < picture.cols; ++x, in += 3, out += 4)
      out[0] = in[2], out[1] = in[1], out[2] = in[0], out[3] = 255;
  }
  return frame;
}

Status ReadAlpha(const std::string& path, int width, int height, image::Bytes* alpha) {
  SCRIM_ASSIGN_OR_RETURN(cv::Mat picture, Decode(path, cv::IMREAD_UNCHANGED));
  if (picture.depth() != CV_8U) return Unsupported(path + ": an alpha of 8 bits is wanted");
  if (picture.channels() > 1) cv::extractChannel(picture, picture, picture.channels() == 4 ? 3 : 1);
  alpha->Resize(width, height);
  image::Resampler resampler;
  resampler.Configure(picture.cols, picture.rows, width, height);
  resampler.Run(picture.data, picture.step, 1, alpha->data(), alpha->row_size());
  return {};
}

StatusOr<std::vector<std::filesystem::path>> ListImages(const std::string& folder) {
  static const char* const kExtensions[] = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"};
  std::vector<std::filesystem::path> images;
  std::error_code error;
  for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(folder, error)) {
    std::string extension = entry.path().extension().string();
    for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions)) {
      images.push_back(entry.path());
    }
  }
  if (error) return IoError(folder + ": cannot be listed: " + error.message());
  if (images.empty()) return NotFound(folder + ": has no images (jpg, png, webp, bmp, tif, ppm)");
  std::sort(images.begin(), images.end(), [](const std::filesystem::path& a, const std::filesystem::path& b) {
    return strverscmp(a.filename().c_str(), b.filename().c_str()) < 0;
  });
  return images;
}

Status WriteImage(const image::ConstFrameView& rgba, bool with_alpha, const std::string& path) {
  const int channels = with_alpha ? 4 : 3;
  cv::Mat picture(rgba.height, rgba.width, with_alpha ? CV_8UC4 : CV_8UC3);
  for (int y = 0; y < rgba.height; ++y) {
    const uint8_t* in = rgba.row(0, y);
    uint8_t* out = picture.ptr(y);
    for (int x = 0; x < rgba.width; ++x, in += 4, out += channels) {
      const uint8_t bgra[4] = {in[2], in[1], in[0], in[3]};
      std::memcpy(out, bgra, channels);
    }
  }
  const std::string extension = std::filesystem::path(path).extension().string();
  return Encode(picture, extension.empty() ? ".?" : extension, path);
}

Status WriteGreyPng(const image::Bytes& grey, const std::string& path) {
  return Encode(cv::Mat(grey.height(), grey.width(), CV_8UC1, const_cast<uint8_t*>(grey.data())), ".png", path);
}

}  // namespace scrim::app
