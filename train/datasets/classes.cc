#include "datasets/classes.h"

#include <simdjson.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

Status Fill(simdjson::dom::element plane, const char* key, uint8_t stored, cv::Mat& table) {
  simdjson::dom::array classes;
  if (plane[key].get(classes) != simdjson::SUCCESS) return InvalidArgument(std::string("has no list '") + key + "'");
  for (simdjson::dom::element element : classes) {
    int64_t number = -1;
    if (element.get(number) != simdjson::SUCCESS || number < 0 || number > 255)
      return InvalidArgument(std::string("'") + key + "' lists what is no class from 0 to 255");
    uint8_t& entry = table.at<uint8_t>(int(number));
    if (entry != kPlaneUnknown) return InvalidArgument("lists class " + std::to_string(number) + " twice");
    entry = stored;
  }
  return {};
}

// Leaves the largest connected piece of what belongs to the plane; the others become unknown.
void KeepLargest(cv::Mat& plane) {
  const cv::Mat yes = plane == kPlaneYes;
  cv::Mat pieces, stats, centres;
  const int count = cv::connectedComponentsWithStats(yes, pieces, stats, centres, 8, CV_32S);
  int largest = 1;
  for (int i = 2; i < count; ++i)
    if (stats.at<int>(i, cv::CC_STAT_AREA) > stats.at<int>(largest, cv::CC_STAT_AREA)) largest = i;
  plane.setTo(kPlaneUnknown, yes & (pieces != largest));
}

}  // namespace

StatusOr<Planes> Classes::Look(const std::string& path, const std::map<std::string, Rule>& rules, cv::Size size) {
  const cv::Mat classes = cv::imread(path, cv::IMREAD_GRAYSCALE);
  if (classes.empty()) return Corrupt(path + ": cannot be decoded");
  if (classes.size() != size) return Corrupt(path + ": is not as large as its photo");
  Planes planes;
  for (const auto& [name, rule] : rules) {
    cv::LUT(classes, rule.table, planes[name]);
    if (rule.largest) KeepLargest(planes[name]);
  }
  return planes;
}

StatusOr<Classes> Classes::Read(const std::string& folder) {
  const std::string path = folder + "/classes.json";
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::object planes;
  if (const auto error = parser.load(path).get(document); error != simdjson::SUCCESS)
    return NotFound(path + ": cannot be read as JSON: " + simdjson::error_message(error));
  if (document["planes"].get(planes) != simdjson::SUCCESS)
    return InvalidArgument(path + ": wanted is an object with an object \"planes\"");
  Classes classes;
  classes.folder_ = folder;
  for (const auto& [key, plane] : planes) {
    const std::string name(key);
    if (name == "person") continue;
    if (name.empty() || name.find_first_of(" \t\r\n") != std::string::npos)
      return InvalidArgument(path + ": '" + name + "' is no name for a plane; use one word");
    Rule rule{cv::Mat(1, 256, CV_8U, cv::Scalar(kPlaneUnknown))};
    for (const auto& [list, stored] : {std::pair("yes", kPlaneYes), {"no", 0}})
      if (const Status status = Fill(plane, list, uint8_t(stored), rule.table); !status.ok())
        return InvalidArgument(path + ": plane '" + name + "' " + status.message());
    simdjson::dom::element largest;
    if (plane["largest"].get(largest) == simdjson::SUCCESS && largest.get(rule.largest) != simdjson::SUCCESS)
      return InvalidArgument(path + ": plane '" + name + "', largest: wanted is true or false");
    classes.rules_[name] = rule;
  }
  if (classes.rules_.empty()) return InvalidArgument(path + ": has no plane beside the person's");
  return classes;
}

bool Classes::AddTo(Example& example) const {
  const std::string path = folder_ + "/classes/" + example.stem + ".png";
  if (!std::filesystem::is_regular_file(path)) return false;
  example.planes = [path, rules = rules_](cv::Size size) { return Look(path, rules, size); };
  return true;
}

}  // namespace scrim::train
