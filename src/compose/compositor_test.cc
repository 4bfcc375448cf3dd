#include "compose/compositor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "image/convert.h"

namespace scrim::compose {
namespace {

using image::Frame;
using image::PixelFormat;
using Kind = Background::Kind;

// Left half red, right half blue.
Frame TwoHalves(int width, int height) {
  Frame frame(PixelFormat::kRgba, width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* p = frame.view().row(0, y) + 4 * x;
      p[0] = x < width / 2 ? 255 : 0, p[1] = 0, p[2] = x < width / 2 ? 0 : 255, p[3] = 255;
    }
  }
  return frame;
}

image::Bytes Alpha(int width, int height, int value) {
  image::Bytes alpha(width, height);
  std::fill(alpha.data(), alpha.data() + alpha.size(), static_cast<uint8_t>(value));
  return alpha;
}

TEST(CoverCrop, KeepsTheMiddleAndTheAspect) {
  Crop crop = CoverCrop(400, 100, 100, 100);
  EXPECT_DOUBLE_EQ(crop.x.start, 150);
  EXPECT_DOUBLE_EQ(crop.x.length, 100);
  EXPECT_DOUBLE_EQ(crop.y.length, 100);
  crop = CoverCrop(100, 400, 320, 180);
  EXPECT_DOUBLE_EQ(crop.x.length, 100);
  EXPECT_DOUBLE_EQ(crop.y.length, 56.25);
  EXPECT_DOUBLE_EQ(crop.y.start, (400 - 56.25) / 2);
}

TEST(Compositor, PictureCoversTheFrameInEveryFormat) {
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                             PixelFormat::kI420, PixelFormat::kYuy2}) {
    Compositor compositor;
    Background background;
    background.kind = Kind::kImage;
    background.picture = TwoHalves(300, 50);
    ASSERT_TRUE(compositor.SetBackground(background).ok());
    Frame frame(format, 64, 48), rgba(PixelFormat::kRgba, 64, 48);
    ASSERT_TRUE(compositor.Compose(frame.view(), Alpha(64, 48, 0), frame.view()).ok());
    ASSERT_TRUE(image::ConvertToRgba(frame.view(), rgba.view()).ok());
    for (int y : {0, 47}) {
      for (auto [x, red] : {std::pair{0, true}, {30, true}, {34, false}, {63, false}}) {
        const uint8_t* p = rgba.view().row(0, y) + 4 * x;
        EXPECT_EQ(p[0] > 240, red) << PixelFormatName(format) << " " << x;
        EXPECT_EQ(p[2] > 240, !red) << PixelFormatName(format) << " " << x;
      }
    }
  }
}

TEST(Compositor, ANewBackgroundAndANewSizeTakeEffect) {
  Compositor compositor;
  Background background;
  background.color = {255, 255, 255};
  ASSERT_TRUE(compositor.SetBackground(background).ok());
  for (auto [width, height] : {std::pair{4, 4}, {7, 3}, {4, 4}}) {
    Frame frame(PixelFormat::kRgb, width, height);
    ASSERT_TRUE(compositor.Compose(frame.view(), Alpha(width, height, 0), frame.view()).ok());
    EXPECT_EQ(frame.view().planes[0][0], 255);
  }
  background.color = {1, 2, 3};
  ASSERT_TRUE(compositor.SetBackground(background).ok());
  Frame frame(PixelFormat::kRgb, 4, 4);
  ASSERT_TRUE(compositor.Compose(frame.view(), Alpha(4, 4, 0), frame.view()).ok());
  EXPECT_EQ(frame.view().planes[0][2], 3);
}

TEST(Compositor, TransparentFromYuvHidesTheRoom) {
  Compositor compositor;
  Background background;
  background.kind = Kind::kTransparent;
  ASSERT_TRUE(compositor.SetBackground(background).ok());
  Frame frame(PixelFormat::kNv12, 6, 4), out(PixelFormat::kBgra, 6, 4);
  Fill(frame.view(), {200, 100, 50});
  image::Bytes alpha = Alpha(6, 4, 0);
  alpha.data()[0] = 255;
  ASSERT_TRUE(compositor.Compose(frame.view(), alpha, out.view()).ok());
  const uint8_t* p = out.view().planes[0];
  EXPECT_NEAR(p[0], 50, 3);
  EXPECT_NEAR(p[2], 200, 3);
  EXPECT_EQ(p[3], 255);
  for (int i = 4; i < 6 * 4 * 4; ++i) EXPECT_EQ(p[i], 0);
}

