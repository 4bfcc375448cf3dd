// Photos with masks that the figures are measured on.
#pragma once

#include <string>
#include <vector>

#include "steps.h"

namespace scrim::report {

struct Photos {
  bool research = false;               // the validation split; otherwise the samples of testdata/
  std::string folder;                  // for `scrim eval`
  std::vector<std::string> arguments;  // of `scrim eval`: split and groups
  // Folders of images and masks of one kind, for `scrim compare`.
  std::string portraits, portrait_masks;
  std::string portraits_name;  // "the portraits of the validation split"
  std::string name;            // "350 portraits and 190 scenes of the validation split"
};

// Unpacks the research data into setup.work where it is there, else links testdata/.
StatusOr<Photos> PreparePhotos(const Setup& setup);

// testdata's photos as a source for `scrim eval`.
StatusOr<std::string> PrepareSamples(const Setup& setup);

}  // namespace scrim::report
