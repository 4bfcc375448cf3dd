#include "io/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace scrim::app {

Progress::Progress(std::string unit, bool quiet) : unit_(std::move(unit)), quiet_(quiet), terminal_(isatty(2) != 0) {}

Progress::~Progress() { Finish(); }

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

std::string Progress::Text(int64_t done, int64_t total) const {
  const double elapsed = std::max(seconds(), 1e-6), rate = done / elapsed;
  char text[160];
  if (total <= 0) {
    std::snprintf(text, sizeof text, "%lld %s, %.1f/s", static_cast<long long>(done), unit_.c_str(), rate);
    return text;
  }
  const double share = std::min(1.0, double(done) / total);
  const int left = static_cast<int>(std::max<int64_t>(total - done, 0) / std::max(rate, 1e-6));
  std::string bar;
  if (terminal_) {
    constexpr int kWidth = 24;
    for (int i = 0; i < kWidth; ++i) bar += i < share * kWidth ? "█" : "░";
    bar += " ";
  }
  std::snprintf(text, sizeof text, "%3d %%  %lld of %lld %s, %.1f/s, %d:%02d left", static_cast<int>(100 * share),
                static_cast<long long>(done), static_cast<long long>(total), unit_.c_str(), rate, left / 60, left % 60);
  return bar + text;
}

void Progress::Update(int64_t done, int64_t total) {
  if (quiet_) return;
  const auto now = Clock::now();
  const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now - last_ < interval && done != total) return;
  if (!terminal_ && done == total) return;
  last_ = now;
  std::fprintf(stderr, terminal_ ? "\r%s\x1b[K" : "%s\n", Text(done, total).c_str());
  drawn_ = terminal_;
}

void Progress::Finish() {
  if (drawn_) std::fputc('\n', stderr);
  drawn_ = false;
}

}  // namespace scrim::app
