// Every row loop on every SIMD target of this machine against arithmetic written out here.
#include "image/pixel_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "image/simd_testing.h"

namespace scrim::image {
namespace {

std::vector<uint8_t> Noise(size_t n, int seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(n);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() % 5 == 0 ? (random() % 2) * 255 : random());
  return bytes;
}

using PixelOps = OnEveryTarget;
INSTANTIATE_TEST_SUITE_P(Targets, PixelOps, EveryTarget(), NameOfTarget());

constexpr size_t kSizes[] = {1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 67, 129};

TEST_P(PixelOps, BlendIsExact) {
  // All alphas against all backgrounds for some foregrounds: rounding to nearest, nothing lost at 0 and 255.
  for (int fg : {0, 1, 100, 254, 255}) {
    std::vector<uint8_t> fgs(65536, static_cast<uint8_t>(fg)), bgs(65536), alphas(65536), out(65536);
    for (int i = 0; i < 65536; ++i) bgs[i] = static_cast<uint8_t>(i), alphas[i] = static_cast<uint8_t>(i >> 8);
    BlendRow(fgs.data(), bgs.data(), alphas.data(), out.data(), out.size());
    for (int i = 0; i < 65536; ++i) {
      const int expected = static_cast<int>(std::lround((fg * alphas[i] + bgs[i] * (255 - alphas[i])) / 255.0));
      ASSERT_EQ(out[i], expected) << fg << " " << i;
    }
  }
}

TEST_P(PixelOps, AccumulateAndLerp) {
  for (size_t n : kSizes) {
    const auto a = Noise(n, 1), b = Noise(n, 2);
    std::vector<uint16_t> sum(n, 3);
    AccumulateRow(a.data(), 200, sum.data(), n);
    std::vector<uint8_t> out(n);
    for (int weight : {0, 1, 77, 256}) {
      LerpRow(a.data(), b.data(), weight, out.data(), n);
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], (a[i] * (256 - weight) + b[i] * weight + 128) >> 8);
    }
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(sum[i], 3 + 200 * a[i]);
  }
}

TEST_P(PixelOps, ExpandedAlphas) {
  for (size_t n : kSizes) {
    const auto alpha = Noise(n, 3);
    std::vector<uint8_t> rgba(4 * n), rgb(3 * n), pair(2 * n), yuy2(4 * ((n + 1) / 2));
    ExpandAlphaRgba(alpha.data(), rgba.data(), n);
    ExpandAlphaRgb(alpha.data(), rgb.data(), n);
    ExpandAlphaPair(alpha.data(), pair.data(), n);
    ExpandAlphaYuy2(alpha.data(), yuy2.data(), n);
    for (size_t i = 0; i < n; ++i) {
      for (int c = 0; c < 3; ++c) ASSERT_EQ(rgba[4 * i + c], alpha[i]);
      ASSERT_EQ(rgba[4 * i + 3], 0);
      for (int c = 0; c < 3; ++c) ASSERT_EQ(rgb[3 * i + c], alpha[i]);
      for (int c = 0; c < 2; ++c) ASSERT_EQ(pair[2 * i + c], alpha[i]);
      ASSERT_EQ(yuy2[2 * i], alpha[i]);
      const size_t other = i % 2 == 0 ? std::min(i + 1, n - 1) : i - 1;
      ASSERT_EQ(yuy2[2 * i + 1], (alpha[i] + alpha[other] + 1) / 2);
    }
  }
}

TEST_P(PixelOps, HalvesAndLuma) {
  for (size_t n : kSizes) {
    const auto row0 = Noise(n, 4), row1 = Noise(n, 5), rgba = Noise(4 * n, 6);
    std::vector<uint8_t> half((n + 1) / 2), luma(n);
    HalveRow(row0.data(), row1.data(), half.data(), n);
    for (size_t i = 0; i < half.size(); ++i) {
      const size_t x0 = 2 * i, x1 = std::min(2 * i + 1, n - 1);
      ASSERT_EQ(half[i], (row0[x0] + row0[x1] + row1[x0] + row1[x1] + 2) / 4);
    }
    for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb}) {
      const int step = format == PixelFormat::kRgb ? 3 : 4, red = format == PixelFormat::kBgra ? 2 : 0;
      LumaRow(format, rgba.data(), luma.data(), n);
      for (size_t i = 0; i < n; ++i) {
        const uint8_t* p = &rgba[step * i];
        ASSERT_NEAR(luma[i], 0.299 * p[red] + 0.587 * p[1] + 0.114 * p[2 - red], 1.0);
      }
    }
    LumaRowYuy2(rgba.data(), luma.data(), n);
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(luma[i], rgba[2 * i]);
  }
}

