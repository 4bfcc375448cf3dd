#include "image/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "image/pixel_ops.h"

namespace scrim::image {
namespace {

// The definition, in doubles: mean of the covered area when shrinking, tent when enlarging.
double Weight(int j, int in, int i, int out, Span span) {
  const double scale = span.length / out, from = span.start + i * scale, to = from + scale;
  if (scale > 1) return std::max(0.0, std::min(to, j + 1.0) - std::max(from, double(j))) / scale;
  const double centre = std::min(std::max((from + to) / 2 - 0.5, 0.0), in - 1.0);
  return std::max(0.0, 1 - std::abs(centre - j));
}

TEST(Taps, WeightsAddUpAndFollowTheDefinition) {
  for (int in : {1, 2, 3, 7, 20, 64, 255}) {
    for (int out : {1, 2, 3, 5, 16, 63, 256}) {
      const Span span{0, double(in)};
      const Taps taps = MakeTaps(in, span, out, 32768);
      for (int i = 0; i < out; ++i) {
        ASSERT_GE(taps.start[i], 0);
        ASSERT_LE(taps.start[i] + taps.count, in);
        int sum = 0;
        for (int k = 0; k < taps.count; ++k) {
          const int weight = taps.weight[i * taps.count + k];
          sum += weight;
          ASSERT_NEAR(weight / 32768.0, Weight(taps.start[i] + k, in, i, out, span), 1e-4)
              << in << ">" << out << " " << i;
        }
        ASSERT_EQ(sum, 32768);
      }
    }
  }
}

class Sizes : public testing::TestWithParam<std::tuple<std::pair<int, int>, std::pair<int, int>>> {};

TEST_P(Sizes, MatchesTheDefinition) {
  const auto [in, out] = GetParam();
  const auto [in_width, in_height] = in;
  const auto [out_width, out_height] = out;
  std::mt19937 random(5);
  for (int channels = 1; channels <= 4; ++channels) {
    const size_t stride = in_width * channels + 3;
    std::vector<uint8_t> from(stride * in_height), to(out_width * out_height * channels);
    for (uint8_t& b : from) b = static_cast<uint8_t>(random());
    Resampler resampler;
    resampler.Configure(in_width, in_height, out_width, out_height);
    resampler.Run(from.data(), stride, channels, to.data(), out_width * channels);
    for (int y = 0; y < out_height; ++y) {
      for (int x = 0; x < out_width; ++x) {
        for (int c = 0; c < channels; ++c) {
          double expected = 0;
          for (int j = 0; j < in_height; ++j) {
            const double row = Weight(j, in_height, y, out_height, {0, double(in_height)});
            if (row == 0) continue;
            for (int i = 0; i < in_width; ++i) {
              expected +=
                  row * Weight(i, in_width, x, out_width, {0, double(in_width)}) * from[j * stride + i * channels + c];
            }
          }
          ASSERT_NEAR(to[(y * out_width + x) * channels + c], expected, 2.0) << x << "," << y;
        }
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Resample, Sizes,
                         testing::Combine(testing::Values(std::pair{1, 1}, std::pair{2, 3}, std::pair{13, 7},
                                                          std::pair{40, 30}),
                                          testing::Values(std::pair{1, 1}, std::pair{4, 3}, std::pair{13, 7},
                                                          std::pair{9, 50}, std::pair{64, 5})));

TEST(Resample, ConstantStaysConstantAtAnyRatio) {
  for (int value : {0, 1, 128, 254, 255}) {
    for (auto [in, out] : {std::pair{4320, 144}, {720, 144}, {540, 144}, {144, 144}, {10, 1000}, {1, 77}}) {
      std::vector<uint8_t> from(in * 3, static_cast<uint8_t>(value)), to(out * 5);
      Resampler resampler;
      resampler.Configure(3, in, 5, out);
      resampler.Run(from.data(), 3, 1, to.data(), 5);
      for (uint8_t b : to) ASSERT_EQ(b, value) << in << ">" << out;
    }
  }
}

TEST(Resample, CropTakesOnlyItsPart) {
  std::vector<uint8_t> from(10 * 10, 0);
  for (int y = 2; y < 8; ++y) {
    for (int x = 4; x < 6; ++x) from[y * 10 + x] = 200;
  }
  std::vector<uint8_t> to(4);
  Resampler resampler;
  resampler.Configure(10, 10, {4, 2}, {2, 6}, 2, 2);
  resampler.Run(from.data(), 10, 1, to.data(), 2);
  for (uint8_t b : to) EXPECT_EQ(b, 200);
}

// Bit for bit what its planes give one by one.
TEST(Resample, ShrinksYuy2AsItsPlanes) {
  for (auto [width, height] : {std::pair{320, 180}, {321, 37}, {16, 33}, {7, 12}}) {
    const int half = (width + 1) / 2, out_width = 16, out_height = 9;
    Bytes packed(4 * half, height), planes[3] = {{width, height}, {half, height}, {half, height}};
    for (size_t i = 0; i < packed.size(); ++i) packed.data()[i] = static_cast<uint8_t>(i * 2654435761u >> 13);
    for (int y = 0; y < height; ++y)
      SplitYuy2Row(packed.row(y), planes[0].row(y), planes[1].row(y), planes[2].row(y), static_cast<size_t>(width));
    Resampler luma, chroma;
    luma.Configure(width, height, out_width, out_height);
    chroma.Configure(half, height, {0, width / 2.0}, {0, double(height)}, out_width, out_height);
    ASSERT_TRUE(luma.shrinks_rows());
    Bytes got(out_width, out_height, 4), want(out_width, out_height);
    luma.ShrinkYuy2(chroma, packed.data(), packed.row_size(), got.data(), got.row_size());
    for (int p = 0; p < 3; ++p) {
      (p == 0 ? luma : chroma).Run(planes[p].data(), planes[p].row_size(), 1, want.data(), want.row_size());
      for (size_t i = 0; i < want.size(); ++i)
        ASSERT_EQ(got.data()[4 * i + static_cast<size_t>(p)], want.data()[i]) << width << " plane " << p << " at " << i;
    }
  }
}

}  // namespace
}  // namespace scrim::image
