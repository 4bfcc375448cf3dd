#include "own_masks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "augment/random.h"
#include "image/frame.h"
#include "loader.h"
#include "matte/stabiliser.h"

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

// What the engine shows of the masks (n×1×h×w) of the pictures `before` beside those of `now`.
void Doubt(const torch::Tensor& before, const torch::Tensor& now, const std::vector<bool>& doubting,
           torch::Tensor& masks) {
  const int height = int(now.size(2)), width = int(now.size(3));
  const torch::Tensor then = Pictures(before), here = Pictures(now), trust = torch::ones(masks.sizes());
  image::Bytes picture(width, height, 4);
  image::Floats nobody(width, height);
  for (size_t i = 0; i < doubting.size(); ++i) {
    if (!doubting[i]) continue;
    const auto show = [&](const torch::Tensor& pictures) {
      std::copy_n(pictures[int64_t(i)].data_ptr<uint8_t>(), picture.size(), picture.data());
    };
    matte::Stabiliser stabiliser;
    show(then);
    stabiliser.Process(picture, &nobody);
    show(here);
    stabiliser.Look(picture);
    float* out = trust[int64_t(i)].data_ptr<float>();
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) *out++ = 1 - stabiliser.Doubt(x, y);
  }
  masks.mul_(Upload(trust, masks.device()));
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

void UseOwnMasks(Network& network, const OwnMaskOptions& options, torch::Tensor& input) {
  if (options.share <= 0.f || input.size(1) < 4) return;
  std::vector<int64_t> chosen;
  std::vector<Random> randoms;
  std::vector<Pace> paces;
  std::vector<bool> doubting;
  for (int64_t i = 0; i < input.size(0); ++i) {
    Random random(options.seed ^ kStream, options.step, options.first + uint64_t(i));
    if (!random.Chance(options.share)) continue;
    chosen.push_back(i);
    paces.push_back(DrawPace(random));
    doubting.push_back(random.Chance(options.doubting));
    randoms.push_back(random);
  }
  if (chosen.empty()) return;
  torch::NoGradGuard no_grad;
  const torch::Tensor index = Upload(torch::tensor(chosen, torch::kInt64), input.device()),
                      now = input.index_select(0, index);
  torch::Tensor mask, seen;
  for (int left = Frames(options); left > 0; --left) {
    torch::Tensor before = FrameBefore(now, paces, randoms);
    if (mask.defined()) {
      Doubt(seen, before, doubting, mask);
      before.narrow(1, 3, 1).copy_(mask);
    }
    seen = before;
    mask = ((torch::sigmoid(network.Forward(before, false)) - options.levels.low) /
            (options.levels.high - options.levels.low))
               .clamp(0, 1);
  }
  Doubt(seen, now, doubting, mask);
  input.select(1, 3).index_copy_(0, index, mask.squeeze(1));
}

}  // namespace scrim::train
