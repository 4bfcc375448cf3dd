// What a live run draws around the person, and the commands that change it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "live/control.h"
#include "live/live_output.h"
#include "live/run_options.h"

namespace scrim::app {

// Background, mirror and hiding outlive an output: one that is started anew from `out` draws the same. Neither of the
// arguments may go before this. The main loop's alone.
class LivePicture {
 public:
  LivePicture(const std::vector<BackgroundOption>& backgrounds, LiveOutput::Options& out)
      : backgrounds_(backgrounds), out_(out) {
    wanted_.text = backgrounds[0].text;
    if (!out.filter.common.hair_color.empty()) hair_ = out.filter.common.hair_color;
    if (out.filter.common.smooth_skin > 0) skin_ = out.filter.common.smooth_skin;
  }

  // Whether a verb of live_commands.h is one of these: background, next, previous, blur, hair, skin, mirror,
  // hide.
  static bool Has(const std::string& verb);
  // words: such a verb, and it passed CheckWords. output: null while there is none; then backgrounds, hair and skin,
  // which only it can judge, are refused, while mirror and hide wait for it. reply: at once, or when the background has
  // been read by another thread; kInvalidArgument: all stays as it was.
  void Command(const std::vector<std::string>& words, const std::shared_ptr<LiveOutput>& output, const Reply& reply);
  // Gives an output that has just been started from what `out` was then what has been changed since.
  void CatchUp(const LiveOutput::Options& then, const std::shared_ptr<LiveOutput>& output);

  bool hidden() const { return hidden_; }

 private:
  struct State {
    std::string text;
    int index = 0;            // of backgrounds_
    std::string before_blur;  // empty: backgrounds_[index]
  };
  void Retouch(const std::vector<std::string>& words, const std::shared_ptr<LiveOutput>& output, const Reply& reply);
  std::string ColourHair(const std::string& what, LiveOutput* output);
  std::string SmoothSkin(const std::string& what, LiveOutput* output);
  void Show(State next, const std::shared_ptr<LiveOutput>& output, const Reply& reply);
  void OnRead(uint64_t number, const State& next, const std::string& problem, const Reply& reply);
  State Cycled(int step) const;
  State Blurred() const;

  const std::vector<BackgroundOption>& backgrounds_;
  LiveOutput::Options& out_;
  bool hidden_ = false;
  std::string hair_;      // the last colour of the hair, to switch on again
  float skin_ = 0.5f;     // how far skin was smoothed last
  State shown_, wanted_;  // wanted_: the last one that was asked for, and may still be read
  uint64_t newest_ = 0, newest_shown_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace scrim::app
