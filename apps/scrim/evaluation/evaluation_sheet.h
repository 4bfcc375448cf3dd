// A picture of photos beside what was found in them, for a person to look at.
#pragma once

#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "image/frame.h"

namespace scrim::app {

// The `count` photos of lowest IoU, lowest first.
std::vector<PhotoScore> WorstFirst(std::vector<PhotoScore> photos, size_t count);

// Four photos a row, each with its truth outlined in red beside the person before green; the model's, or where
// `predictions` names a folder those.
StatusOr<image::Frame> DrawPhotos(const std::vector<PhotoScore>& photos, const CommonOptions& model,
                                  const std::string& predictions);

}  // namespace scrim::app
