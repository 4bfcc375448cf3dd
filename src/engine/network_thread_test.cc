#include "engine/network_thread.h"

#include <gtest/gtest.h>

#include "engine/live_testing.h"

namespace scrim::engine {
namespace {

constexpr graph::Density kDensity{32, 18};
constexpr double kPatience = 10000;

struct Fixture {
  NetworkControl control;
  std::unique_ptr<NetworkThread> thread;
  image::Bytes picture{32, 18, 4};
  TimedMask mask;

  Fixture() : thread(NetworkThread::Start(control.Make(kDensity), control.Maker()).value()) {
    control.Set(NetworkControl::Mode::kAllIsPerson);
  }
  ~Fixture() { control.Release(); }
  // Until the network is in its n-th run.
  void AwaitRun(int n) {
    while (control.runs() < n) std::this_thread::yield();
  }
};

TEST(NetworkThread, AnswersWithThePictureItsNumberAndTime) {
  Fixture f;
  EXPECT_FALSE(f.thread->Take(&f.mask));
  f.picture.data()[5] = 77;
  ASSERT_TRUE(f.thread->Submit(3, 12.5, f.picture));
  f.thread->Wait(3, kPatience);
  ASSERT_TRUE(f.thread->Take(&f.mask));
  EXPECT_EQ(f.mask.number, 3u);
  EXPECT_EQ(f.mask.time, 12.5);
  EXPECT_TRUE(f.mask.status.ok());
  EXPECT_EQ(f.mask.picture.data()[5], 77);
  EXPECT_EQ(f.mask.steady.data()[0], 1.f);
  EXPECT_EQ(f.mask.raw.size(), size_t{32 * 18});
  EXPECT_FALSE(f.thread->Take(&f.mask));
  f.thread->Wait(3, kPatience);  // taken already: no waiting
}

TEST(NetworkThread, TheNewestPictureWins) {
  Fixture f;
  f.control.Stall();
  ASSERT_TRUE(f.thread->Submit(1, 0, f.picture));
  f.AwaitRun(1);
  for (int i = 2; i < 100; ++i) ASSERT_TRUE(f.thread->Submit(i, 0, f.picture));
  f.thread->Wait(1, 1);
  EXPECT_FALSE(f.thread->Take(&f.mask));
  EXPECT_GT(f.thread->running_ms(), 0);
  f.control.Release();
  f.thread->Wait(99, kPatience);
  ASSERT_TRUE(f.thread->Take(&f.mask));
  EXPECT_EQ(f.mask.number, 99u);
  EXPECT_EQ(f.control.runs(), 2);
  EXPECT_EQ(f.thread->running_ms(), 0);
}

TEST(NetworkThread, WhatItThrowsIsAnError) {
  for (auto mode :
       {NetworkControl::Mode::kNoMemory, NetworkControl::Mode::kThrows, NetworkControl::Mode::kNotANumber}) {
    Fixture f;
    f.control.Set(mode);
    f.thread->Submit(1, 0, f.picture);
    f.thread->Wait(1, kPatience);
    ASSERT_TRUE(f.thread->Take(&f.mask));
    EXPECT_EQ(f.mask.status.code(), Code::kInternal);
    f.control.Set(NetworkControl::Mode::kAllIsPerson);
    f.thread->Submit(2, 0, f.picture);
    f.thread->Wait(2, kPatience);
    ASSERT_TRUE(f.thread->Take(&f.mask));
    EXPECT_TRUE(f.mask.status.ok());
  }
}

TEST(NetworkThread, ForgottenAnswersDoNotCome) {
  Fixture f;
  f.control.Stall();
  f.thread->Submit(1, 0, f.picture);
  f.AwaitRun(1);
  f.thread->Submit(2, 0, f.picture);
  f.thread->Forget();
  f.control.Release();
  f.thread->Submit(3, 0, f.picture);
  f.thread->Wait(3, kPatience);
  ASSERT_TRUE(f.thread->Take(&f.mask));
  EXPECT_EQ(f.mask.number, 3u);
  EXPECT_EQ(f.control.runs(), 2);
  f.thread->Submit(4, 0, f.picture);
  f.thread->Wait(4, kPatience);
  f.thread->Forget();  // one that is ready
  EXPECT_FALSE(f.thread->Take(&f.mask));
}

TEST(NetworkThread, AnotherDensity) {
  Fixture f;
  f.thread->Submit(1, 0, f.picture);
  f.thread->Wait(1, kPatience);
  f.thread->SetDensity({48, 32});
  while (!(f.thread->density() == graph::Density{48, 32})) std::this_thread::yield();
  EXPECT_FALSE(f.thread->Submit(2, 0, f.picture));  // the old size
  ASSERT_TRUE(f.thread->Submit(2, 0, image::Bytes(48, 32, 4)));
  f.thread->Wait(2, kPatience);
  ASSERT_TRUE(f.thread->Take(&f.mask));
  EXPECT_EQ(f.mask.steady.width(), 48);

  f.control.RefuseDensities();
  f.thread->SetDensity({64, 64});
  while (f.thread->refusals() == 0) std::this_thread::yield();
  EXPECT_EQ(f.thread->density(), (graph::Density{48, 32}));
  ASSERT_TRUE(f.thread->Submit(3, 0, image::Bytes(48, 32, 4)));
  f.thread->Wait(3, kPatience);
  EXPECT_TRUE(f.thread->Take(&f.mask));
}

TEST(NetworkThread, ManyPicturesAndChangesAtOnce) {
  Fixture f;
  for (int i = 1; i < 2000; ++i) {
    if (i % 50 == 0) f.thread->SetDensity(i % 100 == 0 ? kDensity : graph::Density{16, 16});
    if (i % 77 == 0) f.thread->Forget();
    const graph::Density density = f.thread->density();
    f.thread->Submit(i, i, image::Bytes(density.width, density.height, 4));
    if (i % 3 == 0) f.thread->Wait(i, 1);
    if (f.thread->Take(&f.mask)) {
      EXPECT_LE(f.mask.number, static_cast<uint64_t>(i));
      EXPECT_EQ(f.mask.picture.width(), f.mask.steady.width());
    }
  }
}

}  // namespace
}  // namespace scrim::engine
