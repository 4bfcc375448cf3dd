// Photos with masks in folders: ROOT/images/STEM.jpg beside ROOT/masks/STEM.png, or a folder of photos alone.
#pragma once

#include <set>

#include "datasets/example.h"

namespace scrim::train {

// All pairs below `folder`, sorted by stem. A photo without a mask, or a mask without a photo, counts as broken.
// Backgrounds are searched for recursively and need no masks/ folder. Errors: no such folder, or nothing in it.
StatusOr<Examples> ReadFolder(const std::string& folder, Role role);

// Whether FOLDER/SOURCE/STEM.png is there; the example then takes it for its mask.
bool UseMaskFrom(const std::string& folder, Example& example);

// Lines of a split file, "SOURCE/STEM" each.
StatusOr<std::set<std::string>> ReadSplit(const std::string& path);

}  // namespace scrim::train
