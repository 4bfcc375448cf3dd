// What passes from a live run's source to its output: the newest frame, or the one that is held.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "live/live_output.h"
#include "media/pipeline.h"

namespace scrim::app {

// The source's threads and the main loop share it. Each source has a number; frames of one that was given up are not
// taken any more, however late they come.
class LiveFeed {
 public:
  using Clock = std::chrono::steady_clock;

  // on_canvas: the first frame has come, and says what all are fitted into; from the source's thread.
  explicit LiveFeed(std::function<void()> on_canvas) : on_canvas_(std::move(on_canvas)) {}

  // From the source's thread. Takes the sample.
  void Take(uint64_t source, Owned<GstSample> sample);

  // The rest is the main loop's.
  uint64_t NewSource();  // its number; none of its frames has come
  void EndSource() { NewSource(); }
  // Where frames go from here on; null: nowhere. The one before.
  std::shared_ptr<LiveOutput> SetOutput(std::shared_ptr<LiveOutput> output);
  // The process stood still, for a while that is not the source's fault.
  void ForgetTime();

  // What frames of the first source were; null as long as none came. It does not change.
  GstCaps* canvas() const;
  // The same without its rate, which sources may change.
  Owned<GstCaps> Fitting() const;
  bool came() const;                // a frame of this source
  Clock::duration silence() const;  // since its newest frame, or since it was opened
  Clock::duration slowest() const;  // the longest of the last intervals between frames; 0: not known yet

  void SetFrozen(bool frozen);
  bool frozen() const { return frozen_; }
  void PushStill();  // what is shown where no frame comes: the held one, else the background alone
  void PushAlone();

  void ExpectWaking();     // a source that was paused is wanted
  double wake_ms() const;  // how long that took the last time; 0: it never was

 private:
  const std::function<void()> on_canvas_;
  mutable std::mutex mutex_;
  uint64_t source_ = 0;
  bool came_ = false;
  Clock::time_point last_, woken_{};
  double wake_ms_ = 0;
  static constexpr size_t kIntervals = 4;
  Clock::duration intervals_[kIntervals] = {};
  size_t known_ = 0;  // intervals since the source was opened
  Owned<GstCaps> canvas_;
  std::shared_ptr<LiveOutput> output_;
  bool frozen_ = false;
  Owned<GstBuffer> held_;
};

}  // namespace scrim::app
