#include "datasets/supervisely.h"

#include <simdjson.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::array;
using simdjson::dom::element;

StatusOr<std::vector<uint8_t>> FromBase64(std::string_view text) {
  std::vector<uint8_t> bytes;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    if (c == '=' || c == '\n' || c == '\r') continue;
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) return Corrupt("a bitmap is not base64");
    bits = bits << 6 | uint32_t(value);
    if ((count += 6) >= 8) bytes.push_back(uint8_t(bits >> (count -= 8)));
  }
  return bytes;
}

StatusOr<std::vector<uint8_t>> Inflate(const std::vector<uint8_t>& packed) {
  constexpr size_t kMost = 64 << 20;  // far more than any PNG of a mask
  z_stream stream{};
  stream.next_in = const_cast<uint8_t*>(packed.data());
  stream.avail_in = uInt(packed.size());
  if (inflateInit(&stream) != Z_OK) return Internal("zlib cannot be started");
  std::vector<uint8_t> bytes;
  int result = Z_OK;
  while (result == Z_OK && bytes.size() < kMost) {
    const size_t before = bytes.size();
    bytes.resize(before + (64 << 10));
    stream.next_out = bytes.data() + before;
    stream.avail_out = uInt(bytes.size() - before);
    result = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(bytes.size() - stream.avail_out);
    if (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) result = Z_DATA_ERROR;  // cut off
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) return Corrupt("a bitmap is not packed by zlib, or cut off");
  return bytes;
}

// The object's pixels, 255 within an empty mask of the photo's size.
Status DrawBitmap(element object, cv::Mat& mask) {
  std::string_view data;
  int64_t x = 0, y = 0;
  if (object["bitmap"]["data"].get(data) != simdjson::SUCCESS ||
      object["bitmap"]["origin"].at(0).get(x) != simdjson::SUCCESS ||
      object["bitmap"]["origin"].at(1).get(y) != simdjson::SUCCESS)
    return Corrupt("a bitmap lacks its data or origin");
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> packed, FromBase64(data));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> png, Inflate(packed));
  cv::Mat bitmap = cv::imdecode(png, cv::IMREAD_UNCHANGED);
  if (bitmap.empty() || bitmap.depth() != CV_8U) return Corrupt("a bitmap is no PNG");
  if (bitmap.channels() > 1) cv::extractChannel(bitmap, bitmap, bitmap.channels() == 4 ? 3 : 0);
  // The part within the photo; annotators' tools let objects stick out.
  const cv::Rect inside = cv::Rect(int(std::clamp<int64_t>(x, -32768, 32767)),
                                   int(std::clamp<int64_t>(y, -32768, 32767)), bitmap.cols, bitmap.rows) &
                          cv::Rect({}, mask.size());
  if (inside.empty()) return {};
  mask(inside).setTo(255, bitmap(cv::Rect(inside.tl() - cv::Point(int(x), int(y)), inside.size())) > 0);
  return {};
}

StatusOr<std::vector<cv::Point>> ReadContour(element points) {
  array list;
  std::vector<cv::Point> contour;
  if (points.get(list) != simdjson::SUCCESS) return Corrupt("a polygon's contour is not a list");
  for (element point : list) {
    double x = 0, y = 0;
    if (point.at(0).get(x) != simdjson::SUCCESS || point.at(1).get(y) != simdjson::SUCCESS || std::abs(x) > 1e5 ||
        std::abs(y) > 1e5)
      return Corrupt("a polygon has a corner that is no pair of numbers");
    contour.emplace_back(cvRound(x), cvRound(y));
  }
  if (contour.size() < 3) return Corrupt("a polygon has fewer than three corners");
  return contour;
}

Status DrawPolygon(element object, cv::Mat& mask) {
  element exterior;
  if (object["points"]["exterior"].get(exterior) != simdjson::SUCCESS) return Corrupt("a polygon has no exterior");
  SCRIM_ASSIGN_OR_RETURN(const std::vector<cv::Point> outline, ReadContour(exterior));
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{outline}, cv::Scalar(255));
  array holes;
  if (object["points"]["interior"].get(holes) != simdjson::SUCCESS) return {};
  for (element hole : holes) {
    SCRIM_ASSIGN_OR_RETURN(const std::vector<cv::Point> contour, ReadContour(hole));
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{contour}, cv::Scalar(0));
  }
  return {};
}

StatusOr<Labels> ReadAnnotation(const std::string& path, cv::Size size) {
  simdjson::dom::parser parser;
  element document;
  array objects;
  if (const auto error = parser.load(path).get(document); error != simdjson::SUCCESS)
    return Corrupt(path + ": is not JSON: " + simdjson::error_message(error));
  int64_t width = 0, height = 0;
  if (document["objects"].get(objects) != simdjson::SUCCESS) return Corrupt(path + ": holds no objects");
  if (document["size"]["width"].get(width) == simdjson::SUCCESS &&
      document["size"]["height"].get(height) == simdjson::SUCCESS && (width != size.width || height != size.height))
    return Corrupt(path + ": its photo is not as large as it says");
  Labels labels{cv::Mat::zeros(size, CV_8U), cv::Mat::zeros(size, CV_8U)};
  for (element object : objects) {
    std::string_view name, type;
    if (object["classTitle"].get(name) != simdjson::SUCCESS || object["geometryType"].get(type) != simdjson::SUCCESS)
      return Corrupt(path + ": an object lacks its classTitle or geometryType");
    cv::Mat mask = cv::Mat::zeros(size, CV_8U);
    const Status status = type == "bitmap"    ? DrawBitmap(object, mask)
                          : type == "polygon" ? DrawPolygon(object, mask)
                                              : Unsupported("a '" + std::string(type) + "' has no area");
    if (!status.ok()) return Corrupt(path + ": " + status.message());
    const bool person = name.substr(0, 6) == "person", neutral = name == "neutral";
    labels.person.setTo(person ? 255 : 0, mask);
    labels.ignored.setTo(neutral ? 255 : 0, mask);
  }
  return labels;
}

}  // namespace

StatusOr<Examples> ReadSupervisely(const std::string& project) {
  if (!fs::is_regular_file(fs::path(project) / "meta.json"))
    return NotFound(project + ": has no meta.json; name the folder of a Supervisely project");
  Examples found;
  std::vector<fs::path> photos;
  for (const auto& part : fs::directory_iterator(project)) {
    if (!fs::is_directory(part.path() / "img")) continue;
    for (const auto& entry : fs::directory_iterator(part.path() / "img"))
      if (entry.is_regular_file()) photos.push_back(entry.path());
  }
  std::sort(photos.begin(), photos.end());
  for (const fs::path& photo : photos) {
    const fs::path part = photo.parent_path().parent_path();
    fs::path annotation = part / "ann" / (photo.filename().string() + ".json");
    if (!fs::is_regular_file(annotation)) annotation = part / "ann" / (photo.stem().string() + ".json");
    if (!fs::is_regular_file(annotation)) {
      found.broken.push_back(photo.string() + ": has no annotation in " + (part / "ann").string());
      continue;
    }
    found.examples.push_back(
        {FolderName(project), part.filename().string() + "_" + photo.stem().string(), photo.string(), Role::kPhoto,
         [path = annotation.string()](cv::Size size) { return ReadAnnotation(path, size); }, true});
  }
  if (found.examples.empty()) return NotFound(project + ": holds no photos with annotations");
  return found;
}

}  // namespace scrim::train
