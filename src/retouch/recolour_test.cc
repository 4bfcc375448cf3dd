// The fast kernel on every SIMD target against the same arithmetic written out here in plain double precision.
#include "retouch/recolour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "image/simd_testing.h"

namespace scrim::retouch {
namespace {

double Decoded(double x) { return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4); }
double Encoded(double x) { return x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055; }

std::array<double, 3> Reference(const HairTone& tone, const std::array<double, 3>& srgb, double alpha) {
  const double trust = std::pow(alpha, 4);
  std::array<double, 3> light{}, hair{}, out{};
  for (size_t c = 0; c < 3; ++c) {
    light[c] = Decoded(srgb[c] / 255);
    hair[c] = trust * light[c] + (1 - trust) * tone.hair[c];
  }
  const Oklab before = OklabOf({static_cast<float>(hair[0]), static_cast<float>(hair[1]), static_cast<float>(hair[2])});
  float toe = Toe(before.lightness);
  if (toe > tone.knee) toe = tone.knee + 0.25f * (toe - tone.knee);
  Oklab after;
  const float lifted = tone.lift + (1 - tone.lift) * toe;
  after.lightness = FromToe(lifted / (lifted + (1 - lifted) * tone.odds));
  const float share = after.lightness / tone.target.lightness;
  const float chroma = std::min(share, (1 - after.lightness) / (1 - tone.target.lightness));
  const float missing = std::max(1 - share, 0.f);
  after.a = before.a + tone.strength * (chroma * (tone.target.a + missing * tone.deeper_a) - before.a);
  after.b = before.b + tone.strength * (chroma * (tone.target.b + missing * tone.deeper_b) - before.b);
  const LinearRgb dyed = LinearOf(after);
  for (size_t c = 0; c < 3; ++c) {
    const double mixed = light[c] + alpha * (std::clamp<double>(dyed[c], 0, 1) - light[c]);
    out[c] = 255 * Encoded(std::clamp(mixed, 0.0, 1.0));
  }
  return out;
}

using RecolourKernel = image::OnEveryTarget;
INSTANTIATE_TEST_SUITE_P(Targets, RecolourKernel, image::EveryTarget(), image::NameOfTarget());

TEST_P(RecolourKernel, IsTheReference) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> share(0, 1);
  double worst = 0;
  for (int round = 0; round < 400; ++round) {
    HairTone tone;
    tone.odds = std::exp2(6 * share(random) - 2.5f);
    tone.lift = 0.1f * share(random);
    tone.strength = share(random);
    tone.deeper_a = 0.1f * share(random), tone.deeper_b = 0.1f * share(random);
    tone.target = OklabOf({share(random), share(random), share(random)});
    tone.target.lightness = std::clamp(tone.target.lightness, 0.02f, 0.98f);
    tone.knee = share(random);
    tone.hair = {share(random), share(random), share(random)};
    PixelBlock pixels, changes;
    uint8_t alpha[kBlock];
    const int n = 1 + static_cast<int>(random() % kBlock);
    for (int i = 0; i < kBlock; ++i) {
      const float dark = round % 2 == 0 ? 1 : 0.1f;
      pixels.red[i] = std::floor(256 * dark * share(random)), pixels.green[i] = std::floor(256 * dark * share(random)),
      pixels.blue[i] = std::floor(256 * dark * share(random));
      alpha[i] = static_cast<uint8_t>(random() % 4 == 0 ? 255 : random());
    }
    Recolour(tone, pixels, alpha, n, &changes);
    for (int i = 0; i < n; ++i) {
      const auto expected = Reference(tone, {pixels.red[i], pixels.green[i], pixels.blue[i]}, alpha[i] / 255.0);
      worst = std::max(worst, std::abs(pixels.red[i] + changes.red[i] - expected[0]));
      worst = std::max(worst, std::abs(pixels.green[i] + changes.green[i] - expected[1]));
      worst = std::max(worst, std::abs(pixels.blue[i] + changes.blue[i] - expected[2]));
    }
  }
  EXPECT_LT(worst, 0.75);  // of 255; lightening multiplies what the curves are off
}

TEST_P(RecolourKernel, LeavesWhatIsNoHair) {
  HairTone tone;
  tone.odds = 0.2f, tone.strength = 1, tone.target = {0.6f, 0.2f, 0.1f}, tone.hair = {0.1f, 0.1f, 0.1f};
  PixelBlock pixels, changes;
  uint8_t alpha[kBlock] = {};
  for (int i = 0; i < kBlock; ++i) pixels.red[i] = pixels.green[i] = pixels.blue[i] = static_cast<float>(4 * i);
  Recolour(tone, pixels, alpha, kBlock, &changes);
  for (int i = 0; i < kBlock; ++i) EXPECT_TRUE(changes.red[i] == 0 && changes.green[i] == 0 && changes.blue[i] == 0);
}

TEST_P(RecolourKernel, KeepsTheOrderOfStrands) {
  HairTone tone;
  tone.odds = 1 / 6.f, tone.strength = 1, tone.target = {0.8f, 0.01f, 0.1f};
  PixelBlock pixels, changes;
  uint8_t alpha[kBlock];
  std::fill(alpha, alpha + kBlock, uint8_t{255});
  for (int i = 0; i < kBlock; ++i) pixels.red[i] = pixels.green[i] = pixels.blue[i] = static_cast<float>(4 * i);
  Recolour(tone, pixels, alpha, kBlock, &changes);
  for (int i = 1; i < kBlock; ++i)
    EXPECT_GT(pixels.green[i] + changes.green[i], pixels.green[i - 1] + changes.green[i - 1]) << i;
}

}  // namespace
}  // namespace scrim::retouch
