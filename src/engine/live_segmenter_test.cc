#include "engine/live_segmenter.h"

#include <gtest/gtest.h>

#include "engine/live_testing.h"
#include "engine/virtual_background.h"

namespace scrim::engine {
namespace {

using image::Frame;
using image::PixelFormat;

constexpr int kWidth = 320, kHeight = 180;
constexpr graph::Density kDensity{160, 96};
constexpr double kPatience = 10000;

struct Fixture {
  NetworkControl control;
  double now = 0;  // advanced by a frame each
  std::unique_ptr<LiveSegmenter> live;
  image::Bytes alpha;

  explicit Fixture(LiveOptions options = Patient(), graph::Density density = kDensity,
                   std::vector<graph::Density> shapes = {}) {
    options.clock = [this] { return now; };
    live = LiveSegmenter::Create(control.Make(density), control.Maker(), {}, options, std::move(shapes)).value();
  }
  ~Fixture() { control.Release(); }
  static LiveOptions Patient() {
    LiveOptions options;
    options.wait_ms = kPatience;
    return options;
  }
  static LiveOptions Hasty() {
    LiveOptions options;
    options.wait_ms = 0;
    return options;
  }
  Status Process(const Frame& frame) {
    now += 33;
    return live->Process(frame.view(), &alpha);
  }
  // Until the network has nothing to do.
  void Settle(int runs) {
    while (live->masks() < static_cast<uint64_t>(runs)) std::this_thread::yield();
  }
};

Frame SceneAt(int left) { return Scene(PixelFormat::kNv12, kWidth, kHeight, left); }

// A scene with a little noise that is another one each time.
Frame NoisyScene(int seed, int left = 100) {
  Frame frame = Scene(PixelFormat::kRgba, kWidth, kHeight, left);
  uint32_t noise = seed * 7919u + 1;
  for (int y = 0; y < kHeight; ++y) {
    for (int i = 0; i < 4 * kWidth; ++i) {
      noise = noise * 1664525u + 1013904223u;
      uint8_t& byte = frame.view().row(0, y)[i];
      byte = static_cast<uint8_t>(std::clamp(byte + int(noise >> 24) % 9 - 4, 0, 255));
    }
  }
  return frame;
}

TEST(LiveSegmenter, AFastNetworkGivesEveryFrameItsOwnMask) {
  Fixture f;
  NetworkControl other;
  InputSpec input;
  input.previous_mask = true;
  SegmenterOptions options;
  options.stabiliser.enabled = false;
  auto program = std::make_unique<FakeProgram>(kDensity.width, kDensity.height, 4,
                                               [](const float* c) { return c[1] > c[0] && c[1] > c[2] ? 1.f : 0.f; });
  auto segmenter = Segmenter::Create(std::move(program), input, options).value();
  image::Bytes expected;
  for (int i = 0; i < 20; ++i) {
    const Frame frame = SceneAt(10 * i);
    ASSERT_TRUE(f.Process(frame).ok());
    ASSERT_TRUE(segmenter->Process(frame.view(), &expected).ok());
    ASSERT_EQ(f.live->use(), MaskUse::kOwn);
    ASSERT_TRUE(std::equal(expected.data(), expected.data() + expected.size(), f.alpha.data())) << i;
    EXPECT_EQ(f.live->masks(), static_cast<uint64_t>(i + 1));
  }
}

// The person's place is the stamp: what comes out must be the frame that went in, however late masks are.
TEST(LiveSegmenter, FramesComeOutAtOnceAndMasksAreAFrameLateAtMost) {
  Fixture f(Fixture::Hasty());
  VirtualBackground engine(std::move(f.live));
  compose::Background wall;
  wall.color = kWall;
  ASSERT_TRUE(engine.SetBackground(wall).ok());
  const auto step = [&](int i) {
    Frame frame = Scene(PixelFormat::kRgba, kWidth, kHeight, 4 * i);
    f.now += 33;
    f.control.Stall();  // each mask is ready for the next frame, and not before
    const Status status = engine.Process(frame.view(), frame.view());
    EXPECT_EQ(Count(frame, kRoom), 0) << i;
    f.control.Release();
    while (engine.stats().masks < static_cast<uint64_t>(i + 1)) std::this_thread::yield();
    if (i == 0) return;
    ASSERT_TRUE(status.ok()) << status.message();
    int left = 0;
    while (left < kWidth && frame.view().row(0, kHeight / 2)[4 * left + 1] < 150) ++left;
    EXPECT_NEAR(left, 4 * i, 4) << "another frame's person";
    EXPECT_GT(Count(frame, kPerson), kWidth / 4 * kHeight / 2 * 8 / 10) << i;
  };
  for (int i = 0; i < 20; ++i) step(i);
  const Stats stats = engine.stats();
  EXPECT_EQ(stats.frames, 20u);
  EXPECT_EQ(stats.masks, 20u);
  EXPECT_EQ(stats.late, 19u);
  EXPECT_EQ(stats.background_only, 1u);
  EXPECT_GE(stats.max_latency_ms, stats.latency_ms / 20);
}

TEST(LiveSegmenter, AStalledNetworkHoldsNoFrameUp) {
  Fixture f(Fixture::Hasty());
  f.control.Stall();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(f.Process(SceneAt(i)).code(), Code::kUnavailable);  // would hang otherwise
  EXPECT_LE(f.control.runs(), 1);
}

TEST(LiveSegmenter, DoesNotWaitForANetworkThatIsUsuallySlower) {
  LiveOptions options;
  options.wait_ms = 30;
  Fixture f(options);
  f.control.Slow(60);
  double least = 1e9;
  for (int i = 0; i < 12; ++i) {
    (void)f.Process(SceneAt(10 * i));
    least = std::min(least, f.live->times().wait);
    f.Settle(1);
  }
  EXPECT_LT(least, 30);
  EXPECT_NE(f.live->use(), MaskUse::kOwn);
}

TEST(LiveSegmenter, StillFramesLeaveTheNetworkAlone) {
  Fixture f;
  int unchanged = 0;
  for (int i = 0; i < 120; ++i) {
    ASSERT_TRUE(f.Process(NoisyScene(i)).ok());
    unchanged += f.live->use() == MaskUse::kUnchanged;
    ASSERT_NE(f.live->use(), MaskUse::kLate);
    EXPECT_EQ(f.live->times().network > 0, f.live->use() == MaskUse::kOwn);
    EXPECT_EQ(f.alpha.row(90)[140], 255);
    EXPECT_EQ(f.alpha.row(90)[20], 0);
  }
  EXPECT_GE(f.control.runs(), 9);  // the first seven, and every thirtieth
  EXPECT_LE(f.control.runs(), 12);
  EXPECT_EQ(unchanged + f.control.runs(), 120);

  Frame blink = NoisyScene(500);
  for (int y = 172; y < 178; ++y)
    for (int x = 310; x < 316; ++x) blink.view().row(0, y)[4 * x + 1] = 200;
  const int before = f.control.runs();
  ASSERT_TRUE(f.Process(blink).ok());
  EXPECT_EQ(f.control.runs(), before + 1);
  EXPECT_EQ(f.live->use(), MaskUse::kOwn);
}

TEST(LiveSegmenter, SlowDriftDoesNotPassForStill) {
  Fixture f;
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(f.Process(SceneAt(100)).ok());
  const int before = f.control.runs();
  for (int i = 0; i < 25; ++i) {  // one pixel of the frame each time
    ASSERT_TRUE(f.Process(SceneAt(100 + i)).ok());
    EXPECT_EQ(f.alpha.row(90)[100 + i - 4], 0);
  }
  EXPECT_GE(f.control.runs(), before + 10);
}

TEST(LiveSegmenter, TheBudgetIsHeldWithoutAFlash) {
  for (const bool percent : {false, true}) {
    LiveOptions options = Fixture::Patient();
    options.max_mask_age_ms = 1e9;  // for the sanitizers
    (percent ? options.budget_percent : options.budget_ms) = 0.001;
    Fixture f(options, {256, 144});
    f.control.Slow(4);  // most of a frame's cost, so that a smaller network helps
    std::vector<int> widths;
    for (int i = 0; i < 400; ++i) {
      ASSERT_TRUE(f.Process(SceneAt(i / 4)).ok()) << i;
      ASSERT_EQ(f.alpha.row(90)[i / 4 + 40], 255) << i;
      ASSERT_EQ(f.alpha.row(90)[i / 4 + 120], 0) << i;
      if (widths.empty() || widths.back() != f.live->density().width) widths.push_back(f.live->density().width);
    }
    EXPECT_EQ(widths.back(), 160);
    EXPECT_EQ(f.live->mask_interval(), 3);
    EXPECT_LT(f.live->masks(), 250u);
    EXPECT_LE(widths.size(), 3u);  // down, and no further changes
  }
}

TEST(LiveSegmenter, ADensityThatCannotBeMadeLeavesTheOldOne) {
  LiveOptions options = Fixture::Patient();
  options.budget_ms = 1e-6;
  Fixture f(options, {256, 144});
  f.control.RefuseDensities();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(f.Process(SceneAt(i)).ok());
    ASSERT_EQ(f.alpha.row(90)[i + 40], 255) << i;
  }
  EXPECT_EQ(f.live->density(), (graph::Density{256, 144}));
}

TEST(LiveSegmenter, TheNetworkTakesTheFramesShape) {
  for (const bool budget : {false, true}) {
    LiveOptions options = Fixture::Patient();
    options.budget_ms = budget ? 1e-6 : 0;
    options.max_mask_age_ms = 1e9;
    Fixture f(options, {256, 144}, {{256, 144}, {144, 256}});
    f.control.Slow(budget ? 4 : 0);  // most of a frame's cost, so that a smaller network helps
    for (const auto& [width, height] : {std::pair{kHeight, kWidth}, {kWidth, kHeight}, {kHeight, kWidth}}) {
      const auto scene = [&, w = width, h = height](int i) { return Scene(PixelFormat::kNv12, w, h, i / 4); };
      Status status = Unavailable("");
      int i = 0;
      for (; i < 1000 && !status.ok(); ++i) {  // until the network of this shape is made, the background alone
        status = f.Process(scene(i));
        ASSERT_TRUE(status.ok() || status.code() == Code::kUnavailable) << status.message();
      }
      ASSERT_TRUE(status.ok());
      for (const int end = i + 60; i < end; ++i) {
        ASSERT_TRUE(f.Process(scene(i)).ok());
        ASSERT_EQ(f.alpha.row(height / 2)[i / 4 + width / 8], 255) << i;
        ASSERT_EQ(f.alpha.row(height / 2)[i / 4 + width * 3 / 8], 0) << i;
      }
      const graph::Density density = f.live->density();
      EXPECT_EQ(density.width > density.height, width > height);
      if (!budget) EXPECT_EQ(std::max(density.width, density.height), 256);
      if (budget) EXPECT_LT(std::max(density.width, density.height), 256);
    }
  }
}

TEST(LiveSegmenter, ResetForgetsTheMask) {
  Fixture f(Fixture::Hasty());
  (void)f.Process(SceneAt(0));
  f.Settle(1);
  ASSERT_TRUE(f.Process(SceneAt(0)).ok());
  f.Settle(2);
  f.live->Reset();
  f.control.Stall();
  EXPECT_EQ(f.Process(SceneAt(0)).code(), Code::kUnavailable);
  for (size_t i = 0; i < f.alpha.size(); ++i) ASSERT_EQ(f.alpha.data()[i], 0);
}

TEST(LiveSegmenter, RefusesImpossibleFrames) {
  Fixture f;
  f.alpha.Resize(3, 3);
  EXPECT_EQ(f.live->Process({}, &f.alpha).code(), Code::kInvalidArgument);
  EXPECT_TRUE(f.alpha.empty());
}

}  // namespace
}  // namespace scrim::engine
