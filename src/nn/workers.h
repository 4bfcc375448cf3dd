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
  // done, whose writes it sees. Whoever is free takes the next part: while the others wake up, or where the system runs
  // something else in their place, the caller goes on alone. Allocates nothing. Not thread-safe.
  void Run();

 private:
  explicit Workers(std::vector<Part> parts);
  void Loop();
  void TakeParts(uint64_t end);

  std::vector<Part> parts_;
  std::vector<size_t> before_;  // for each part, how many belong to earlier steps
  // All count parts since the start, over all runs.
  std::atomic<uint64_t> wanted_{0};  // the end of the present run
  std::atomic<uint64_t> taken_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> calls_{0};  // threads sleep until it changes
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace scrim::nn
