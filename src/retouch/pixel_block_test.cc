#include "retouch/pixel_block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "image/color.h"
#include "image/convert.h"
#include "image/simd_testing.h"

namespace scrim::retouch {
namespace {

using image::Frame;
using image::PixelFormat;
using image::YuvMatrix;

constexpr PixelFormat kFormats[] = {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb,
                                    PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2};
constexpr YuvMatrix kMatrices[] = {YuvMatrix::kBt601Video, YuvMatrix::kBt709Video, YuvMatrix::kBt601Full,
                                   YuvMatrix::kBt709Full};
constexpr int kWidth = 75, kHeight = 7;

Frame Noise(PixelFormat format, YuvMatrix matrix, unsigned seed) {
  Frame frame(format, kWidth, kHeight, matrix);
  std::mt19937 random(seed);
  for (int p = 0; p < image::PlaneCount(format); ++p) {
    const image::PlaneLayout layout = image::LayoutOf(format, kWidth, kHeight, p);
    for (int y = 0; y < layout.rows; ++y)
      for (int x = 0; x < layout.row_bytes; ++x) frame.view().row(p, y)[x] = static_cast<uint8_t>(random());
  }
  return frame;
}

std::vector<uint8_t> BytesOf(const Frame& frame) {
  std::vector<uint8_t> bytes;
  for (int p = 0; p < image::PlaneCount(frame.format()); ++p) {
    const image::PlaneLayout layout = image::LayoutOf(frame.format(), kWidth, kHeight, p);
    for (int y = 0; y < layout.rows; ++y)
      bytes.insert(bytes.end(), frame.view().row(p, y), frame.view().row(p, y) + layout.row_bytes);
  }
  return bytes;
}

using Blocks = image::OnEveryTarget;
INSTANTIATE_TEST_SUITE_P(Targets, Blocks, image::EveryTarget(), image::NameOfTarget());

TEST_P(Blocks, LoadsWhatConversionGives) {
  for (const PixelFormat format : kFormats) {
    for (const YuvMatrix matrix : kMatrices) {
      const Frame frame = Noise(format, matrix, 1);
      Frame rgba(PixelFormat::kRgba, kWidth, kHeight);
      ASSERT_TRUE(image::ConvertToRgba(frame.view(), rgba.view()).ok());
      for (int y = 0; y < kHeight; ++y) {
        for (const int x : {0, 2, 64}) {
          PixelBlock block;
          const int n = std::min(kBlock, kWidth - x);
          LoadBlock(frame.view(), x, y, n, &block);
          for (int i = 0; i < n; ++i) {
            const uint8_t* pixel = rgba.view().row(0, y) + 4 * (x + i);
            ASSERT_NEAR(block.red[i], pixel[0], 1.01) << image::PixelFormatName(format);
            ASSERT_NEAR(block.green[i], pixel[1], 1.01) << image::PixelFormatName(format);
            ASSERT_NEAR(block.blue[i], pixel[2], 1.01) << image::PixelFormatName(format);
          }
          for (int i = n; i < kBlock; ++i) ASSERT_EQ(block.red[i] + block.green[i] + block.blue[i], 0);
        }
      }
    }
  }
}

TEST_P(Blocks, NoChangeChangesNothing) {
  for (const PixelFormat format : kFormats) {
    Frame frame = Noise(format, YuvMatrix::kBt709Video, 2);
    const std::vector<uint8_t> before = BytesOf(frame);
    const PixelBlock none[2] = {};
    for (int y = 0; y < kHeight; y += 2) {
      for (const int x : {0, 64})
        AddChanges(frame.view(), x, y, std::min(kBlock, kWidth - x), std::min(2, kHeight - y), none);
    }
    EXPECT_EQ(BytesOf(frame), before) << image::PixelFormatName(format);
  }
}

// Every format's samples against the matrix applied to each pixel here.
TEST_P(Blocks, AddsWhatTheMatrixSays) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> change(-90, 90);
  for (const PixelFormat format : kFormats) {
    for (const YuvMatrix matrix : kMatrices) {
      Frame frame = Noise(format, matrix, 4);
      const Frame before = frame;
      std::vector<PixelBlock> changes(4 * 2 * 2);  // pairs of rows, columns from 0 and 64, rows
      for (PixelBlock& block : changes)
        for (int i = 0; i < kBlock; ++i)
          block.red[i] = change(random), block.green[i] = change(random), block.blue[i] = change(random);
      for (int y = 0; y < kHeight; y += 2)
        for (int part = 0; part < 2; ++part)
          AddChanges(frame.view(), 64 * part, y, part == 0 ? 64 : kWidth - 64, std::min(2, kHeight - y),
                     &changes[static_cast<size_t>(2 * y + 2 * part)]);
      const auto changed = [&](int x, int y, int c) {
        const PixelBlock& block = changes[static_cast<size_t>(y / 2 * 4 + x / 64 * 2 + y % 2)];
        return (c == 0 ? block.red : c == 1 ? block.green : block.blue)[x % 64];
      };
      const auto check = [&](int plane, int y, int byte, double sum) {
        const int was = before.view().row(plane, y)[byte], is = frame.view().row(plane, y)[byte];
        ASSERT_NEAR(is, std::clamp(was + sum, 0.0, 255.0), 0.51)
            << image::PixelFormatName(format) << " " << plane << " " << y << " " << byte;
      };
      const image::YuvCoefficients& k = image::CoefficientsOf(matrix);
      const auto weighed = [&](const int* weights, int x, int y) {
        double sum = 0;
        for (int c = 0; c < 3; ++c) sum += weights[c] / 65536.0 * changed(x, y, c);
        return sum;
      };
      const auto mean = [&](const int* weights, int x, int y, int rows) {
        double sum = 0;
        int count = 0;
        for (int v = y; v < std::min(y + rows, kHeight); ++v)
          for (int u = x; u < std::min(x + 2, kWidth); ++u) sum += weighed(weights, u, v), ++count;
        return sum / count;
      };
      const bool yuy2 = format == PixelFormat::kYuy2;
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
          if (!IsYuv(format)) {
            const int step = format == PixelFormat::kRgb ? 3 : 4;
            const int red = format == PixelFormat::kBgra ? 2 : 0;
            check(0, y, step * x + red, changed(x, y, 0));
            check(0, y, step * x + 1, changed(x, y, 1));
            check(0, y, step * x + 2 - red, changed(x, y, 2));
            if (step == 4) ASSERT_EQ(frame.view().row(0, y)[4 * x + 3], before.view().row(0, y)[4 * x + 3]);
            continue;
          }
          check(0, y, yuy2 ? 2 * x : x, weighed(k.y_from, x, y));
          if (x % 2 != 0 || (!yuy2 && y % 2 != 0)) continue;
          const double u = mean(k.u_from, x, y, yuy2 ? 1 : 2), v = mean(k.v_from, x, y, yuy2 ? 1 : 2);
          if (yuy2) {
            check(0, y, 2 * x + 1, u), check(0, y, 2 * x + 3, v);
          } else if (format == PixelFormat::kNv12) {
            check(1, y / 2, x, u), check(1, y / 2, x + 1, v);
          } else {
            check(1, y / 2, x / 2, u), check(2, y / 2, x / 2, v);
          }
        }
      }
    }
  }
}

TEST(ForEachBlock, HasEveryPixelOfTheAlphaOnce) {
  image::BoxedAlpha alpha;
  alpha.alpha.Resize(201, 31);
  std::fill(alpha.alpha.data(), alpha.alpha.data() + alpha.alpha.size(), uint8_t{0});
  alpha.box = {31, 5, 201, 31};
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    const int x = 31 + static_cast<int>(random() % 170), y = 5 + static_cast<int>(random() % 26);
    alpha.alpha.row(y)[x] = 1;
  }
  image::Bytes seen(201, 31);
  std::fill(seen.data(), seen.data() + seen.size(), uint8_t{0});
  int blocks = 0;
  ForEachBlock(alpha, [&](int x, int y, int n, int rows) {
    EXPECT_EQ(x % 2 + y % 2, 0);
    ++blocks;
    for (int v = y; v < y + rows; ++v)
      for (int u = x; u < x + n; ++u) ++seen.row(v)[u];
  });
  EXPECT_LT(blocks, 3 * 14);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_LE(seen.data()[i], 1);
    if (alpha.alpha.data()[i] != 0) EXPECT_EQ(seen.data()[i], 1);
  }
}

}  // namespace
}  // namespace scrim::retouch
