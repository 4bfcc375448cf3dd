// The source of a live run: opened, watched, closed, lost and found again, without ever holding up the main loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "live/live_feed.h"
#include "live/live_source.h"

namespace scrim::app {

// The main loop's alone. Drivers and daemons are waited for by threads of their own; one that hangs is given up, and
// what it finds later is thrown away.
class LiveInput {
 public:
  // quiet: no line about what was opened first.
  LiveInput(std::string text, const Mode& mode, std::shared_ptr<LiveFeed> feed, bool quiet);
  ~LiveInput();
  LiveInput(const LiveInput&) = delete;

  void Open();
  void Close();

  enum class State { kRuns, kEnded, kFailed };
  // Takes note of what happened since the last call, and opens the source anew where that is due. kEnded: a clip is
  // over. kFailed: it cannot be opened, or is lost and does not come back; problem says why.
  State Check(std::string* problem);
  bool lost() const { return lost_; }
  // Nothing has come for longer than it usually takes: what is shown last is out of date.
  bool still() const;
  // Frames come so seldom, or so irregularly over a network, that each of them may wait for its mask.
  bool patient() const;
  // The process stood still; the source has all its time again.
  void ForgetTime();
  // From now on frames are fitted into these caps.
  void SetCanvas(GstCaps* canvas);

 private:
  using Clock = std::chrono::steady_clock;
  // What an errand comes back to; there until this goes.
  struct Opening {
    bool wanted = true;
  };
  using Opened = StatusOr<std::shared_ptr<LiveSource>>;

  void Start(Clock::time_point now);
  void OnOpened(Opened source);
  void GiveUp();
  State Lose(const std::string& problem, std::string* why);
  void SayThatItIsBack();

  const std::string text_;
  const Mode mode_;
  const std::shared_ptr<LiveFeed> feed_;
  const bool quiet_;
  bool wanted_ = false, lost_ = false, ever_opened_ = false;
  std::shared_ptr<LiveSource> source_;
  std::shared_ptr<Opening> opening_;                         // null: none is under way
  Status failure_;                                           // of the last opening
  std::shared_ptr<int> closing_ = std::make_shared<int>(0);  // sources that are being closed
  Clock::time_point opened_, retry_, closed_, lost_since_;
  std::string name_, about_;  // of the camera in use, or the last one
};

}  // namespace scrim::app
