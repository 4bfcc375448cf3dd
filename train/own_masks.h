// Previous masks from the network itself.
#pragma once

#include "matte/previous_levels.h"
#include "network.h"

namespace scrim::train {

struct OwnMaskOptions {
  float share = 0.f;  // of samples
  int frames = 1;     // before the picture that the network has seen; at most, 1 and more are drawn alike
  matte::PreviousLevels levels;
  uint64_t seed = 1;
  uint64_t step = 0;
  uint64_t first = 0;  // place of the batch's first sample among those of all processes
};

// Puts into a share of the samples what `network` says of the picture a frame before, when all stood elsewhere by some
// hundredths of its size, or by nothing: with its errors, so that a run learns not to repeat them; drawn previous masks
// have none that look like person. With several frames each sees what the network says of the one before it, so that
// errors have grown as they do in a clip (scheduled sampling: Bengio et al. 2015). input: n×4×h×w, normalised, on the
// network's device; the first frame has the sample's own previous mask. Depends on nothing but network, input and
// options.
void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input);

}  // namespace scrim::train
