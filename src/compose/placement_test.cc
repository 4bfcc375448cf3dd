#include "compose/placement.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compose/compositor.h"
#include "image/convert.h"

namespace scrim::compose {
namespace {

using image::Frame;
using image::PixelFormat;

constexpr image::Color kRoom{200, 0, 0}, kPerson{0, 0, 220}, kWall{0, 200, 0};

// The person: all of the frame but a border that is a quarter of it wide, above and at the sides.
struct Camera {
  Frame frame;
  image::Bytes alpha;
  Camera(PixelFormat format, int width, int height) : alpha(width, height) {
    Frame rgba(PixelFormat::kRgba, width, height);
    Fill(rgba.view(), kRoom);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool person = y >= height / 4 && x >= width / 4 && x < width - width / 4;
        alpha.row(y)[x] = person ? 255 : 0;
        uint8_t* p = rgba.view().row(0, y) + 4 * x;
        if (person) p[0] = kPerson.red, p[1] = kPerson.green, p[2] = kPerson.blue;
      }
    }
    frame = Frame(format, width, height);
    EXPECT_TRUE(ConvertFromRgba(rgba.view(), frame.view()).ok());
  }
};

Frame Drawn(const Camera& camera, const DrawOptions& options, Background::Kind kind = Background::Kind::kColor) {
  Compositor compositor;
  compositor.SetEdges({false, 0});
  Background background;
  background.kind = kind;
  background.color = kWall;
  EXPECT_TRUE(compositor.SetBackground(background).ok());
  compositor.SetDrawing(options);
  const image::ConstFrameView in = camera.frame.view();
  Frame out(in.format, in.width, in.height), rgba(PixelFormat::kRgba, in.width, in.height);
  Fill(out.view(), kRoom);
  EXPECT_TRUE(compositor.Compose(in, camera.alpha, out.view()).ok());
  EXPECT_TRUE(image::ConvertToRgba(out.view(), rgba.view()).ok());
  return rgba;
}

bool Is(const Frame& frame, int x, int y, image::Color color) {
  const uint8_t* p = frame.view().row(0, y) + 4 * x;
  return std::abs(p[0] - color.red) < 12 && std::abs(p[1] - color.green) < 12 && std::abs(p[2] - color.blue) < 12;
}

TEST(Placement, StandsOnTheLowerEdgeWhereItIsWantedInEveryFormat) {
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                             PixelFormat::kI420, PixelFormat::kYuy2}) {
    for (const auto& [width, height] : {std::pair{160, 96}, {161, 97}}) {
      const Camera camera(format, width, height);
      for (const float position : {0.f, 0.5f, 1.f}) {
        SCOPED_TRACE(std::string(PixelFormatName(format)) + " " + std::to_string(width) + " " +
                     std::to_string(position));
        DrawOptions options;
        options.placement = {0.5f, position};
        const Frame out = Drawn(camera, options);
        // A picture of 80x48 whose left edge is at 0, 40 or 80; the person is its middle, from a quarter down.
        const int left = static_cast<int>(80 * position);
        for (int y = height - 33; y < height; ++y) EXPECT_TRUE(Is(out, left + 40, y, kPerson)) << y;
        for (int x = left + 24; x < left + 57; ++x) EXPECT_TRUE(Is(out, x, height - 10, kPerson)) << x;
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            if (y < height - 40 || x < left + 17 || x > left + 64) EXPECT_TRUE(Is(out, x, y, kWall)) << x << " " << y;
            EXPECT_FALSE(Is(out, x, y, kRoom)) << x << " " << y;
          }
        }
      }
    }
  }
}

TEST(Placement, NotBeforeABlurNorWithTheRoomKept) {
  const Camera camera(PixelFormat::kRgba, 64, 48);
  DrawOptions options;
  options.placement.size = 0.5f;
  EXPECT_TRUE(Is(Drawn(camera, options, Background::Kind::kBlur), 32, 20, kPerson));
  options.keep_room = true;
  const Frame kept = Drawn(camera, options);
  EXPECT_TRUE(Is(kept, 1, 1, kRoom));
  EXPECT_TRUE(Is(kept, 32, 20, kWall));
}

TEST(Placement, AFrameOfAnotherSizeLeavesNothingOfTheLastOne) {
  Placement placement;
  placement.set_options({0.5f, 0});
  const Camera large(PixelFormat::kNv12, 64, 48), small(PixelFormat::kNv12, 32, 16);
  placement.Place(large.frame.view(), large.alpha);
  placement.Place(small.frame.view(), small.alpha);
  EXPECT_EQ(placement.alpha().width(), 32);
  placement.Place(large.frame.view(), large.alpha);
  EXPECT_EQ(placement.frame().width, 64);
  EXPECT_EQ(std::count(placement.alpha().data(), placement.alpha().data() + 64 * 24, 0), 64 * 24);
  EXPECT_EQ(placement.alpha().row(47)[16], 255);
}

// Not by way of a picture with a chroma sample for each pixel.
TEST(Placement, ChromaIsShrunkOnce) {
  Frame frame(PixelFormat::kI420, 160, 96);
  uint32_t noise = 1;
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 80; ++x) frame.view().row(1, y)[x] = static_cast<uint8_t>((noise = noise * 1664525 + 1) >> 24);
  Placement placement;
  placement.set_options({0.7f, 0});
  placement.Place(frame.view(), image::Bytes(160, 96));
  image::Bytes wanted(56, 34);  // of 112x68 at the lower edge
  image::Resampler resampler;
  resampler.Configure(80, 48, 56, 34);
  resampler.Run(frame.view().planes[1], frame.view().strides[1], 1, wanted.data(), wanted.row_size());
  for (int y = 0; y < 34; ++y) {
    const uint8_t* row = placement.frame().row(1, 14 + y);
    ASSERT_TRUE(std::equal(row, row + 56, wanted.row(y))) << y;
  }
}

TEST(Placement, OfOnePixelFrames) {
  Placement placement;
  placement.set_options({0.1f, 1});
  for (PixelFormat format : {PixelFormat::kRgb, PixelFormat::kI420, PixelFormat::kYuy2}) {
    const Camera camera(format, 1, 1);
    placement.Place(camera.frame.view(), camera.alpha);
    EXPECT_EQ(placement.alpha().size(), 1u);
  }
}

}  // namespace
}  // namespace scrim::compose
