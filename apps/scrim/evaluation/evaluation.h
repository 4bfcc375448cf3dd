// Figures of a model, or of masks that anything else made, on photos and clips with truth.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evaluation/evaluation_data.h"
#include "io/progress.h"
#include "metrics/clip.h"
#include "metrics/photo.h"
#include "options/session.h"

namespace scrim::app {

struct PhotoScore {
  LabelledPhoto photo;
  std::string source;
  metrics::PhotoQuality quality;
};

struct ClipScore {
  std::string name;
  metrics::ClipQuality looped;  // each frame helped by the one before, as live
  metrics::ClipQuality cold;    // each frame as if it were the first; of predictions there is none
};

struct Evaluation {
  std::vector<PhotoScore> photos;
  std::vector<ClipScore> clips;
};

// Means over some photos.
struct Summary {
  std::string name;
  int photos = 0;
  metrics::PhotoQuality mean;
  double below_080 = 0;  // share of photos with an IoU below 0.8
};

// A named set of sources, summed up like one.
struct SourceGroup {
  std::string name;
  std::vector<std::string> sources;
};

// From NAME=SOURCE,SOURCE,...
StatusOr<std::vector<SourceGroup>> ParseGroups(const std::vector<std::string>& texts);

// Every photo cold, every clip in a loop and cold. plane: what the masks are of. Errors: also a plane that the model
// has not.
StatusOr<Evaluation> EvaluateModel(const std::vector<EvaluationSource>& data, const CommonOptions& model,
                                   Progress* progress, const std::string& plane = "person");

// Reads PredictionPath instead of running a network: grey or with an alpha channel, resized to the photo. Errors: a
// prediction is missing.
StatusOr<Evaluation> EvaluatePredictions(const std::vector<EvaluationSource>& data, const std::string& folder,
                                         Progress* progress);

// folder/SOURCE/STEM.png, or folder/STEM.png where that is not there.
std::string PredictionPath(const std::string& folder, const std::string& name);

// One for each source, each group and all photos, in this order; sources without photos have none.
std::vector<Summary> Summarise(const Evaluation& evaluation, const std::vector<SourceGroup>& groups);

}  // namespace scrim::app
