#include "datasets/folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

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

std::string FolderName(const fs::path& directory) {
  const fs::path clean = directory.lexically_normal();
  return clean.has_filename() ? clean.filename().string() : clean.parent_path().filename().string();
}

}  // namespace

StatusOr<std::vector<Pair>> ListFolder(const std::string& directory, Role role, int* unpaired) {
  const fs::path root(directory);
  if (!fs::is_directory(root)) return NotFound(directory + ": no such folder");
  const std::string source = FolderName(root);
  std::vector<Pair> pairs;
  *unpaired = 0;
  if (role == Role::kBackground) {
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file() && IsImage(entry.path()))
        pairs.push_back({source, entry.path().stem().string(), entry.path().string(), "", role});
    std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.image < b.image; });
  } else {
    if (!fs::is_directory(root / "images") || !fs::is_directory(root / "masks"))
      return NotFound(directory + ": expected the folders images/ and masks/ inside");
    const auto images = ImagesByStem(root / "images"), masks = ImagesByStem(root / "masks");
    for (const auto& [stem, image] : images) {
      const auto mask = masks.find(stem);
      if (mask == masks.end())
        ++*unpaired;
      else
        pairs.push_back({source, stem, image, mask->second, role});
    }
    for (const auto& [stem, mask] : masks) *unpaired += images.count(stem) == 0;
  }
  if (pairs.empty()) return NotFound(directory + ": holds no photos that can be used");
  return pairs;
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
