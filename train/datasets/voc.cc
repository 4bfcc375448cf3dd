#include "datasets/voc.h"

#include <algorithm>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

constexpr int kPerson = 15, kVoid = 255;

// Bit k of a class number goes to bit 7 - k/3 of red, green or blue in turn (VOClabelcolormap of the development kit).
cv::Vec3b ColourOf(int number) {
  int rgb[3] = {0, 0, 0};
  for (int bit = 0; bit < 8; ++bit) rgb[bit % 3] |= (number >> bit & 1) << (7 - bit / 3);
  return {uint8_t(rgb[2]), uint8_t(rgb[1]), uint8_t(rgb[0])};  // OpenCV's order
}

StatusOr<Labels> ReadClasses(const std::string& path, cv::Size size) {
  const cv::Mat classes = cv::imread(path, cv::IMREAD_UNCHANGED);
  if (classes.empty()) return Corrupt(path + ": cannot be decoded");
  if (classes.size() != size) return Corrupt(path + ": is not as large as its photo");
  Labels labels;
  if (classes.type() == CV_8UC1) {
    labels.person = classes == kPerson;
    labels.ignored = classes == kVoid;
  } else if (classes.type() == CV_8UC3) {
    cv::inRange(classes, ColourOf(kPerson), ColourOf(kPerson), labels.person);
    cv::inRange(classes, ColourOf(kVoid), ColourOf(kVoid), labels.ignored);
  } else {
    return Corrupt(path + ": is neither a palette nor a grey PNG of 8 bits");
  }
  return labels;
}

}  // namespace

StatusOr<Examples> ReadVoc(const std::string& folder) {
  const fs::path photos = fs::path(folder) / "JPEGImages", classes = fs::path(folder) / "SegmentationClass";
  if (!fs::is_directory(photos) || !fs::is_directory(classes))
    return NotFound(folder + ": expected the folders JPEGImages/ and SegmentationClass/ inside");
  Examples found;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(classes))
    if (entry.path().extension() == ".png") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string(), photo = (photos / (stem + ".jpg")).string();
    if (!fs::is_regular_file(photo)) {
      found.broken.push_back(file.string() + ": there is no photo " + photo);
      continue;
    }
    found.examples.push_back({"voc", stem, photo, Role::kPhoto,
                              [path = file.string()](cv::Size size) { return ReadClasses(path, size); }, true});
  }
  if (found.examples.empty()) return NotFound(folder + ": holds no photos with segmentation");
  return found;
}

}  // namespace scrim::train
