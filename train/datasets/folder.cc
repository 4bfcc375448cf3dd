#include "datasets/folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/imgcodecs.hpp>

namespace scrim::train {
namespace fs = std::filesystem;
namespace {

bool IsImage(const fs::path& path) {
  std::string ext = path.extension().string();
  std::transform(ext.begin(), ext.end(), ext.begin(), [](unsigned char c) { return std::tolower(c); });
  return ext == ".jpg" || ext == ".jpeg" || ext == ".png" || ext == ".webp";
}

std::map<std::string, std::string> ImagesByStem(const fs::path& directory) {
  std::map<std::string, std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_regular_file() && IsImage(entry.path())) found[entry.path().stem().string()] = entry.path().string();
  return found;
}

std::function<StatusOr<Labels>(cv::Size)> MaskFile(const std::string& path) {
  return [path](cv::Size size) -> StatusOr<Labels> {
    Labels labels;
    labels.person = cv::imread(path, cv::IMREAD_GRAYSCALE);
    if (labels.person.empty()) return Corrupt(path + ": cannot be decoded");
    if (labels.person.size() != size) return Corrupt(path + ": is not as large as its photo");
    return labels;
  };
}

}  // namespace

std::string FolderName(const std::string& folder) {
  const fs::path clean = fs::path(folder).lexically_normal();
  return clean.has_filename() ? clean.filename().string() : clean.parent_path().filename().string();
}

StatusOr<Examples> ReadFolder(const std::string& folder, Role role) {
  const fs::path root(folder);
  if (!fs::is_directory(root)) return NotFound(folder + ": no such folder");
  const std::string source = FolderName(folder);
  Examples found;
  std::vector<Example>& examples = found.examples;
  if (role == Role::kBackground) {
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file() && IsImage(entry.path()))
        examples.push_back({source, entry.path().stem().string(), entry.path().string(), role, {}});
    std::sort(examples.begin(), examples.end(), [](const Example& a, const Example& b) { return a.image < b.image; });
  } else {
    if (!fs::is_directory(root / "images") || !fs::is_directory(root / "masks"))
      return NotFound(folder + ": expected the folders images/ and masks/ inside");
    const auto images = ImagesByStem(root / "images"), masks = ImagesByStem(root / "masks");
    for (const auto& [stem, image] : images) {
      const auto mask = masks.find(stem);
      if (mask == masks.end())
        found.broken.push_back(image + ": has no mask");
      else
        examples.push_back({source, stem, image, role, MaskFile(mask->second)});
    }
    for (const auto& [stem, mask] : masks)
      if (images.count(stem) == 0) found.broken.push_back(mask + ": has no photo");
  }
  if (examples.empty()) return NotFound(folder + ": holds no photos that can be used");
  return found;
}

bool UseMaskFrom(const std::string& folder, Example& example) {
  const fs::path mask = fs::path(folder) / example.source / (example.stem + ".png");
  if (!fs::is_regular_file(mask)) return false;
  example.labels = MaskFile(mask.string());
  return true;
}

StatusOr<std::set<std::string>> ReadSplit(const std::string& path) {
  std::ifstream in(path);
  if (!in) return NotFound(path + ": cannot be read");
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.insert(line);
  if (lines.empty()) return InvalidArgument(path + ": names no photos");
  return lines;
}

}  // namespace scrim::train
