// Everything that can go wrong on the live path, with a network that takes all for a person at the worst: not one pixel
// of the room may come out.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/live_testing.h"
#include "engine/virtual_background.h"

namespace scrim::engine {
namespace {

using compose::Background;
using image::Frame;
using image::PixelFormat;
using Kind = Background::Kind;
using Mode = NetworkControl::Mode;

constexpr int kWidth = 160, kHeight = 90;
constexpr PixelFormat kFormats[] = {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb,
                                    PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2};

Background Wall(Kind kind) {
  Background background;
  background.kind = kind;
  background.color = kWall;
  background.picture = Plain(PixelFormat::kRgba, 9, 5, kWall);
  return background;
}

struct Fixture {
  NetworkControl control;
  double now = 0;
  VirtualBackground engine;
  Status last;

  explicit Fixture(Kind kind, double wait_ms = 10000) : engine(Make(wait_ms)) {
    EXPECT_TRUE(engine.SetBackground(Wall(kind)).ok());
  }
  ~Fixture() { control.Release(); }
  std::unique_ptr<Matting> Make(double wait_ms) {
    LiveOptions options;
    options.wait_ms = wait_ms;
    options.clock = [this] { return now; };
    return LiveSegmenter::Create(control.Make({64, 48}), control.Maker(), {}, options).value();
  }

  // What comes out for a frame; in place or into another one that showed the room before.
  Frame Show(Frame frame, bool in_place = false) {
    now += 33;
    if (in_place) {
      last = engine.Process(frame.view(), frame.view());
      return frame;
    }
    const bool transparent = !image::HasAlpha(frame.format()) && kind() == Kind::kTransparent;
    Frame out = Plain(transparent ? PixelFormat::kRgba : frame.format(), frame.width(), frame.height(), kRoom);
    last = engine.Process(frame.view(), out.view());
    return out;
  }
  Kind kind() const { return kind_; }
  void SetKind(Kind kind) { kind_ = kind; }
  Kind kind_ = Kind::kColor;
  void AwaitMasks(uint64_t count) {
    while (engine.stats().masks < count) std::this_thread::yield();
  }
};

Frame Room(PixelFormat format = PixelFormat::kRgba) { return Plain(format, kWidth, kHeight, kRoom); }
Frame Person(PixelFormat format = PixelFormat::kRgba) { return Plain(format, kWidth, kHeight, kPerson); }

template <typename Body>
void ForEachBackground(const Body& body) {
  for (Kind kind : {Kind::kColor, Kind::kImage, Kind::kBlur, Kind::kTransparent}) {
    for (PixelFormat format : kFormats) {
      for (bool in_place : {false, true}) {
        if (in_place && kind == Kind::kTransparent && !image::HasAlpha(format)) continue;
        SCOPED_TRACE("background " + std::to_string(int(kind)) + ", " + PixelFormatName(format) +
                     (in_place ? ", in place" : ""));
        body(kind, format, in_place);
      }
    }
  }
}

TEST(FailClosed, UntilTheFirstMask) {
  ForEachBackground([](Kind kind, PixelFormat format, bool in_place) {
    Fixture f(kind, /*wait_ms=*/0);
    f.SetKind(kind);
    f.control.Set(Mode::kAllIsPerson);
    f.control.Stall();
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(Count(f.Show(Room(format), in_place), kRoom), 0);
      EXPECT_EQ(f.last.code(), Code::kUnavailable);
      EXPECT_TRUE(f.engine.alpha().empty());
    }
    f.control.Release();
    f.AwaitMasks(1);
    EXPECT_GT(Count(f.Show(Room(format), in_place), kRoom), 0);  // the test can see it
    EXPECT_TRUE(f.last.ok());
    EXPECT_EQ(f.engine.stats().background_only, 5u);
  });
}

TEST(FailClosed, AStepThatFails) {
  for (Mode mode : {Mode::kNotANumber, Mode::kNoMemory, Mode::kThrows}) {
    ForEachBackground([&](Kind kind, PixelFormat format, bool in_place) {
      Fixture f(kind);
      f.SetKind(kind);
      EXPECT_GT(Count(f.Show(Person(format), in_place), kPerson), 0);
      f.control.Set(mode);
      for (int i = 0; i < 3; ++i) {
        const Frame out = f.Show(i == 1 ? Room(format) : Person(format), in_place);
        EXPECT_EQ(Count(out, kRoom) + Count(out, kPerson), 0);
        EXPECT_EQ(f.last.code(), Code::kInternal);
      }
      f.control.Set(Mode::kGreenIsPerson);
      EXPECT_GT(Count(f.Show(Person(format), in_place), kPerson), 0);
      EXPECT_TRUE(f.last.ok());
    });
  }
}

// The whole picture was person; then the network stalls and the room comes.
TEST(FailClosed, AStallWhileThePersonLeaves) {
  for (Kind kind : {Kind::kColor, Kind::kImage, Kind::kTransparent}) {  // a blurred room is this colour, too
    for (PixelFormat format : kFormats) {
      SCOPED_TRACE(std::to_string(int(kind)) + " " + PixelFormatName(format));
      Fixture f(kind, /*wait_ms=*/0);
      f.SetKind(kind);
      f.Show(Person(format));
      f.AwaitMasks(1);
      ASSERT_GT(Count(f.Show(Person(format)), kPerson), 0);
      f.AwaitMasks(2);
      f.control.Stall();
      for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(Count(f.Show(i % 2 == 0 ? Room(format) : Scene(format, kWidth, kHeight, 4 * i)), kRoom), 0) << i;
        EXPECT_EQ(f.last.code(), 33 * (i + 1) > 500 ? Code::kUnavailable : Code::kOk) << i;
      }
      f.control.Release();
      for (int i = 0; i < 2000 && !f.last.ok(); ++i) f.Show(Person(format));
      EXPECT_TRUE(f.last.ok());
    }
  }
}

