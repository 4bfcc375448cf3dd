#include "inputs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace scrim::report {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kPortraits = {"eg1800_portrait", "picsart_hackathon", "celebamask_ce7454"};
const std::vector<std::string> kScenes = {"clothing_coparsing", "vikram_human", "coco_val_single", "coco_subsets"};

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

Status Link(const fs::path& to, const fs::path& link) {
  std::error_code error;
  fs::create_directories(link.parent_path(), error);
  fs::remove(link, error);
  fs::create_symlink(fs::absolute(to), link, error);
  return error ? IoError(link.string() + ": cannot be made: " + error.message()) : Status();
}

// DATA/NAME as a folder, or unpacked from DATA/NAME.tar. Empty where there is neither.
StatusOr<fs::path> Unpacked(const fs::path& data, const std::string& name, const fs::path& work) {
  std::error_code error;
  if (fs::is_directory(data / name / "images", error)) return data / name;
  if (fs::is_directory(work / name / "images", error)) return work / name;
  if (!fs::is_regular_file(data / (name + ".tar"), error)) return fs::path();
  SCRIM_RETURN_IF_ERROR(Run("tar", {"-xf", (data / (name + ".tar")).string(), "-C", work.string()}, work.string()));
  return work / name;
}

// The photo of a stem, whatever its format.
fs::path Photo(const fs::path& images, const std::string& stem) {
  std::error_code error;
  for (const char* extension : {".jpg", ".png", ".jpeg", ".webp"})
    if (fs::exists(images / (stem + extension), error)) return images / (stem + extension);
  return {};
}

}  // namespace

StatusOr<std::string> PrepareSamples(const Setup& setup) {
  const fs::path samples = fs::path(setup.work) / "samples";
  SCRIM_RETURN_IF_ERROR(Link("testdata/photos", samples / "images"));
  SCRIM_RETURN_IF_ERROR(Link("testdata/masks", samples / "masks"));
  return samples.string();
}

StatusOr<Photos> PreparePhotos(const Setup& setup) {
  const fs::path data = fs::path(setup.shared) / "data", split = data / "splits/val.txt",
                 sources = fs::path(setup.work) / "research", portraits = fs::path(setup.work) / "portraits";
  std::error_code error;
  Photos photos;
  if (!fs::exists(split, error)) {
    SCRIM_ASSIGN_OR_RETURN(photos.folder, PrepareSamples(setup));
    photos.portraits = photos.folder + "/images", photos.portrait_masks = photos.folder + "/masks";
    photos.name = "the six sample photos of testdata/ (the research data is not there)";
    photos.portraits_name = photos.name;
    return photos;
  }
  fs::create_directories(sources, error);
  fs::remove_all(portraits, error);
  for (const std::vector<std::string>* names : {&kPortraits, &kScenes}) {
    for (const std::string& name : *names) {
      SCRIM_ASSIGN_OR_RETURN(const fs::path folder, Unpacked(data, name, sources));
      if (folder.empty()) return NotFound(data.string() + ": has a split but no " + name);
      if (folder.parent_path() != sources) SCRIM_RETURN_IF_ERROR(Link(folder, sources / name));
    }
  }
  std::ifstream lines(split);
  for (std::string line; std::getline(lines, line);) {
    const std::string source = line.substr(0, line.find('/')), stem = line.substr(line.find('/') + 1);
    if (std::find(kPortraits.begin(), kPortraits.end(), source) == kPortraits.end()) continue;
    const fs::path photo = Photo(sources / source / "images", stem);
    if (photo.empty()) return NotFound(line + ": of " + split.string() + " is not among the photos");
    std::string name = source;
    name.append("_").append(stem);
    SCRIM_RETURN_IF_ERROR(Link(photo, portraits / "images" / (name + photo.extension().string())));
    SCRIM_RETURN_IF_ERROR(Link(sources / source / "masks" / (stem + ".png"), portraits / "masks" / (name + ".png")));
  }
  photos.research = true;
  photos.folder = sources.string();
  photos.arguments = {
      "--split", split.string(), "--group", "portraits=" + Joined(kPortraits), "--group", "scenes=" + Joined(kScenes)};
  photos.portraits = (portraits / "images").string(), photos.portrait_masks = (portraits / "masks").string();
  photos.name = "the validation split of the research data, portraits and scenes";
  photos.portraits_name = "the portraits of the validation split";
  return photos;
}

}  // namespace scrim::report
