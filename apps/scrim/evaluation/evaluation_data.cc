#include "evaluation/evaluation_data.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "io/image_io.h"

namespace scrim::app {
namespace {

namespace fs = std::filesystem;

// Those photos of a folder that have a mask.
StatusOr<std::vector<LabelledPhoto>> Pairs(const fs::path& images, const fs::path& masks, const std::string& prefix) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<fs::path> files, ListImages(images.string()));
  std::vector<LabelledPhoto> pairs;
  std::error_code error;
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    const fs::path mask = masks / (stem + ".png");
    if (fs::is_regular_file(mask, error)) pairs.push_back({prefix + "/" + stem, file.string(), mask.string()});
  }
  return pairs;
}

StatusOr<EvaluationSource> ReadSource(const fs::path& folder, const std::string& name_of_masks) {
  EvaluationSource source;
  source.name = fs::weakly_canonical(folder).filename().string();
  const fs::path images = folder / "images", masks = folder / name_of_masks;
  std::vector<fs::path> clips;
  bool files = false;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(images, error))
    entry.is_directory() ? clips.push_back(entry.path()) : void(files = true);
  if (error) return IoError(images.string() + ": cannot be listed: " + error.message());
  std::sort(clips.begin(), clips.end());
  for (const fs::path& clip : clips) {
    LabelledClip labelled;
    labelled.name = source.name + "/" + clip.filename().string();
    SCRIM_ASSIGN_OR_RETURN(labelled.frames, Pairs(clip, masks / clip.filename(), labelled.name));
    if (!labelled.frames.empty()) source.clips.push_back(std::move(labelled));
  }
  if (!files) return source;
  SCRIM_ASSIGN_OR_RETURN(source.photos, Pairs(images, masks, source.name));
  return source;
}

bool HoldsSource(const fs::path& folder, const std::string& masks) {
  std::error_code error;
  return fs::is_directory(folder / "images", error) && fs::is_directory(folder / masks, error);
}

Status KeepSplit(const std::string& path, std::vector<EvaluationSource>& sources) {
  std::ifstream file(path);
  if (!file) return NotFound(path + ": no such split file");
  std::set<std::string> wanted, known;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) wanted.insert(line);
  for (EvaluationSource& source : sources) {
    known.insert(source.name);
    std::erase_if(source.photos, [&](const LabelledPhoto& photo) { return wanted.erase(photo.name) == 0; });
    source.clips.clear();
  }
  std::erase_if(sources, [](const EvaluationSource& source) { return source.photos.empty(); });
  for (const std::string& name : wanted)
    if (known.contains(name.substr(0, name.find('/'))))
      return NotFound(path + ": " + name + " is not among the photos with a mask");
  return {};
}

}  // namespace

StatusOr<std::vector<EvaluationSource>> FindEvaluationData(const std::string& folder, const std::string& split,
                                                           const std::vector<std::string>& sources,
                                                           const std::string& masks) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return NotFound(folder + ": no such folder");
  std::vector<fs::path> folders;
  if (HoldsSource(folder, masks)) {
    folders.emplace_back(folder);
  } else {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
      if (HoldsSource(entry.path(), masks)) folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
  }
  auto wanted = [&](const std::string& name) {
    return sources.empty() || std::find(sources.begin(), sources.end(), name) != sources.end();
  };
  std::vector<EvaluationSource> found;
  for (const fs::path& path : folders) {
    if (!wanted(fs::weakly_canonical(path).filename().string())) continue;
    SCRIM_ASSIGN_OR_RETURN(EvaluationSource source, ReadSource(path, masks));
    if (!source.photos.empty() || !source.clips.empty()) found.push_back(std::move(source));
  }
  for (const std::string& name : sources)
    if (std::none_of(found.begin(), found.end(), [&](const EvaluationSource& s) { return s.name == name; }))
      return NotFound(folder + ": has no source '" + name + "' with images/ and " + masks + "/");
  if (!split.empty()) SCRIM_RETURN_IF_ERROR(KeepSplit(split, found));
  if (found.empty())
    return NotFound(folder + ": holds no photo with a mask; images/STEM.jpg and " + masks +
                    "/STEM.png are wanted, in it or in "
                    "folders of it");
  return found;
}

}  // namespace scrim::app
