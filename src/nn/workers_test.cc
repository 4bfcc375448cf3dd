#include "nn/workers.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <vector>

namespace scrim::nn {
namespace {

// Steps of 1, 2, 3, 1, 2, 3 … parts.
std::vector<Workers::Part> Parts(size_t steps, const std::function<void(size_t step, size_t part)>& run) {
  std::vector<Workers::Part> parts;
  for (size_t step = 0; step < steps; ++step)
    for (size_t part = 0; part < step % 3 + 1; ++part) parts.push_back({step, [=] { run(step, part); }});
  return parts;
}

TEST(WorkersTest, EveryRunRunsEveryPartOnce) {
  for (int threads : {1, 2, 5}) {
    constexpr size_t kSteps = 10;
    std::vector<int> runs(3 * kSteps);
    auto workers = Workers::Start(threads, Parts(kSteps, [&](size_t step, size_t part) { ++runs[3 * step + part]; }));
    ASSERT_TRUE(workers.ok()) << workers.status().message();
    for (int run = 1; run <= 1000; ++run) {
      (*workers)->Run();
      for (size_t i = 0; i < runs.size(); ++i) ASSERT_EQ(runs[i], i % 3 <= i / 3 % 3 ? run : 0);
    }
  }
}

TEST(WorkersTest, PartsSeeWhatEarlierStepsWrote) {
  constexpr size_t kSteps = 60;
  std::vector<int> written(3 * kSteps);
  std::atomic<int> wrong = 0;
  auto workers = Workers::Start(3, Parts(kSteps, [&](size_t step, size_t part) {
                                  if (step > 0) {
                                    for (size_t i = 0; i <= (step - 1) % 3; ++i)
                                      wrong += written[3 * (step - 1) + i] != written[0];
                                  }
                                  step == 0 ? ++written[0] : written[3 * step + part] = written[0];
                                }));
  ASSERT_TRUE(workers.ok()) << workers.status().message();
  for (int run = 0; run < 300; ++run) (*workers)->Run();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(written[0], 300);
}

TEST(WorkersTest, WakeChangesNothing) {
  std::atomic<int> runs = 0;
  auto workers = Workers::Start(3, Parts(7, [&](size_t, size_t) { ++runs; }));
  ASSERT_TRUE(workers.ok()) << workers.status().message();
  for (int run = 1; run <= 500; ++run) {
    for (int wakes = run % 3; wakes > 0; --wakes) (*workers)->Wake();
    if (run % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));  // they sleep again
    (*workers)->Run();
    ASSERT_EQ(runs, 13 * run);
  }
}

TEST(WorkersTest, SleepsWhenIdle) {
  auto workers = Workers::Start(4, Parts(3, [](size_t, size_t) {}));
  ASSERT_TRUE(workers.ok()) << workers.status().message();
  (*workers)->Run();
  (*workers)->Wake();  // without a Run
#if defined(_WIN32)
  GTEST_SKIP() << "Windows' clock() counts time, not work";
#endif
  const auto cpu_seconds = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // they go to sleep
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(cpu_seconds() - before, 0.05);
}

}  // namespace
}  // namespace scrim::nn
