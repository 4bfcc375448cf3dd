// Live runs of the program, told what to do through their socket, and what comes out of them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "support/process.h"
#include "support/program.h"

namespace scrim::test {

// yuv4mpeg of 64x36: the header's line, and for each frame a line and the planes (I420).
inline constexpr int kLiveWidth = 64, kLiveHeight = 36;
struct Frames {
  std::string header;
  std::vector<std::string> planes;
};
Frames Split(const std::string& bytes);
// A plain colour, within what conversion loses, in these upper rows.
testing::AssertionResult IsPlain(const std::string& planes, int y, int u, int v, int rows = kLiveHeight);

// How long a test waits for what has to come: an idle machine shows it within a second or two, a loaded one, or one
// with sanitizers, may take much longer. Only a failure waits so long.
inline constexpr double kPatience = 60;  // seconds

template <typename Condition>
bool Comes(const Condition& condition, double seconds = kPatience) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// Runs of the bright model's (bright is person) unless a test says another, with a socket and folder of their own.
class Live : public testing::Test {
 protected:
  // `scrim run` with these arguments and 64x36 where the source's size is not its own.
  Result Run(std::vector<std::string> more, const std::function<void(int)>& started = {});
  // Asks until the run listens.
  StatusOr<std::string> Ask(const std::vector<std::string>& words);
  // Whether the statistics come to hold the text, before the run ends.
  bool Sees(const std::string& text);
  // The number behind this name in the statistics now; -1 where there is none.
  double Stat(const std::string& name);
  // Whether no frame comes at all.
  bool NoFrames();
  // Whether so many more frames than now come to be drawn.
  bool MoreFrames(int count = 1);
  // Whether the newest frame at the run's stdout comes to be a plain colour; see IsPlain.
  bool Shows(int y, int u, int v, int rows = kLiveHeight);
  // What the run has printed to stderr.
  std::string Printed() const { return ReadFile(printed_ / "err"); }

  Environment environment_;  // of the runs
  TemporaryFolder folder_;
  std::string socket_ = folder_ / "control";
  std::string model_ = SCRIM_BRIGHT_MODEL;

 private:
  bool Ended() const;  // a run that Run has begun

  TemporaryFolder printed_;
  int pid_ = -1;
};

// Milliseconds of processor time that a process has used.
double CpuMilliseconds(int pid);

}  // namespace scrim::test
