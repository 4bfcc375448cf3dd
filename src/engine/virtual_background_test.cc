// Above all: not one pixel of the room after any failure.
#include "engine/virtual_background.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/fake_program.h"
#include "image/convert.h"

namespace scrim::engine {
namespace {

using compose::Background;
using image::Frame;
using image::PixelFormat;
using Kind = Background::Kind;

constexpr image::Color kRoom{250, 240, 5}, kWall{20, 30, 200};

struct Fixture {
  bool broken = false;
  float mask = 1.f;
  VirtualBackground engine;

  Fixture() : engine(MakeSegmenter()) {}
  std::unique_ptr<Segmenter> MakeSegmenter() {
    InputSpec input;
    input.previous_mask = true;
    SegmenterOptions options;
    options.stabiliser.enabled = false;
    auto program = std::make_unique<FakeProgram>(
        16, 16, 4, [this](const float*) { return broken ? std::numeric_limits<float>::infinity() : mask; });
    return Segmenter::Create(std::move(program), input, options).value();
  }
};

Background Wall(Kind kind) {
  Background background;
  background.kind = kind;
  background.color = kWall;
  background.picture = Frame(PixelFormat::kRgba, 9, 5);
  Fill(background.picture.view(), kWall);
  return background;
}

bool ShowsRoom(const Frame& frame) {
  Frame rgba(PixelFormat::kRgba, frame.width(), frame.height());
  EXPECT_TRUE(ConvertToRgba(frame.view(), rgba.view()).ok());
  for (int y = 0; y < frame.height(); ++y) {
    for (int x = 0; x < frame.width(); ++x) {
      const uint8_t* p = rgba.view().row(0, y) + 4 * x;
      if (p[0] > 150 && p[1] > 150) return true;
    }
  }
  return false;
}

TEST(VirtualBackground, PersonStaysRoomGoes) {
  Fixture f;
  ASSERT_TRUE(f.engine.SetBackground(Wall(Kind::kColor)).ok());
  for (PixelFormat format : {PixelFormat::kRgba, PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2}) {
    Frame frame(format, 33, 21);
    Fill(frame.view(), kRoom);
    f.mask = 1.f;
    ASSERT_TRUE(f.engine.Process(frame.view(), frame.view()).ok());
    EXPECT_TRUE(ShowsRoom(frame));  // everything is person
    EXPECT_EQ(f.engine.alpha().data()[0], 255);
    f.mask = 0.f;
    ASSERT_TRUE(f.engine.Process(frame.view(), frame.view()).ok());
    EXPECT_FALSE(ShowsRoom(frame));
  }
}

TEST(VirtualBackground, AFailingNetworkShowsTheBackgroundAlone) {
  for (Kind kind : {Kind::kColor, Kind::kImage, Kind::kBlur, Kind::kTransparent}) {
    Fixture f;
    ASSERT_TRUE(f.engine.SetBackground(Wall(kind)).ok());
    for (bool in_place : {false, true}) {
      Frame frame(PixelFormat::kRgba, 40, 30), other(PixelFormat::kRgba, 40, 30);
      Frame& out = in_place ? frame : other;
      Fill(frame.view(), kRoom);
      Fill(other.view(), kRoom);
      f.broken = true;
      EXPECT_FALSE(f.engine.Process(frame.view(), out.view()).ok());
      EXPECT_FALSE(ShowsRoom(out)) << int(kind);
      EXPECT_TRUE(f.engine.alpha().empty());
      f.broken = false;
      Fill(frame.view(), kRoom);
      EXPECT_TRUE(f.engine.Process(frame.view(), out.view()).ok());
      EXPECT_TRUE(ShowsRoom(out));
    }
  }
}

TEST(VirtualBackground, AnImpossibleInputShowsTheBackgroundAlone) {
  Fixture f;
  ASSERT_TRUE(f.engine.SetBackground(Wall(Kind::kImage)).ok());
  Frame frame(PixelFormat::kRgba, 40, 30), out(PixelFormat::kRgba, 40, 30), nv12(PixelFormat::kNv12, 40, 30);
  Frame small(PixelFormat::kRgba, 20, 30);
  image::FrameView torn = frame.view();
  torn.strides[0] = 3;
  for (const image::ConstFrameView& in : {image::ConstFrameView{}, image::ConstFrameView(torn),
                                          image::ConstFrameView(nv12.view()), image::ConstFrameView(small.view())}) {
    Fill(out.view(), kRoom);
    EXPECT_EQ(f.engine.Process(in, out.view()).code(), Code::kInvalidArgument);
    EXPECT_FALSE(ShowsRoom(out));
  }
  EXPECT_EQ(f.engine.Process(frame.view(), image::FrameView{}).code(), Code::kInvalidArgument);
}

TEST(VirtualBackground, ARefusedBackgroundLeavesTheOldOne) {
  Fixture f;
  ASSERT_TRUE(f.engine.SetBackground(Wall(Kind::kColor)).ok());
  EXPECT_FALSE(f.engine.SetBackground({Kind::kImage, {}, {}, 0.f}).ok());
  f.mask = 0.f;
  Frame frame(PixelFormat::kRgb, 4, 4);
  ASSERT_TRUE(f.engine.Process(frame.view(), frame.view()).ok());
  EXPECT_EQ(frame.view().planes[0][2], kWall.blue);
}

TEST(VirtualBackground, EightKInOneGo) {
  Fixture f;
  f.mask = 0.f;
  ASSERT_TRUE(f.engine.SetBackground(Wall(Kind::kColor)).ok());
  Frame frame(PixelFormat::kNv12, 7680, 4321);
  ASSERT_TRUE(f.engine.Process(frame.view(), frame.view()).ok());
  EXPECT_EQ(f.engine.alpha().height(), 4321);
  EXPECT_GT(f.engine.times().total(), 0);
}

}  // namespace
}  // namespace scrim::engine
