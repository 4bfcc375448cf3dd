#include "image/sampler.h"

#include <gtest/gtest.h>

#include <cmath>

#include "image/convert.h"

namespace scrim::image {
namespace {

Frame Waves(int width, int height) {
  Frame frame(PixelFormat::kRgba, width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* p = frame.view().row(0, y) + 4 * x;
      const double u = (x + 0.5) / width, v = (y + 0.5) / height;
      p[0] = static_cast<uint8_t>(128 + 80 * std::sin(6 * u)), p[1] = static_cast<uint8_t>(128 + 80 * std::cos(5 * v));
      p[2] = static_cast<uint8_t>(60 + 100 * u * v), p[3] = 255;
    }
  }
  return frame;
}

// Whatever the format, the network sees the same picture.
TEST(Sampler, EveryFormatGivesTheSamePicture) {
  for (auto [width, height] : {std::pair{320, 180}, {321, 181}, {40, 24}}) {
    const Frame rgba = Waves(width, height);
    Sampler reference_sampler;
    Bytes reference(64, 36, 4);
    reference_sampler.Sample(rgba.view(), &reference);
    for (PixelFormat format :
         {PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2}) {
      Frame frame(format, width, height, YuvMatrix::kBt709Video);
      ASSERT_TRUE(ConvertFromRgba(rgba.view(), frame.view()).ok());
      Sampler sampler;
      Bytes out(64, 36, 4);
      sampler.Sample(frame.view(), &out);
      NativeToRgb(format, YuvMatrix::kBt709Video, &out);
      const int tolerance = width < 64 ? 12 : 6;  // enlarged chroma stays flat in its outer half pixel
      for (size_t i = 0; i < out.size(); ++i) {
        ASSERT_NEAR(out.data()[i], reference.data()[i], tolerance)
            << PixelFormatName(format) << " " << width << " at " << i;
      }
    }
  }
}

TEST(Sampler, TinyAndExtremeFrames) {
  for (auto [width, height] : {std::pair{1, 1}, {1, 500}, {500, 1}, {3, 2}}) {
    for (PixelFormat format :
         {PixelFormat::kRgba, PixelFormat::kRgb, PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2}) {
      Frame frame(format, width, height);
      Fill(frame.view(), {30, 150, 220});
      Sampler sampler;
      Bytes out(16, 9, 4);
      sampler.Sample(frame.view(), &out);
      NativeToRgb(format, YuvMatrix::kBt601Video, &out);
      for (size_t i = 0; i < out.size(); i += 4) {
        EXPECT_NEAR(out.data()[i], 30, 3);
        EXPECT_NEAR(out.data()[i + 1], 150, 3);
        EXPECT_NEAR(out.data()[i + 2], 220, 3);
        EXPECT_EQ(out.data()[i + 3], 255);
      }
    }
  }
}

TEST(Expander, BringsASmoothPictureBackInEveryFormat) {
  for (auto [width, height] : {std::pair{320, 180}, {321, 181}, {5, 3}, {1, 1}}) {
    const Frame rgba = Waves(width, height);
    for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                               PixelFormat::kI420, PixelFormat::kYuy2}) {
      Frame frame(format, width, height), out(format, width, height), back(PixelFormat::kRgba, width, height);
      ASSERT_TRUE(ConvertFromRgba(rgba.view(), frame.view()).ok());
      Bytes small((width + 3) / 4, (height + 3) / 4, 4);
      Sampler sampler;
      Expander expander;
      sampler.Sample(frame.view(), &small);
      expander.Expand(small, out.view());
      ASSERT_TRUE(ConvertToRgba(out.view(), back.view()).ok());
      const int tolerance = width < 64 ? 80 : 8;  // the tiny ones need only stay inside their memory
      for (int y = 0; y < height; ++y) {
        for (int i = 0; i < 4 * width; ++i) {
          ASSERT_NEAR(back.view().row(0, y)[i], rgba.view().row(0, y)[i], tolerance)
              << PixelFormatName(format) << width;
        }
      }
    }
  }
}

TEST(NativeToLuma, IsTheFramesOwnY) {
  const Frame rgba = Waves(64, 36);
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kNv12}) {
    Frame frame(format, 64, 36, YuvMatrix::kBt601Full);
    ASSERT_TRUE(ConvertFromRgba(rgba.view(), frame.view()).ok());
    Bytes native(64, 36, 4), luma;
    Sampler sampler;
    sampler.Sample(frame.view(), &native);
    NativeToLuma(format, native, &luma);
    for (int x = 0; x < 64; ++x) {
      const uint8_t* p = rgba.view().row(0, 20) + 4 * x;
      EXPECT_NEAR(luma.row(20)[x], 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2], 2);
    }
  }
}

TEST(Normalise, WritesThreeChannelsAndLeavesTheOthers) {
  Bytes in(2, 1, 4);
  const uint8_t bytes[8] = {0, 127, 255, 255, 51, 102, 204, 255};
  std::copy(bytes, bytes + 8, in.data());
  std::vector<float> out(2 * 5, -7.f);
  Normalise(in, {{0.5f, 1.f, 2.f}, {1.f, 0.f, -1.f}}, out.data(), 10, 5);
  const float expected[10] = {1.f, 127.f, 509.f, -7.f, -7.f, 26.5f, 102.f, 407.f, -7.f, -7.f};
  for (int i = 0; i < 10; ++i) EXPECT_FLOAT_EQ(out[i], expected[i]);
}

}  // namespace
}  // namespace scrim::image
