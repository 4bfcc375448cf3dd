// Previous masks from the network itself.
#pragma once

#include "network.h"

namespace scrim::train {

struct OwnMaskOptions {
  float share = 0.f;  // of samples
  uint64_t seed = 1;
  uint64_t step = 0;
  uint64_t first = 0;  // place of the batch's first sample among those of all processes
};

// Puts into a share of the samples what `network` says of the picture a frame before, when all stood elsewhere by some
// hundredths of its size, or by nothing: with its errors, so that a run learns not to repeat them; drawn previous masks
// have none that look like person. input: n×4×h×w, normalised, on the network's device; the frame before has the
// sample's own previous mask. Depends on nothing but network, input and options.
void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input);

}  // namespace scrim::train
