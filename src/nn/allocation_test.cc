// Replaces the global operator new to show that Run does without it.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/aligned.h"
#include "graph/scrimnet.h"
#include "nn/testing.h"

namespace {
std::atomic<int> allocations{0};
}

void* operator new(size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t size, std::align_val_t alignment) {
  ++allocations;
  if (void* p =
          std::aligned_alloc(static_cast<size_t>(alignment), scrim::RoundUp(size, static_cast<size_t>(alignment))))
    return p;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }

namespace scrim::nn {
namespace {

TEST(AllocationTest, RunAllocatesNothing) {
  const graph::Graph graph = graph::Scrimnet(graph::ScrimnetPreset("default").value()).value();
  for (const std::string& target : SupportedTargets()) {
    for (int threads : {1, 2}) {
      const auto program = Program::Compile(RandomModel(graph, 1), {64, 64}, {target, threads});
      ASSERT_TRUE(program.ok()) << program.status().message();
      program.value()->Run();  // a thread may allocate while it starts
      const int before = allocations;
      EXPECT_GT(before, 0);
      program.value()->Run();
      EXPECT_EQ(allocations, before) << target << ", " << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace scrim::nn
