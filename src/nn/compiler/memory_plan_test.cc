#include "nn/compiler/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace scrim::nn {
namespace {

TEST(MemoryPlanTest, NoBuffersNeedNoMemory) {
  std::vector<Buffer> none;
  EXPECT_EQ(PlanMemory(none), 0u);
}

TEST(MemoryPlanTest, BuffersThatFollowEachOtherShareMemory) {
  std::vector<Buffer> buffers{{100, 0, 1}, {100, 2, 3}, {100, 4, 5}};
  EXPECT_EQ(PlanMemory(buffers), 100u);
}

TEST(MemoryPlanTest, AChainNeedsTwoPlaces) {
  std::vector<Buffer> buffers{{64, 0, 1}, {64, 1, 2}, {64, 2, 3}, {64, 3, 4}};
  EXPECT_EQ(PlanMemory(buffers), 128u);
}

TEST(MemoryPlanTest, RandomBuffersNeverCollide) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Buffer> buffers(1 + random() % 40);
    for (Buffer& b : buffers) {
      b.size = random() % 1000;
      b.first = static_cast<int>(random() % 30) - 1;
      b.last = b.first + static_cast<int>(random() % 10);
    }
    const size_t total = PlanMemory(buffers);
    for (const Buffer& a : buffers) {
      EXPECT_EQ(a.offset % 16, 0u);
      EXPECT_LE(a.offset + a.size, total);
      for (const Buffer& b : buffers) {
        if (&a == &b || a.last < b.first || b.last < a.first || a.size == 0 || b.size == 0) continue;
        EXPECT_TRUE(a.offset + a.size <= b.offset || b.offset + b.size <= a.offset);
      }
    }
  }
}

}  // namespace
}  // namespace scrim::nn
