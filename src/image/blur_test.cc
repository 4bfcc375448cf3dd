#include "image/blur.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace scrim::image {
namespace {

TEST(BoxBlur, MatchesTheDefinition) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> value(0.f, 1.f);
  for (int channels : {1, 2, 4}) {
    for (auto [width, height] : {std::pair{1, 1}, {2, 9}, {13, 7}, {30, 3}}) {
      for (int radius : {0, 1, 2, 5, 40}) {
        Floats in(width, height, channels), scratch;
        for (size_t i = 0; i < in.size(); ++i) in.data()[i] = value(random);
        Floats out = in;
        BoxBlur(radius, &out, &scratch);
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c) {
              double sum = 0;
              int count = 0;
              for (int j = std::max(0, y - radius); j <= std::min(height - 1, y + radius); ++j) {
                for (int i = std::max(0, x - radius); i <= std::min(width - 1, x + radius); ++i, ++count) {
                  sum += in.row(j)[i * channels + c];
                }
              }
              ASSERT_NEAR(out.row(y)[x * channels + c], sum / count, 1e-5);
            }
          }
        }
      }
    }
  }
}

TEST(GaussianBlur, AnImpulseSpreadsWithTheVarianceAskedFor) {
  for (float sigma : {1.f, 2.f, 3.5f, 8.f}) {
    Floats picture(101, 101, 1), scratch;
    std::fill(picture.data(), picture.data() + picture.size(), 0.f);
    picture.row(50)[50] = 1.f;
    GaussianBlur(sigma, &picture, &scratch);
    double sum = 0, variance = 0;
    for (int y = 0; y < 101; ++y) {
      for (int x = 0; x < 101; ++x) {
        sum += picture.row(y)[x];
        variance += picture.row(y)[x] * (x - 50) * (x - 50);
      }
    }
    EXPECT_NEAR(sum, 1.0, 1e-4);
    EXPECT_NEAR(std::sqrt(variance), sigma, 0.35) << sigma;  // box widths are odd integers
  }
}

}  // namespace
}  // namespace scrim::image
