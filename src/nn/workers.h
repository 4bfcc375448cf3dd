// Threads that share a sequence of steps, each of one or more parts, and sleep in between.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"

namespace scrim::nn {

// A list of parts in order of execution. Parts of one step may run at once.
class Workers {
 public:
#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
  static constexpr bool kHasThreads = false;  // the caller takes all parts
#else
  static constexpr bool kHasThreads = true;
#endif

  struct Part {
    size_t step = 0;  // does not decrease along the list
    std::function<void()> run;
  };

  // The caller of Run and `threads` - 1 others, which start here. Errors: kIo when the system gives no more threads.
  static StatusOr<std::unique_ptr<Workers>> Start(int threads, std::vector<Part> parts);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Wakes the others, which takes a tenth of a millisecond, because Run follows within a millisecond; where it does
  // not, they sleep again. As Run, to be called by one thread at a time.
  void Wake();

  // Wakes the others and runs all parts; returns when all are done. No part begins before all of earlier steps are
  // done, whose writes it sees. Each thread takes the same part of every step, so that what it wrote is still in its
  // cache. What a thread has not begun when the others are done they take: while it wakes up, or where the system runs
  // something else in its place, the caller goes on alone. Allocates nothing. Not thread-safe.
  void Run();

 private:
  struct Step {
    size_t first = 0, count = 0;  // of parts_
  };
  // What has become of one part of each step, the same place in all of them: the last run in which it was begun, and
  // done. A lane is written by its own thread, unless others take over from it: a line of the cache takes up to half a
  // microsecond from core to core.
  struct Lane {
    explicit Lane(size_t steps) : begun(steps), done(steps) {}
    std::vector<std::atomic<uint64_t>> begun, done;
    alignas(64) std::atomic<uint64_t> awake{0};  // the last run that the lane's thread has seen
  };

  explicit Workers(std::vector<Part> parts);
  void Loop(size_t thread);
  void TakeParts(uint64_t run, size_t thread);
  bool Take(uint64_t run, size_t step, size_t lane);
  void Finish(uint64_t run, size_t step, size_t lane);

  std::vector<Part> parts_;
  std::vector<Step> steps_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<uint64_t> run_{0};    // the present run, counted from 1
  std::atomic<uint64_t> calls_{0};  // threads sleep until it changes
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace scrim::nn