TEST(Compositor, DrawAloneShowsNothingOfTheRoom) {
  for (Kind kind : {Kind::kColor, Kind::kImage, Kind::kBlur, Kind::kTransparent}) {
    Compositor compositor;
    Background background;
    background.kind = kind;
    background.color = {10, 20, 30};
    background.picture = TwoHalves(8, 8);
    ASSERT_TRUE(compositor.SetBackground(background).ok());
    Frame room_a(PixelFormat::kRgba, 8, 8), room_b(PixelFormat::kRgba, 8, 8);
    Fill(room_a.view(), {255, 255, 255, 255});
    Fill(room_b.view(), {3, 3, 3, 3});
    ASSERT_TRUE(compositor.DrawAlone(room_a.view()).ok());
    ASSERT_TRUE(compositor.DrawAlone(room_b.view()).ok());
    for (int i = 0; i < 8 * 8 * 4; ++i) ASSERT_EQ(room_a.view().planes[0][i], room_b.view().planes[0][i]);
  }
}

TEST(Compositor, RefusesWhatDoesNotFit) {
  Compositor compositor;
  Frame rgba(PixelFormat::kRgba, 4, 4), nv12(PixelFormat::kNv12, 4, 4), small(PixelFormat::kRgba, 3, 4);
  EXPECT_FALSE(compositor.Compose(rgba.view(), Alpha(4, 4, 0), nv12.view()).ok());
  EXPECT_FALSE(compositor.Compose(rgba.view(), Alpha(4, 4, 0), small.view()).ok());
  EXPECT_FALSE(compositor.Compose(rgba.view(), Alpha(3, 4, 0), rgba.view()).ok());
  EXPECT_FALSE(compositor.Compose(image::FrameView{}, Alpha(4, 4, 0), rgba.view()).ok());
  EXPECT_FALSE(compositor.DrawAlone(image::FrameView{}).ok());
  Background background;
  background.kind = Kind::kImage;
  EXPECT_FALSE(compositor.SetBackground(background).ok());
  background.kind = Kind::kBlur, background.blur_sigma = 0;
  EXPECT_FALSE(compositor.SetBackground(background).ok());
  EXPECT_EQ(compositor.background().kind, Kind::kColor);
  background.kind = Kind::kTransparent;
  ASSERT_TRUE(compositor.SetBackground(background).ok());
  EXPECT_FALSE(compositor.Compose(nv12.view(), Alpha(4, 4, 0), nv12.view()).ok());
}

TEST(Compositor, TheRoomAsItIs) {
  Compositor compositor;
  Background background;
  background.kind = Kind::kRoom;
  ASSERT_TRUE(compositor.SetBackground(background).ok());
  compositor.SetEdges({true, 0.5f});
  DrawOptions drawing;
  drawing.match_brightness = 1, drawing.placement.size = 0.5f;
  compositor.SetDrawing(drawing);
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kRgb, PixelFormat::kNv12, PixelFormat::kYuy2}) {
    Frame frame(format, 33, 17), out(format, 33, 17);
    ASSERT_TRUE(image::ConvertFromRgba(TwoHalves(33, 17).view(), frame.view()).ok());
    ASSERT_TRUE(compositor.Compose(frame.view(), Alpha(33, 17, 100), out.view()).ok());
    for (int p = 0; p < image::PlaneCount(format); ++p) {
      const image::PlaneLayout layout = image::LayoutOf(format, 33, 17, p);
      for (int y = 0; y < layout.rows; ++y)
        EXPECT_TRUE(
            std::equal(frame.view().row(p, y), frame.view().row(p, y) + layout.row_bytes, out.view().row(p, y)));
    }
    // Without a mask nothing of it is seen.
    ASSERT_TRUE(compositor.DrawAlone(out.view()).ok());
    Frame rgba(PixelFormat::kRgba, 33, 17);
    ASSERT_TRUE(image::ConvertToRgba(out.view(), rgba.view()).ok());
    for (int x = 0; x < 33 * 4; ++x) EXPECT_NEAR(rgba.view().row(0, 8)[x], x % 4 == 3 ? 255 : 96, 1);
  }
  // A frame that is transparent somewhere stays so.
  Frame frame = TwoHalves(8, 4);
  const image::Bytes opacity = Alpha(8, 4, 70);
  ASSERT_TRUE(compositor.Compose(frame.view(), Alpha(8, 4, 50), frame.view(), &opacity).ok());
  EXPECT_EQ(frame.view().row(0, 1)[7], 70);
}

}  // namespace
}  // namespace scrim::compose
