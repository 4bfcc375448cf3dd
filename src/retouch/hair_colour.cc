#include "retouch/hair_colour.h"

#include <algorithm>
#include <cmath>

namespace scrim::retouch {
namespace {

constexpr uint8_t kCertain = 230;
constexpr float kLeast = 0.0005f, kEnough = 0.002f;  // shares of the frame: between them the colour comes
constexpr float kFollow = 0.05f;                     // of the difference, a frame
constexpr float kVisible = 1.f / 1024;
// The lightness of hair that is measured and wished for; a picture has neither black nor white hair.
constexpr float kDarkest = 0.05f, kLightest = 0.92f;
// The least odds, where hair becomes lighter, and the most: noise of dark pixels grows by their inverse.
constexpr float kLeastOdds = 1.f / 7, kMostOdds = 24;
constexpr float kUsual = 2;                    // standard deviations of lightness that the strands themselves explain
constexpr float kLift = 0.1f, kLiftAt = 0.3f;  // of black, where hair becomes so much lighter; less where it does less

float OddsOf(float lightness) { return lightness / (1 - lightness); }

// Sets how dark strands of a dye look. The more dye, the less light of each wavelength is left, a power of it (Beer and
// Lambert): blond becomes brown, where less light alone would make it olive.
void FindDeeper(const LinearRgb& dye, HairTone* tone) {
  constexpr float kAt = 0.6f, kShare = 0.35f;  // the lightness looked at, and how much of the darkness is dye
  float least = 1, most = 16;
  Oklab deep;
  for (int step = 0; step < 20; ++step) {
    const float power = (least + most) / 2;
    deep = OklabOf({std::pow(dye[0], power), std::pow(dye[1], power), std::pow(dye[2], power)});
    (deep.lightness > kAt * tone->target.lightness ? least : most) = power;
  }
  tone->deeper_a = kShare * (deep.a / kAt - tone->target.a) / (1 - kAt);
  tone->deeper_b = kShare * (deep.b / kAt - tone->target.b) / (1 - kAt);
}

float ShareOf(float value, float from, float to) { return std::clamp((value - from) / (to - from), 0.f, 1.f); }

}  // namespace

HairColour::Look HairColour::Measure(const image::ConstFrameView& frame, const image::BoxedAlpha& hair) {
  // Some 100 rows of a frame, and as many columns in proportion.
  const int every = std::max(2, frame.height / 90 & ~1), half = every / 2;
  PixelBlock pixels;
  Look look;
  int count = 0;
  const auto up = [&](int begin) { return (begin + half - 1) / every * every + half; };  // on the frame's own grid
  for (int y = up(hair.box.top); y < hair.box.bottom; y += every) {
    for (int x = up(hair.box.left); x < hair.box.right; x += every) {
      if (hair.alpha.row(y)[x] < kCertain) continue;
      LoadBlock(frame, x & ~1, y, std::min(2, frame.width - (x & ~1)), &pixels);
      const int i = x & 1;
      const LinearRgb light = {LinearOf(pixels.red[i]), LinearOf(pixels.green[i]), LinearOf(pixels.blue[i])};
      for (size_t c = 0; c < 3; ++c) look.light[c] += light[c];
      const float lightness = Toe(OklabOf(light).lightness);
      look.lightness += lightness;
      look.spread += lightness * lightness;
      ++count;
    }
  }
  if (count == 0) return look;
  const auto samples = static_cast<float>(count);
  for (float& c : look.light) c /= samples;
  look.lightness /= samples;
  look.spread = std::sqrt(std::max(look.spread / samples - look.lightness * look.lightness, 0.f));
  look.share = samples * static_cast<float>(every * every) /
               (static_cast<float>(frame.width) * static_cast<float>(frame.height));
  return look;
}

void HairColour::Follow(const Look& seen) {
  if (!known_) {
    if (seen.share <= kLeast) return;
    followed_ = drawn_ = seen;
    known_ = true;
    return;
  }
  const auto follow = [](float value, float* followed) { *followed += kFollow * (value - *followed); };
  follow(seen.share, &followed_.share);
  if (seen.share > kLeast) {
    follow(seen.lightness, &followed_.lightness);
    follow(seen.spread, &followed_.spread);
    for (size_t c = 0; c < 3; ++c) follow(seen.light[c], &followed_.light[c]);
  }
  float difference = std::abs(ShareOf(followed_.share, kLeast, kEnough) - ShareOf(drawn_.share, kLeast, kEnough));
  difference = std::max(difference, std::abs(followed_.lightness - drawn_.lightness));
  difference = std::max(difference, std::abs(followed_.spread - drawn_.spread));
  for (size_t c = 0; c < 3; ++c) difference = std::max(difference, std::abs(followed_.light[c] - drawn_.light[c]));
  if (difference > kVisible) drawn_ = followed_;
}

HairTone HairColour::ToneOf(const Look& look) const {
  HairTone tone;
  tone.strength = std::min(options_.strength, 1.f) * ShareOf(look.share, kLeast, kEnough);
  const LinearRgb dye = LinearOf(options_.colour);
  tone.target = OklabOf(dye);
  const float now = std::clamp(look.lightness, kDarkest, kLightest);
  const float wanted = now + tone.strength * (std::clamp(Toe(tone.target.lightness), kDarkest, kLightest) - now);
  tone.lift = kLift * ShareOf(wanted, now, now + kLiftAt);
  tone.odds = std::clamp(OddsOf(tone.lift + (1 - tone.lift) * now) / OddsOf(wanted), kLeastOdds, kMostOdds);
  tone.target.lightness = std::clamp(tone.target.lightness, 0.02f, 0.98f);
  FindDeeper(dye, &tone);
  tone.hair = look.light;
  tone.knee = look.lightness + kUsual * look.spread;
  return tone;
}

void HairColour::Apply(const image::FrameView& frame, const image::BoxedAlpha& hair) {
  if (!enabled() || hair.box.empty()) return;
  Follow(Measure(frame, hair));
  if (!known_) return;
  const HairTone tone = ToneOf(drawn_);
  if (tone.strength == 0) return;
  PixelBlock pixels, changes[2];
  ForEachBlock(hair, [&](int x, int y, int n, int rows) {
    for (int k = 0; k < rows; ++k) {
      LoadBlock(frame, x, y + k, n, &pixels);
      Recolour(tone, pixels, hair.alpha.row(y + k) + x, n, &changes[k]);
    }
    AddChanges(frame, x, y, n, rows, changes);
  });
}

}  // namespace scrim::retouch
