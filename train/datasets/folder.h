// Photos with masks in folders: ROOT/images/STEM.jpg beside ROOT/masks/STEM.png, or a folder of photos alone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::train {

enum class Role {
  kPhoto,       // a photo with its mask
  kForeground,  // a person before a plain studio wall, only to be composited onto backgrounds
  kBackground,  // a photo without people
};

struct Pair {
  std::string source;  // the folder's name
  std::string stem;
  std::string image, mask;  // paths; mask is empty for a background
  Role role = Role::kPhoto;
};

// All pairs below `directory`, sorted by stem. A photo with no mask, or a mask with no photo, is counted in *unpaired.
// Backgrounds are searched for recursively and need no masks/ folder.
StatusOr<std::vector<Pair>> ListFolder(const std::string& directory, Role role, int* unpaired);

// Lines of a split file, "SOURCE/STEM" each.
StatusOr<std::set<std::string>> ReadSplit(const std::string& path);

}  // namespace scrim::train
