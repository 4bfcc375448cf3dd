// Photos and clips with masks, as folders keep them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::app {

struct LabelledPhoto {
  std::string name;         // SOURCE/STEM, or SOURCE/CLIP/STEM
  std::string photo, mask;  // files
};

struct LabelledClip {
  std::string name;  // SOURCE/CLIP
  std::vector<LabelledPhoto> frames;
};

struct EvaluationSource {
  std::string name;
  std::vector<LabelledPhoto> photos;
  std::vector<LabelledClip> clips;
};

// `folder` holds images/ and masks/, or folders that do, one for each source. Masks are PNG with the photo's stem.
// Folders within images/ are clips, their files consecutive frames. Photos without a mask are left out. `split`: a text
// file of lines SOURCE/STEM, the only photos (not clips) wanted; empty: all. `sources`: the only sources wanted; empty:
// all. masks: another name for the folder of masks, such as "hair". Errors: kNotFound where nothing is left, or a line
// of the split has no photo.
StatusOr<std::vector<EvaluationSource>> FindEvaluationData(const std::string& folder, const std::string& split,
                                                           const std::vector<std::string>& sources,
                                                           const std::string& masks = "masks");

}  // namespace scrim::app
