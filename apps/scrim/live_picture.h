// What a live run draws around the person, and the commands that change it.
#pragma once

#include <string>
#include <vector>

#include "commands.h"
#include "live_output.h"

namespace scrim::app {

// Background, mirror and hiding outlive an output: one that is started anew from `out` draws the same. Neither of the
// arguments may go before this. One thread.
class LivePicture {
 public:
  LivePicture(const std::vector<BackgroundOption>& backgrounds, LiveOutput::Options& out)
      : backgrounds_(backgrounds), out_(out) {}

  // Whether a verb of live_commands.h is one of these: background, next, previous, blur, mirror, hide.
  static bool Has(const std::string& verb);
  // words: such a verb, and it passed CheckWords. output: null while there is none; then backgrounds, which only it can
  // judge, are refused, while mirror and hide wait for it. kInvalidArgument: all stays as it was.
  Status Command(const std::vector<std::string>& words, LiveOutput* output);

  bool hidden() const { return hidden_; }

 private:
  Status SetBackground(const std::string& text, LiveOutput* output);
  Status Cycle(int step, LiveOutput* output);
  Status ToggleBlur(LiveOutput* output);

  const std::vector<BackgroundOption>& backgrounds_;
  LiveOutput::Options& out_;
  bool hidden_ = false;
  int background_ = 0;  // of backgrounds_
  std::string before_blur_;
};

}  // namespace scrim::app
