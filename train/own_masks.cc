#include "own_masks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "augment/random.h"
#include "image/frame.h"
#include "loader.h"

namespace scrim::train {
namespace {

constexpr uint64_t kStream = 0x6F776E;

constexpr int kFieldRows = 4, kFieldColumns = 4;

Pace DrawPace(Random& random) {
  const int of_six = random.Below(6);
  return of_six < 2 ? Pace::Still() : of_six < 5 ? Pace::Slow() : Pace::Fast();
}

// From where things are in a frame to where they were in the one before, in -1..1 as affine_grid wants it. field: what
// bends besides, as limbs do, 2 planes in units of half the picture.
void Motion(Random& random, Pace pace, float aspect, float* theta, float* field) {
  const float scale = std::exp(0.03f * pace.move * random.Normal()), angle = 0.03f * pace.move * random.Normal(),
              dx = 0.04f * pace.move * random.Normal(), dy = 0.04f * pace.move * random.Normal();
  const float c = scale * std::cos(angle), s = scale * std::sin(angle);
  const float moved[6] = {c, -s / aspect, dx, s * aspect, c, dy};
  std::copy_n(moved, 6, theta);
  for (int i = 0; i < 2 * kFieldRows * kFieldColumns; ++i) field[i] = pace.bend * random.Normal();
}

// The same for all samples of a step, whichever process has them.
int Frames(const OwnMaskOptions& options) {
  Random random(options.seed ^ kStream, options.step, ~uint64_t{0});
  return 1 + random.Below(options.frames);
}

// n×h×w×4 bytes in main memory, from n×c×h×w in -1..1, of which the first three are colours.
torch::Tensor Pictures(const torch::Tensor& input) {
  const torch::Tensor colours = input.narrow(1, 0, 3).add(1).mul(127.5).round().clamp(0, 255);
  return torch::constant_pad_nd(colours, {0, 0, 0, 0, 0, 1}, 255)
      .permute({0, 2, 3, 1})
      .to(torch::kCPU, torch::kUInt8)
      .contiguous();
}

}  // namespace

torch::Tensor FrameBefore(const torch::Tensor& now, const std::vector<Pace>& paces, std::vector<Random>& randoms) {
  constexpr int kField = 2 * kFieldRows * kFieldColumns;
  const float aspect = float(now.size(3)) / float(now.size(2));
  std::vector<float> motions(6 * paces.size()), fields(kField * paces.size());
  for (size_t i = 0; i < paces.size(); ++i)
    Motion(randoms[i], paces[i], aspect, motions.data() + 6 * i, fields.data() + kField * i);
  const torch::Tensor theta = Upload(torch::tensor(motions).view({-1, 2, 3}), now.device()),
                      field = Upload(torch::tensor(fields).view({-1, 2, kFieldRows, kFieldColumns}), now.device()),
                      bent = torch::upsample_bicubic2d(field, {now.size(2), now.size(3)}, true).permute({0, 2, 3, 1});
  return torch::grid_sampler(now, torch::affine_grid_generator(theta, now.sizes(), false) + bent, 0, 1, false);
}

torch::Tensor ShowOwnMasks(Network& network, const std::vector<torch::Tensor>& frames,
                           std::vector<matte::MaskLoop>& loops) {
  torch::NoGradGuard no_grad;
  const int height = int(frames[0].size(2)), width = int(frames[0].size(3));
  const size_t plane = size_t(height) * size_t(width);
  image::Bytes picture(width, height, 4);
  image::Floats mask(width, height), steady;
  torch::Tensor masks, pictures, input;
  for (size_t f = 0; f < frames.size(); ++f) {
    const torch::Tensor before = pictures;
    pictures = Pictures(frames[f]);
    input = frames[f];
    torch::Tensor shown = torch::empty({input.size(0), 1, height, width});
    for (size_t i = 0; i < loops.size(); ++i) {
      const auto load = [&](const torch::Tensor& from) {
        std::copy_n(from[int64_t(i)].data_ptr<uint8_t>(), picture.size(), picture.data());
      };
      if (f > 0) {
        load(before);
        std::copy_n(masks[int64_t(i)].data_ptr<float>(), plane, mask.data());
        loops[i].Update(picture, mask, &steady);
      }
      load(pictures);
      loops[i].Observe(picture);
      loops[i].Show(width, height, shown[int64_t(i)].data_ptr<float>(), size_t(width), 1);
    }
    if (f > 0) {
      input = input.clone();
      input.narrow(1, 3, 1).copy_(Upload(shown, input.device()));
    }
    if (f + 1 < frames.size()) masks = torch::sigmoid(network.Forward(input, false)).to(torch::kCPU).contiguous();
  }
  return input;
}

void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input) {
  if (options.share <= 0.f || input.size(1) < 4) return;
  std::vector<int64_t> chosen;
  std::vector<Random> randoms;
  std::vector<Pace> paces;
  std::vector<matte::MaskLoop> loops;
  for (int64_t i = 0; i < input.size(0); ++i) {
    Random random(options.seed ^ kStream, options.step, options.first + uint64_t(i));
    if (!random.Chance(options.share)) continue;
    chosen.push_back(i);
    paces.push_back(DrawPace(random));
    graph::PreviousMaskRule rule = options.rule;
    if (!random.Chance(options.distrusting)) rule.distrust = 0.f;
    loops.emplace_back(matte::MaskLoopOptions(), rule);
    randoms.push_back(random);
  }
  if (chosen.empty()) return;
  torch::NoGradGuard no_grad;
  const torch::Tensor index = Upload(torch::tensor(chosen, torch::kInt64), input.device()),
                      now = input.index_select(0, index);
  std::vector<torch::Tensor> frames;
  for (int left = Frames(options); left > 0; --left) frames.push_back(FrameBefore(now, paces, randoms));
  frames.push_back(now);
  input.select(1, 3).index_copy_(0, index, ShowOwnMasks(network, frames, loops).select(1, 3));
}

}  // namespace scrim::train
