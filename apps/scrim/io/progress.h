// How far a long job is, on stderr: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace scrim::app {

class Progress {
 public:
  // unit: what is counted, "frames". quiet: nothing at all.
  Progress(std::string unit, bool quiet);
  ~Progress();

  // total 0: unknown. Cheap; draws at most ten times a second (terminal) or every ten seconds.
  void Update(int64_t done, int64_t total);

  // Ends the bar's line, so that other text may follow.
  void Finish();

  double seconds() const;

 private:
  std::string Text(int64_t done, int64_t total) const;

  using Clock = std::chrono::steady_clock;
  std::string unit_;
  bool quiet_, terminal_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  bool drawn_ = false;
};

}  // namespace scrim::app
