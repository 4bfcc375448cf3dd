#include "own_masks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "augment/random.h"
#include "loader.h"

namespace scrim::train {
namespace {

constexpr uint64_t kStream = 0x6F776E;

// From where things are in a frame to where they were in the one before, in -1..1 as affine_grid wants it. As large as
// a drawn mask's small jitter (augment/previous_mask.cc); still: nowhere else.
void Motion(Random& random, bool still, float aspect, float* theta) {
  const float scale = std::exp(0.03f * random.Normal()), angle = 0.03f * random.Normal(), dx = 0.04f * random.Normal(),
              dy = 0.04f * random.Normal();
  const float c = scale * std::cos(angle), s = scale * std::sin(angle);
  const float moved[6] = {c, -s / aspect, dx, s * aspect, c, dy}, unmoved[6] = {1, 0, 0, 0, 1, 0};
  std::copy_n(still ? unmoved : moved, 6, theta);
}

// The same for all samples of a step, whichever process has them.
int Frames(const OwnMaskOptions& options) {
  Random random(options.seed ^ kStream, options.step, ~uint64_t{0});
  return 1 + random.Below(options.frames);
}

}  // namespace

void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input) {
  if (options.share <= 0.f || input.size(1) < 4) return;
  const float aspect = float(input.size(3)) / float(input.size(2));
  std::vector<int64_t> chosen;
  std::vector<Random> randoms;
  std::vector<bool> still;  // a third of the samples
  for (int64_t i = 0; i < input.size(0); ++i) {
    Random random(options.seed ^ kStream, options.step, options.first + uint64_t(i));
    if (!random.Chance(options.share)) continue;
    chosen.push_back(i);
    still.push_back(random.Chance(0.33f));
    randoms.push_back(random);
  }
  if (chosen.empty()) return;
  torch::NoGradGuard no_grad;
  const torch::Tensor index = Upload(torch::tensor(chosen, torch::kInt64), input.device()),
                      now = input.index_select(0, index);
  torch::Tensor mask;
  for (int left = Frames(options); left > 0; --left) {
    std::vector<float> motions(6 * randoms.size());
    for (size_t i = 0; i < randoms.size(); ++i) Motion(randoms[i], still[i], aspect, motions.data() + 6 * i);
    const torch::Tensor theta = Upload(torch::tensor(motions).view({-1, 2, 3}), input.device());
    torch::Tensor before =
        torch::grid_sampler(now, torch::affine_grid_generator(theta, now.sizes(), false), 0, 1, false);
    if (mask.defined()) before.narrow(1, 3, 1).copy_(mask);
    mask = ((torch::sigmoid(network.Forward(before, false)) - options.levels.low) /
            (options.levels.high - options.levels.low))
               .clamp(0, 1);
  }
  input.select(1, 3).index_copy_(0, index, mask.squeeze(1));
}

}  // namespace scrim::train
