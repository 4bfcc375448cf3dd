#include "datasets/coco.h"

#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace scrim::train {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// One annotated person, or crowd.
struct Region {
  std::vector<std::vector<cv::Point2d>> polygons;
  std::vector<int64_t> runs;  // used where there are no polygons
  bool crowd = false;
};

struct Photo {
  std::string file;
  cv::Size size;
  std::vector<Region> regions;
};

Status ReadPolygons(array parts, Region& region) {
  for (element part : parts) {
    array numbers;
    if (part.get(numbers) != simdjson::SUCCESS) return Corrupt("a polygon is not a list of numbers");
    std::vector<double> values;
    for (element number : numbers) {
      double value = 0;
      if (number.get(value) != simdjson::SUCCESS || !std::isfinite(value) || std::abs(value) > 1e5)
        return Corrupt("a polygon has a corner that is no number");
      values.push_back(value);
    }
    if (values.size() < 6 || values.size() % 2 != 0) return Corrupt("a polygon has fewer than three corners");
    std::vector<cv::Point2d> polygon;
    for (size_t i = 0; i < values.size(); i += 2) polygon.emplace_back(values[i], values[i + 1]);
    region.polygons.push_back(std::move(polygon));
  }
  return region.polygons.empty() ? Corrupt("it has no polygon") : Status();
}

Status ReadRunLengths(object segmentation, cv::Size size, Region& region) {
  int64_t height = 0, width = 0, sum = 0;
  if (segmentation["size"].at(0).get(height) != simdjson::SUCCESS ||
      segmentation["size"].at(1).get(width) != simdjson::SUCCESS || height != size.height || width != size.width)
    return Corrupt("its run lengths are not of the photo's size");
  std::string_view text;
  array counts;
  if (segmentation["counts"].get(text) == simdjson::SUCCESS) {
    SCRIM_ASSIGN_OR_RETURN(region.runs, DecodeRunLengths(std::string(text)));
  } else if (segmentation["counts"].get(counts) == simdjson::SUCCESS) {
    for (element count : counts) {
      int64_t length = 0;
      if (count.get(length) != simdjson::SUCCESS || length < 0) return Corrupt("a run length is no number");
      region.runs.push_back(length);
    }
  } else {
    return Corrupt("its run lengths are neither a list nor a string");
  }
  for (int64_t length : region.runs) {
    if (length > int64_t{size.area()}) return Corrupt("a run is longer than the photo");
    sum += length;
  }
  return sum == int64_t{size.area()} ? Status() : Corrupt("its run lengths do not add up to the photo");
}

Status ReadRegion(object annotation, cv::Size size, Region& region) {
  int64_t crowd = 0;
  if (annotation["iscrowd"].get(crowd) == simdjson::SUCCESS) region.crowd = crowd != 0;
  array parts;
  object run_lengths;
  if (annotation["segmentation"].get(parts) == simdjson::SUCCESS) return ReadPolygons(parts, region);
  if (annotation["segmentation"].get(run_lengths) == simdjson::SUCCESS)
    return ReadRunLengths(run_lengths, size, region);
  return Corrupt("it has no segmentation");
}

// Fills the pixels that lie within by more than half. OpenCV draws outlines too, which makes things half a pixel larger
// all round: hence four times the size.
void FillPolygon(const std::vector<cv::Point2d>& polygon, cv::Mat& mask) {
  constexpr int kScale = 4, kShift = 4;  // sixteenths of a small pixel
  const cv::Rect box = cv::boundingRect(std::vector<cv::Point2f>(polygon.begin(), polygon.end()));
  const cv::Rect part = cv::Rect(box.x - 1, box.y - 1, box.width + 2, box.height + 2) & cv::Rect({}, mask.size());
  if (part.empty()) return;
  std::vector<cv::Point> corners;
  // Corners count pixels from the picture's edge, OpenCV's from the first pixel's centre.
  for (const cv::Point2d& p : polygon)
    corners.emplace_back(cvRound(((p.x - part.x) * kScale - 0.5) * (1 << kShift)),
                         cvRound(((p.y - part.y) * kScale - 0.5) * (1 << kShift)));
  cv::Mat large = cv::Mat::zeros(part.size() * kScale, CV_8U), small;
  cv::fillPoly(large, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(255), cv::LINE_8, kShift);
  cv::resize(large, small, part.size(), 0, 0, cv::INTER_AREA);
  mask(part).setTo(255, small > 127);
}

void Draw(const Region& region, cv::Mat& mask) {
  for (const auto& polygon : region.polygons) FillPolygon(polygon, mask);
  int64_t at = 0;
  for (size_t i = 0; i < region.runs.size(); at += region.runs[i++])
    for (int64_t k = at; i % 2 == 1 && k < at + region.runs[i]; ++k)
      mask.at<uint8_t>(static_cast<int>(k % mask.rows), static_cast<int>(k / mask.rows)) = 255;
}

