// Live runs of the program, told what to do through their socket, and what comes out of them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
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

// Runs of the bright model's (bright is person), with a socket and folder of their own.
class Live : public testing::Test {
 protected:
  // `scrim run` with these arguments and 64x36 where the source's size is not its own.
  Result Run(std::vector<std::string> more, const std::function<void(int)>& started = {});
  // Asks until the run listens.
  StatusOr<std::string> Ask(const std::vector<std::string>& words);
  // Whether the statistics come to hold the text; within six seconds unless told otherwise.
  bool Sees(const std::string& text, double seconds = 6);
  // The number behind this name in the statistics now; -1 where there is none.
  double Stat(const std::string& name);
  // Whether no frame comes for twenty seconds.
  bool NoFrames();
  // Whether more frames than now come to be drawn.
  bool MoreFrames(double seconds = 6);

  Environment environment_;  // of the runs
  TemporaryFolder folder_;
  std::string socket_ = folder_ / "control";
};

// Milliseconds of processor time that a process has used.
double CpuMilliseconds(int pid);

}  // namespace scrim::test
