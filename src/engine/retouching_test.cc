// Hair and skin of the person that is drawn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/parts_testing.h"
#include "engine/virtual_background.h"

namespace scrim::engine {
namespace {

using compose::Background;
using image::Frame;
using image::PixelFormat;
using Kind = Background::Kind;

constexpr PixelFormat kFormats[] = {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb,
                                    PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2};
constexpr retouch::HairColourOptions kRed{{190, 40, 40}, 1};

VirtualBackground Make(Kind kind) {
  VirtualBackground engine(PartsSegmenter(), "parts");
  Background background;
  background.kind = kind;
  background.color = {10, 20, 200};
  EXPECT_TRUE(engine.SetBackground(std::move(background)).ok());
  engine.SetEdges({false, 0});
  return engine;
}

bool Same(const Frame& a, const Frame& b) {
  for (int p = 0; p < image::PlaneCount(a.format()); ++p) {
    const image::PlaneLayout layout = image::LayoutOf(a.format(), a.width(), a.height(), p);
    for (int y = 0; y < layout.rows; ++y)
      if (!std::equal(a.view().row(p, y), a.view().row(p, y) + layout.row_bytes, b.view().row(p, y))) return false;
  }
  return true;
}

TEST(Retouching, HairTakesTheColourBeforeEveryBackground) {
  for (const Kind kind : {Kind::kColor, Kind::kBlur, Kind::kRoom, Kind::kTransparent}) {
    for (const PixelFormat format : kFormats) {
      if (kind == Kind::kTransparent && !HasAlpha(format)) continue;
      VirtualBackground engine = Make(kind);
      ASSERT_TRUE(engine.SetHairColour(kRed).ok());
      Frame frame = Portrait(format);
      const std::vector<int> skin = ColourAt(frame, kSkinSpot), room = ColourAt(frame, kRoomSpot);
      ASSERT_TRUE(engine.Process(frame.view(), frame.view()).ok());
      const std::vector<int> hair = ColourAt(frame, kHairSpot);
      EXPECT_GT(hair[0], hair[1] + 60) << image::PixelFormatName(format);
      EXPECT_EQ(ColourAt(frame, kSkinSpot), skin) << image::PixelFormatName(format);
      if (kind == Kind::kRoom) EXPECT_EQ(ColourAt(frame, kRoomSpot), room) << image::PixelFormatName(format);
    }
  }
}

TEST(Retouching, InPlaceIsAsIntoACopy) {
  for (const PixelFormat format : kFormats) {
    for (const Kind kind : {Kind::kColor, Kind::kBlur, Kind::kRoom}) {
      VirtualBackground one = Make(kind), other = Make(kind);
      for (VirtualBackground* engine : {&one, &other}) {
        ASSERT_TRUE(engine->SetHairColour(kRed).ok());
        ASSERT_TRUE(engine->SetSkinSmoothing(1).ok());
      }
      const Frame portrait = Portrait(format);
      Frame in_place = portrait, in = portrait, out(format, 320, 180);
      ASSERT_TRUE(one.Process(in_place.view(), in_place.view()).ok());
      ASSERT_TRUE(other.Process(std::as_const(in).view(), out.view()).ok());
      EXPECT_TRUE(Same(in_place, out)) << image::PixelFormatName(format);
      EXPECT_TRUE(Same(in, portrait)) << image::PixelFormatName(format);
    }
  }
}

// A transparent background gives RGBA, whatever comes in.
TEST(Retouching, IntoAnotherFormat) {
  for (const PixelFormat format : kFormats) {
    VirtualBackground engine = Make(Kind::kTransparent);
    ASSERT_TRUE(engine.SetHairColour(kRed).ok());
    const Frame in = Portrait(format);
    Frame out(PixelFormat::kRgba, 320, 180);
    ASSERT_TRUE(engine.Process(in.view(), out.view()).ok());
    const uint8_t* hair = out.view().row(0, 40) + 4 * 160;
    EXPECT_GT(hair[0], hair[1] + 60);
    EXPECT_EQ(hair[3], 255);
    EXPECT_EQ(out.view().row(0, 40)[3], 0);
  }
}

TEST(Retouching, SkinBecomesSmoother) {
  VirtualBackground engine = Make(Kind::kRoom);
  const Frame before = Portrait(PixelFormat::kRgba, 640, 360);
  Frame after = before;
  ASSERT_TRUE(engine.SetSkinSmoothing(1).ok());
  ASSERT_TRUE(engine.Process(after.view(), after.view()).ok());
  const auto unevenness = [](const Frame& frame, int top, int bottom) {
    double sum = 0, squares = 0;
    int count = 0;
    for (int y = top; y < bottom; ++y)
      for (int x = 280; x < 360; ++x, ++count) {
        const double value = frame.view().row(0, y)[4 * x];
        sum += value, squares += value * value;
      }
    return std::sqrt(squares / count - sum * sum / count / count);
  };
  EXPECT_LT(unevenness(after, 180, 300), 0.8 * unevenness(before, 180, 300));
  EXPECT_EQ(unevenness(after, 50, 100), unevenness(before, 50, 100));  // hair
}

TEST(Retouching, StrengthZeroIsOff) {
  for (const PixelFormat format : kFormats) {
    VirtualBackground engine = Make(Kind::kRoom);
    ASSERT_TRUE(engine.SetHairColour(kRed).ok());
    ASSERT_TRUE(engine.SetHairColour({{190, 40, 40}, 0}).ok());
    ASSERT_TRUE(engine.SetSkinSmoothing(0).ok());
    const Frame before = Portrait(format);
    Frame after = before;
    ASSERT_TRUE(engine.Process(after.view(), after.view()).ok());
    EXPECT_TRUE(Same(before, after));
    EXPECT_TRUE(engine.matting().plane(1).alpha.empty());
  }
}

TEST(Retouching, WhereTheRoomIsKeptNothingChanges) {
  VirtualBackground engine = Make(Kind::kColor), plain = Make(Kind::kColor);
  compose::DrawOptions drawing;
  drawing.keep_room = true;
  engine.SetDrawing(drawing), plain.SetDrawing(drawing);
  ASSERT_TRUE(engine.SetHairColour(kRed).ok());
  Frame a = Portrait(PixelFormat::kRgba), b = a;
  ASSERT_TRUE(engine.Process(a.view(), a.view()).ok());
  ASSERT_TRUE(plain.Process(b.view(), b.view()).ok());
  EXPECT_TRUE(Same(a, b));
}

TEST(Retouching, AModelWithoutThePlaneSaysWhatToDo) {
  InputSpec input;
  input.previous_mask = true;
  auto segmenter = Segmenter::Create(std::make_unique<FakeProgram>(64, 36, 4, IsPerson), input).value();
  VirtualBackground engine(std::move(segmenter), "old");
  EXPECT_EQ(engine.SetHairColour(kRed).message(),
            "the model old knows no hair, only person; take a model that was trained for hair");
  EXPECT_EQ(engine.SetSkinSmoothing(0.5f).code(), Code::kUnsupported);
  EXPECT_EQ(engine.WantPlane("beard", true).code(), Code::kUnsupported);
  EXPECT_EQ(engine.PlaneAlpha("hair").status().code(), Code::kUnsupported);
  EXPECT_TRUE(engine.SetHairColour({{1, 2, 3}, 0}).ok());  // off is always possible
  EXPECT_TRUE(engine.SetSkinSmoothing(0).ok());
  Frame frame = Portrait(PixelFormat::kRgba);
  EXPECT_TRUE(engine.Process(frame.view(), frame.view()).ok());
}

TEST(Retouching, PlanesOnDemand) {
  VirtualBackground engine = Make(Kind::kColor);
  Frame frame = Portrait(PixelFormat::kRgba);
  ASSERT_TRUE(engine.Segment(frame.view()).ok());
  EXPECT_TRUE(engine.PlaneAlpha("hair")->empty());
  EXPECT_EQ(engine.PlaneAlpha("person")->size(), 320u * 180);
  ASSERT_TRUE(engine.WantPlane("hair", true).ok());
  ASSERT_TRUE(engine.Segment(frame.view()).ok());
  EXPECT_EQ(engine.PlaneAlpha("hair")->row(40)[160], 255);
  // What is transparent in the frame is nobody's hair.
  frame.view().row(0, 40)[4 * 160 + 3] = 7;
  ASSERT_TRUE(engine.Segment(frame.view()).ok());
  EXPECT_LE(engine.PlaneAlpha("hair")->row(40)[160], 7);
  ASSERT_TRUE(engine.WantPlane("hair", false).ok());
  ASSERT_TRUE(engine.Segment(frame.view()).ok());
  EXPECT_TRUE(engine.PlaneAlpha("hair")->empty());
}

// Not one pixel of the room after a failure, with the room as the background least of all.
TEST(Retouching, FailsClosed) {
  bool broken = false;
  for (const Kind kind : {Kind::kRoom, Kind::kColor, Kind::kBlur}) {
    broken = false;
    VirtualBackground engine(
        PartsSegmenter([&](const float* c) { return broken ? std::numeric_limits<float>::quiet_NaN() : IsHair(c); }));
    Background background;
    background.kind = kind;
    background.color = {10, 20, 200};
    ASSERT_TRUE(engine.SetBackground(std::move(background)).ok());
    ASSERT_TRUE(engine.SetHairColour(kRed).ok());
    Frame in = Portrait(PixelFormat::kRgba), out(PixelFormat::kRgba, 320, 180);
    ASSERT_TRUE(engine.Process(in.view(), out.view()).ok());
    broken = true;
    EXPECT_EQ(engine.Process(in.view(), out.view()).code(), Code::kInternal);
    const std::vector<int> expected =
        kind == Kind::kColor ? std::vector{10, 20, 200, 255} : std::vector{96, 96, 96, 255};
    for (const Spot spot : {kRoomSpot, kHairSpot, kSkinSpot}) EXPECT_EQ(ColourAt(out, spot), expected);
  }
}

TEST(Retouching, StillFramesStayStill) {
  VirtualBackground engine = Make(Kind::kRoom);
  ASSERT_TRUE(engine.SetHairColour(kRed).ok());
  ASSERT_TRUE(engine.SetSkinSmoothing(0.6f).ok());
  Frame last;
  for (int i = 0; i < 120; ++i) {
    Frame frame = Portrait(PixelFormat::kNv12);
    ASSERT_TRUE(engine.Process(frame.view(), frame.view()).ok());
    if (i > 100) ASSERT_TRUE(Same(frame, last)) << i;
    last = frame;
  }
}

}  // namespace
}  // namespace scrim::engine