TEST(FailClosed, AStallUnderAStillPictureIsNoticed) {
  Fixture f(Kind::kColor, /*wait_ms=*/0);
  for (int i = 0; i < 50; ++i) {
    f.Show(Person());
    f.AwaitMasks(std::min(i + 1, 7));
  }
  ASSERT_TRUE(f.last.ok());
  f.control.Stall();
  for (int i = 0; i < 30 + 17; ++i) f.Show(Person());
  EXPECT_EQ(f.last.code(), Code::kUnavailable);
  EXPECT_EQ(Count(f.Show(Person()), kPerson), 0);
  f.control.Release();
  for (int i = 0; i < 2000 && !f.last.ok(); ++i) {
    f.Show(Person());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(f.last.ok());
}

TEST(FailClosed, ASlowNetworkAndAPersonWhoMoves) {
  for (Kind kind : {Kind::kColor, Kind::kTransparent}) {
    Fixture f(kind, /*wait_ms=*/0);
    f.control.Slow(3);
    for (int i = 0; i < 200; ++i) {
      const int left = std::abs(i % 40 - 20) * 6;
      EXPECT_EQ(Count(f.Show(Scene(PixelFormat::kRgba, kWidth, kHeight, left)), kRoom), 0) << i;
      if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_GT(f.engine.stats().late, 20u);
  }
}

TEST(FailClosed, AnotherSourceInTheMiddle) {
  Fixture f(Kind::kColor, /*wait_ms=*/0);
  f.control.Set(Mode::kAllIsPerson);
  const auto start = [&](const Frame& frame) {
    const uint64_t before = f.engine.stats().masks;
    f.Show(frame);
    f.AwaitMasks(before + 1);
    EXPECT_GT(Count(f.Show(frame), kPerson), 0);
    f.AwaitMasks(before + 2);
  };
  const Frame others[] = {Plain(PixelFormat::kNv12, 64, 48, kRoom), Plain(PixelFormat::kRgba, 1, 1, kRoom),
                          Plain(PixelFormat::kRgba, kHeight, kWidth, kRoom), Room(PixelFormat::kBgra)};
  for (const Frame& other : others) {
    start(Person());
    f.control.Stall();
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(Count(f.Show(other), kRoom), 0);
      EXPECT_EQ(f.last.code(), Code::kUnavailable);
    }
    f.control.Release();
    const uint64_t before = f.engine.stats().masks;
    f.Show(Person());
    f.AwaitMasks(before + 1);
  }
}

TEST(FailClosed, FramesThatAreNone) {
  Fixture f(Kind::kImage);
  ASSERT_GT(Count(f.Show(Person()), kPerson), 0);
  Frame room = Room(), out = Room(), nv12 = Room(PixelFormat::kNv12), small = Plain(PixelFormat::kRgba, 20, 20, kRoom);
  image::FrameView torn = room.view();
  torn.strides[0] = 3;
  for (const image::ConstFrameView& in : {image::ConstFrameView{}, image::ConstFrameView(torn),
                                          image::ConstFrameView(nv12.view()), image::ConstFrameView(small.view())}) {
    Fill(out.view(), kRoom);
    EXPECT_EQ(f.engine.Process(in, out.view()).code(), Code::kInvalidArgument);
    EXPECT_EQ(Count(out, kRoom), 0);
  }
  EXPECT_EQ(f.engine.Process(room.view(), {}).code(), Code::kInvalidArgument);
}

TEST(FailClosed, ARefusedBackgroundLeavesTheOldOne) {
  Fixture f(Kind::kColor);
  EXPECT_FALSE(f.engine.SetBackground({Kind::kImage, {}, {}, 0.f}).ok());
  const Frame out = f.Show(Scene(PixelFormat::kRgba, kWidth, kHeight, 40));
  EXPECT_EQ(Count(out, kRoom), 0);
  EXPECT_GT(Count(out, kWall), kWidth * kHeight / 2);
}

}  // namespace
}  // namespace scrim::engine
