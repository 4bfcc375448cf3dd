// What a run draws its samples from.
#pragma once

#include "augment/random.h"
#include "datasets/pack.h"
#include "graph/model.h"

namespace scrim::train {

struct SourceWeight {
  std::string source;
  float weight = 1.f;  // how often each photo of it is drawn, relative to the others
};

struct Photos {
  std::vector<const Record*> train, val, foregrounds, backgrounds;  // point into the pack
  std::vector<float> cumulative;                                    // of the source weights over train

  const Record& Draw(Random& random) const;
  // One of about this shape, where a few tries find one.
  const Record& DrawFitting(Random& random, graph::Density shape) const;
};

// All photos of the training split, or of the given sources alone. Errors: a source that the cache does not have.
StatusOr<Photos> ChoosePhotos(const Pack& pack, const std::vector<SourceWeight>& sources);

}  // namespace scrim::train
