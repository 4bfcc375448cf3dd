#include "matte/refiner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/convert.h"
#include "image/sampler.h"

namespace scrim::matte {
namespace {

using image::Frame;
using image::PixelFormat;

// A bright disc before a dark wall, and its true alpha.
struct Scene {
  Frame frame{PixelFormat::kRgba, 640, 360};
  image::Bytes truth{640, 360};
};
Scene Disc() {
  Scene scene;
  for (int y = 0; y < 360; ++y) {
    for (int x = 0; x < 640; ++x) {
      const double distance = 120 - std::hypot(x - 320.5, y - 180.5);
      const double inside = std::clamp(distance + 0.5, 0.0, 1.0);
      uint8_t* p = scene.frame.view().row(0, y) + 4 * x;
      p[0] = p[1] = p[2] = static_cast<uint8_t>(50 + 150 * inside + (x * 7 + y * 3) % 9);
      p[3] = 255;
      scene.truth.row(y)[x] = static_cast<uint8_t>(255 * inside);
    }
  }
  return scene;
}

double MeanError(const Scene& scene, PixelFormat format, const RefinerOptions& options) {
  Frame frame(format, 640, 360);
  EXPECT_TRUE(image::ConvertFromRgba(scene.frame.view(), frame.view()).ok());
  image::Sampler sampler;
  image::Bytes small(128, 72, 4), luma, alpha, small_mask(128, 72);
  sampler.Sample(frame.view(), &small);
  image::NativeToLuma(format, small, &luma);
  image::Resampler down;
  down.Configure(640, 360, 128, 72);
  down.Run(scene.truth.data(), 640, 1, small_mask.data(), 128);
  image::Floats mask(128, 72);
  for (size_t i = 0; i < mask.size(); ++i) mask.data()[i] = small_mask.data()[i] / 255.f;
  Refiner refiner(options);
  refiner.Process(mask, luma, frame.view(), &alpha);
  double error = 0;
  for (size_t i = 0; i < alpha.size(); ++i) error += std::abs(alpha.data()[i] - scene.truth.data()[i]);
  return error / alpha.size();
}

TEST(Refiner, TheGuideSharpensTheEdgeInEveryFormat) {
  const Scene scene = Disc();
  RefinerOptions bilinear;
  bilinear.guided = false;
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                             PixelFormat::kI420, PixelFormat::kYuy2}) {
    EXPECT_LT(MeanError(scene, format, {}), 0.7 * MeanError(scene, format, bilinear)) << PixelFormatName(format);
  }
}

TEST(Refiner, LevelsReachBlackAndWhite) {
  const Frame frame(PixelFormat::kI420, 31, 17);
  image::Floats mask(8, 4);
  image::Bytes luma(8, 4), alpha;
  std::fill(luma.data(), luma.data() + luma.size(), uint8_t{0});
  for (bool guided : {false, true}) {
    for (auto [value, expected] : {std::pair{0.05f, 0}, {0.5f, 128}, {0.95f, 255}, {0.1f, 0}, {0.9f, 255}}) {
      std::fill(mask.data(), mask.data() + mask.size(), value);
      RefinerOptions options;
      options.guided = guided;
      Refiner refiner(options);
      refiner.Process(mask, luma, frame.view(), &alpha);
      ASSERT_EQ(alpha.width(), 31);
      for (size_t i = 0; i < alpha.size(); ++i) ASSERT_NEAR(alpha.data()[i], expected, 1);
    }
  }
}

TEST(Refiner, BilinearWithoutLevelsKeepsValues) {
  RefinerOptions options;
  options.guided = false, options.low = 0, options.high = 1;
  Refiner refiner(options);
  image::Floats mask(2, 1);
  mask.data()[0] = 0.f, mask.data()[1] = 1.f;
  image::Bytes luma(2, 1), alpha;
  refiner.Process(mask, luma, Frame(PixelFormat::kRgb, 8, 3).view(), &alpha);
  const int expected[8] = {0, 0, 32, 96, 159, 223, 255, 255};
  for (int x = 0; x < 8; ++x) EXPECT_NEAR(alpha.row(1)[x], expected[x], 1);
}

TEST(Refiner, TinyAndOddFramesAndASecondSize) {
  Refiner refiner;
  image::Bytes alpha;
  for (auto [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {37, 23}, {1, 1}}) {
    for (auto [mask_width, mask_height] : {std::pair{16, 9}, {1, 1}}) {
      image::Floats mask(mask_width, mask_height);
      std::fill(mask.data(), mask.data() + mask.size(), 1.f);
      image::Bytes luma(mask_width, mask_height);
      std::fill(luma.data(), luma.data() + luma.size(), uint8_t{0});
      refiner.Process(mask, luma, Frame(PixelFormat::kYuy2, width, height).view(), &alpha);
      for (size_t i = 0; i < alpha.size(); ++i) ASSERT_EQ(alpha.data()[i], 255);
    }
  }
}

// The disc at several places, in the frame's corners too: alpha is the whole frame's, within what sums in another order
// differ by.
TEST(Refiner, APartIsThatOfTheWhole) {
  for (const PixelFormat format : {PixelFormat::kRgba, PixelFormat::kRgb, PixelFormat::kYuy2, PixelFormat::kNv12}) {
    Frame frame(format, 333, 187);
    for (int y = 0; y < 187; ++y)
      for (int x = 0; x < image::LayoutOf(format, 333, 187, 0).row_bytes; ++x)
        frame.view().row(0, y)[x] = static_cast<uint8_t>(x * 7 + y * 13);
    Refiner refiner;
    image::BoxedAlpha part;
    for (const auto& [cx, cy] : {std::pair{30, 20}, {0, 0}, {63, 35}, {50, 34}, {200, 200}}) {
      image::Floats mask(64, 36);
      image::Bytes luma(64, 36), whole;
      for (int y = 0; y < 36; ++y) {
        for (int x = 0; x < 64; ++x) {
          mask.row(y)[x] = std::clamp(1.5f - 0.25f * std::hypot(float(x - cx), float(y - cy)), 0.f, 1.f);
          luma.row(y)[x] = static_cast<uint8_t>(100 * mask.row(y)[x] + (x * 31 + y * 17) % 60);
        }
      }
      refiner.Process(mask, luma, frame.view(), &whole);
      refiner.ProcessPart(mask, luma, frame.view(), &part);
      ASSERT_EQ(part.alpha.size(), whole.size());
      EXPECT_LT(part.box.width(), 150);
      EXPECT_EQ(part.box.empty(), cx == 200);
      for (size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(part.alpha.data()[i], whole.data()[i], 1) << i;
    }
  }
}

}  // namespace
}  // namespace scrim::matte