TEST_P(PixelOps, Yuy2SplitsAndJoins) {
  for (size_t n : kSizes) {
    const size_t half = (n + 1) / 2;
    const auto y = Noise(n, 12), u = Noise(half, 13), v = Noise(half, 14);
    std::vector<uint8_t> joined(4 * half), y2(n), u2(half), v2(half);
    JoinYuy2Row(y.data(), u.data(), v.data(), joined.data(), n);
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(joined[2 * i], y[i]);
    for (size_t i = 0; i < half; ++i) ASSERT_EQ(joined[4 * i + 1], u[i]);
    if (n % 2 != 0) ASSERT_EQ(joined[2 * n], y[n - 1]);
    SplitYuy2Row(joined.data(), y2.data(), u2.data(), v2.data(), n);
    EXPECT_EQ(y2, y);
    EXPECT_EQ(u2, u);
    EXPECT_EQ(v2, v);
  }
}

TEST_P(PixelOps, BlendInPlace) {
  for (size_t n : kSizes) {
    const auto fg = Noise(n, 15), bg = Noise(n, 16), alpha = Noise(n, 17);
    std::vector<uint8_t> apart(n), in_fg = fg, in_bg = bg;
    BlendRow(fg.data(), bg.data(), alpha.data(), apart.data(), n);
    BlendRow(in_fg.data(), bg.data(), alpha.data(), in_fg.data(), n);
    BlendRow(fg.data(), in_bg.data(), alpha.data(), in_bg.data(), n);
    EXPECT_EQ(in_fg, apart);
    EXPECT_EQ(in_bg, apart);
  }
}

TEST_P(PixelOps, YuvToRgbaMatchesTheScalarFormula) {
  for (size_t n : kSizes) {
    const auto y = Noise(n, 7), u = Noise(n, 8), v = Noise(n, 9);
    std::vector<uint8_t> out(4 * n);
    const YuvCoefficients& k = CoefficientsOf(YuvMatrix::kBt709Video);
    YuvToRgbaRow(k, y.data(), u.data(), v.data(), out.data(), n);
    for (size_t i = 0; i < n; ++i) {
      const auto rgb = YuvToRgb(k, y[i], u[i], v[i]);
      for (int c = 0; c < 3; ++c) ASSERT_EQ(out[4 * i + c], rgb[c]);
      ASSERT_EQ(out[4 * i + 3], 255);
    }
  }
}

TEST_P(PixelOps, LinearAlpha) {
  for (size_t n : kSizes) {
    const auto luma = Noise(n, 10);
    std::vector<float> a0(n), a1(n), b0(n), b1(n);
    std::mt19937 random(11);
    std::uniform_real_distribution<float> a(-0.01f, 0.01f), b(-0.2f, 1.2f);
    for (size_t i = 0; i < n; ++i) a0[i] = a(random), a1[i] = a(random), b0[i] = b(random), b1[i] = b(random);
    std::vector<uint8_t> out(n);
    for (bool smooth : {false, true}) {
      LinearAlphaRow(a0.data(), a1.data(), b0.data(), b1.data(), 0.3f, luma.data(), {0.1f, 1.25f, smooth}, out.data(),
                     n);
      for (size_t i = 0; i < n; ++i) {
        double q = ((a0[i] * 0.7 + a1[i] * 0.3) * luma[i] + b0[i] * 0.7 + b1[i] * 0.3 - 0.1) * 1.25;
        q = std::min(1.0, std::max(0.0, q));
        if (smooth) q = q * q * (3 - 2 * q);
        ASSERT_NEAR(out[i], q * 255, 0.51);
      }
    }
  }
}

TEST_P(PixelOps, CutOutHidesTheRoom) {
  const uint8_t in[12] = {10, 20, 30, 9, 40, 50, 60, 9, 70, 80, 90, 9}, alpha[3] = {0, 128, 255};
  uint8_t out[12];
  CutOutRow(in, alpha, out, 3);
  const uint8_t expected[12] = {0, 0, 0, 0, 40, 50, 60, 128, 70, 80, 90, 255};
  for (int i = 0; i < 12; ++i) EXPECT_EQ(out[i], expected[i]);
}

}  // namespace
}  // namespace scrim::image
