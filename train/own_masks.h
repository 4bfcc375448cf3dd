// Previous masks from the network itself.
#pragma once

#include <vector>

#include "augment/random.h"
#include "matte/mask_loop.h"
#include "network.h"

namespace scrim::train {

struct OwnMaskOptions {
  float share = 0.f;  // of samples
  int frames = 1;     // before the picture that the network has seen; at most, 1 and more are drawn alike
  graph::PreviousMaskRule rule;
  // Of these samples: shown by the whole rule, with its distrust, as under a camera that moves. The others stand for
  // people who move before a fixed camera, although the whole of their pictures moves.
  float distrusting = 0.5f;
  uint64_t seed = 1;
  uint64_t step = 0;
  uint64_t first = 0;  // place of the batch's first sample among those of all processes
};

// How people move from one frame to the next.
struct Pace {
  float move = 0.f;  // 1: as far as a drawn mask's small jitter (augment/previous_mask.cc)
  float bend = 0.f;  // standard deviation at the nodes of a coarse field, in units of half the picture

  static Pace Still() { return {}; }
  static Pace Slow() { return {1.f, 0.01f}; }
  static Pace Fast() { return {2.5f, 0.1f}; }  // limbs come to be where nobody was
};

// The pictures a frame before `now` (n×c×h×w), one pace and one source of randomness for each.
torch::Tensor FrameBefore(const torch::Tensor& now, const std::vector<Pace>& paces, std::vector<Random>& randoms);

// What the engine would show `network` of its masks: `frames` (each n×c×h×w, normalised, alike) one after another, one
// loop for each sample. Returns the last frame with the previous mask in its fourth channel. The first has its own.
torch::Tensor ShowOwnMasks(Network& network, const std::vector<torch::Tensor>& frames,
                           std::vector<matte::MaskLoop>& loops);

// Puts into a share of the samples what `network` says of the picture a frame before; a third of them stood still
// since, half moved slowly, a sixth fast. It is a mask with the network's own errors, so that a run learns not to
// repeat them; drawn previous masks have none that look like person. With several frames each sees what the network
// says of the one before it, so that errors have grown as they do in a clip (scheduled sampling: Bengio et al. 2015).
// input: n×4×h×w, normalised, on the network's device; the first frame has the sample's own previous mask. Depends on
// nothing but network, input and options.
void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input);

}  // namespace scrim::train
