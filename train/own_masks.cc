#include "own_masks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "augment/random.h"
#include "loader.h"

namespace scrim::train {
namespace {

// From where things are in a frame to where they were in the one before, in -1..1 as affine_grid wants it. As large as
// a drawn mask's small jitter (augment/previous_mask.cc); a third of the frames stands still.
void Motion(Random& random, float aspect, float* theta) {
  const bool still = random.Chance(0.33f);
  const float scale = std::exp(0.03f * random.Normal()), angle = 0.03f * random.Normal(), dx = 0.04f * random.Normal(),
              dy = 0.04f * random.Normal();
  const float c = scale * std::cos(angle), s = scale * std::sin(angle);
  const float moved[6] = {c, -s / aspect, dx, s * aspect, c, dy}, unmoved[6] = {1, 0, 0, 0, 1, 0};
  std::copy_n(still ? unmoved : moved, 6, theta);
}

}  // namespace

void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input) {
  if (options.share <= 0.f || input.size(1) < 4) return;
  const float aspect = float(input.size(3)) / float(input.size(2));
  std::vector<int64_t> chosen;
  std::vector<float> motions;
  for (int64_t i = 0; i < input.size(0); ++i) {
    Random random(options.seed ^ 0x6F776Eu, options.step, options.first + uint64_t(i));
    if (!random.Chance(options.share)) continue;
    chosen.push_back(i);
    motions.resize(motions.size() + 6);
    Motion(random, aspect, motions.data() + motions.size() - 6);
  }
  if (chosen.empty()) return;
  torch::NoGradGuard no_grad;
  const torch::Tensor index = Upload(torch::tensor(chosen, torch::kInt64), input.device()),
                      theta = Upload(torch::tensor(motions).view({-1, 2, 3}), input.device()),
                      now = input.index_select(0, index);
  const torch::Tensor before =
      torch::grid_sampler(now, torch::affine_grid_generator(theta, now.sizes(), false), 0, 1, false);
  input.select(1, 3).index_copy_(0, index, torch::sigmoid(network.Forward(before, false)).squeeze(1));
}

}  // namespace scrim::train
