// `scrim-train pack`: data sets in the formats that they come in, to one cache.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::train {

struct PackArguments {
  std::vector<std::string> photos, foregrounds, backgrounds;  // folders
  std::vector<std::string> coco;                              // ANNOTATIONS=PHOTOS
  std::vector<std::string> voc, supervisely;                  // folders
  std::string train_split, val_split, output;
  double val_share = 0.1;
  int max_side = 320, threads = 2;
};

// Prints what was left out, and why, to stderr.
Status RunPack(const PackArguments& arguments);

}  // namespace scrim::train