StatusOr<Labels> DrawLabels(const Photo& photo, cv::Size size) {
  if (size != photo.size) return Corrupt(photo.file + ": is not as large as its annotations say");
  Labels labels{cv::Mat::zeros(size, CV_8U), {}};
  for (const Region& region : photo.regions) {
    if (region.crowd && labels.ignored.empty()) labels.ignored = cv::Mat::zeros(size, CV_8U);
    Draw(region, region.crowd ? labels.ignored : labels.person);
  }
  if (!labels.ignored.empty()) labels.ignored.setTo(0, labels.person);
  return labels;
}

}  // namespace

StatusOr<std::vector<int64_t>> DecodeRunLengths(const std::string& text) {
  std::vector<int64_t> runs;
  for (size_t i = 0; i < text.size();) {
    int64_t value = 0;
    int shift = 0;
    for (bool more = true; more; shift += 5) {
      if (i == text.size()) return Corrupt("its compressed run lengths end within a number");
      const int bits = text[i++] - 48;
      if (bits < 0 || bits > 63 || shift > 40) return Corrupt("its compressed run lengths hold a wrong character");
      value |= int64_t{bits & 31} << shift;
      more = (bits & 32) != 0;
      if (!more && (bits & 16) != 0) value |= -(int64_t{1} << (shift + 5));
    }
    if (runs.size() > 2) value += runs[runs.size() - 2];
    if (value < 0) return Corrupt("its compressed run lengths hold a negative one");
    runs.push_back(value);
  }
  return runs;
}

StatusOr<Examples> ReadCoco(const std::string& annotations, const std::string& images) {
  simdjson::dom::parser parser;
  object root;
  element document;
  if (const auto error = parser.load(annotations).get(document); error != simdjson::SUCCESS) {
    const std::string reason = simdjson::error_message(error);
    return error == simdjson::IO_ERROR ? NotFound(annotations + ": cannot be read")
                                       : Corrupt(annotations + ": is not JSON: " + reason);
  }
  array photo_list, annotation_list, categories;
  if (document.get(root) != simdjson::SUCCESS || root["images"].get(photo_list) != simdjson::SUCCESS ||
      root["annotations"].get(annotation_list) != simdjson::SUCCESS ||
      root["categories"].get(categories) != simdjson::SUCCESS)
    return Corrupt(annotations +
                   ": holds no images, annotations and categories; wanted is a file such as instances_train2017.json");
  int64_t person = -1;
  for (element category : categories) {
    std::string_view name;
    int64_t id = 0;
    if (category["name"].get(name) == simdjson::SUCCESS && name == "person" &&
        category["id"].get(id) == simdjson::SUCCESS)
      person = id;
  }
  if (person < 0) return Corrupt(annotations + ": has no category 'person'");

  Examples found;
  auto broken = [&](const std::string& what, int64_t id, const std::string& why) {
    found.broken.push_back(annotations + ": " + what + " " + std::to_string(id) + ": " + why);
  };
  std::map<int64_t, Photo> photos;
  for (element item : photo_list) {
    int64_t id = -1, width = 0, height = 0;
    std::string_view file;
    if (item["id"].get(id) != simdjson::SUCCESS || item["file_name"].get(file) != simdjson::SUCCESS ||
        item["width"].get(width) != simdjson::SUCCESS || item["height"].get(height) != simdjson::SUCCESS || width < 1 ||
        height < 1 || width > 32767 || height > 32767) {
      broken("image", id, "it lacks an id, file_name, width or height");
      continue;
    }
    photos[id] = {std::string(file), cv::Size(int(width), int(height)), {}};
  }
  for (element item : annotation_list) {
    int64_t id = -1, category = -1, image = -1;
    object annotation;
    (void)item["id"].get(id);
    if (item.get(annotation) != simdjson::SUCCESS || annotation["category_id"].get(category) != simdjson::SUCCESS ||
        annotation["image_id"].get(image) != simdjson::SUCCESS) {
      broken("annotation", id, "it lacks a category_id or image_id");
      continue;
    }
    if (category != person) continue;
    const auto photo = photos.find(image);
    if (photo == photos.end()) {
      broken("annotation", id, "there is no image " + std::to_string(image));
      continue;
    }
    Region region;
    if (const Status status = ReadRegion(annotation, photo->second.size, region); !status.ok())
      broken("annotation", id, status.message());
    else
      photo->second.regions.push_back(std::move(region));
  }
  for (auto& [id, photo] : photos) {
    if (photo.regions.empty()) continue;
    const std::string path = images + "/" + photo.file, stem = std::filesystem::path(photo.file).stem().string();
    if (!std::filesystem::is_regular_file(path)) {
      broken("image", id, path + " is not there");
      continue;
    }
    auto labels = [photo = std::move(photo)](cv::Size size) { return DrawLabels(photo, size); };
    found.examples.push_back({"coco", stem, path, Role::kPhoto, std::move(labels), true});
  }
  if (found.examples.empty())
    return NotFound(annotations + ": no photo with a person is in " + images + "; name the folder of its photos");
  return found;
}

}  // namespace scrim::train
