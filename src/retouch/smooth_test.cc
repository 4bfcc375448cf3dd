// The fast kernel on every SIMD target against the same arithmetic written out here in plain double precision.
#include "retouch/smooth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "image/simd_testing.h"

namespace scrim::retouch {
namespace {

using SmoothKernel = image::OnEveryTarget;
INSTANTIATE_TEST_SUITE_P(Targets, SmoothKernel, image::EveryTarget(), image::NameOfTarget());

TEST_P(SmoothKernel, IsTheReference) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> share(0, 1);
  for (int round = 0; round < 100; ++round) {
    std::vector<float> grid[2];
    SkinLines lines[2];
    for (int row = 0; row < 2; ++row) {
      grid[row].resize(SkinLines::kCount * kBlock);
      for (float& value : grid[row]) value = share(random);
      for (size_t l = 0; l < SkinLines::kCount; ++l) {
        lines[row].line[l] = grid[row].data() + l * kBlock;
        if (l == SkinLines::kLumaOffset || l == SkinLines::kMean)
          for (int i = 0; i < kBlock; ++i) grid[row][l * kBlock + static_cast<size_t>(i)] *= 255;
      }
    }
    PixelBlock pixels, changes;
    uint8_t alpha[kBlock];
    for (int i = 0; i < kBlock; ++i) {
      pixels.red[i] = 255 * share(random), pixels.green[i] = 255 * share(random), pixels.blue[i] = 255 * share(random);
      alpha[i] = static_cast<uint8_t>(random());
    }
    const int n = 1 + static_cast<int>(random() % kBlock);
    const float weight = share(random), strength = share(random);
    Smooth(pixels, alpha, lines[0], lines[1], weight, strength, n, &changes);
    for (int i = 0; i < n; ++i) {
      double line[SkinLines::kCount];
      for (size_t l = 0; l < SkinLines::kCount; ++l)
        line[l] = (1.0 - weight) * lines[0].line[l][i] + double{weight} * lines[1].line[l][i];
      const double r = pixels.red[i], g = pixels.green[i], b = pixels.blue[i], y = 0.299 * r + 0.587 * g + 0.114 * b;
      const double how_much = strength * alpha[i] / 255.0 * line[SkinLines::kShare];
      // Luma goes to the filter's, but 0.6 of what is finer than the grid stays where the filter is flat.
      const double filtered = line[SkinLines::kLuma] * y + line[SkinLines::kLumaOffset];
      const double kept = 0.6 * (1 - line[SkinLines::kLuma]) * (y - line[SkinLines::kMean]);
      const double new_y = y + how_much * (filtered + kept - y);
      const double red = r - y, blue = b - y;
      const double new_red = red + 0.7 * how_much * (line[SkinLines::kRed] * y + line[SkinLines::kRedOffset] - red);
      const double new_blue =
          blue + 0.7 * how_much * (line[SkinLines::kBlue] * y + line[SkinLines::kBlueOffset] - blue);
      ASSERT_NEAR(r + changes.red[i], new_y + new_red, 0.01);
      ASSERT_NEAR(b + changes.blue[i], new_y + new_blue, 0.01);
      ASSERT_NEAR(g + changes.green[i], (new_y - 0.299 * (new_y + new_red) - 0.114 * (new_y + new_blue)) / 0.587, 0.01);
    }
  }
}

}  // namespace
}  // namespace scrim::retouch
