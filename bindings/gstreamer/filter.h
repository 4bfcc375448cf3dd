// What the element does with frames and properties, without GObject.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <scrim/scrim.hpp>
#include <string>

#include "picture.h"

namespace scrim::gst {

// What a session is made of. Empty texts: the defaults.
struct Settings {
  std::string model;    // path; empty: the released default
  std::string density;  // WxH; empty: the model's own
  std::string levels;   // LOW:HIGH; empty: 0:1
  int threads = scrim_default_params().threads;
  bool guided = scrim_default_params().guided != 0;
  bool stabilise = scrim_default_params().stabilise != 0;
};

struct Stats {
  uint64_t frames = 0;     // drawn
  uint64_t failures = 0;   // of these, with the background alone because something went wrong
  uint64_t segmented = 0;  // of these, with a person looked for
  scrim_times mean{};      // of the segmented ones, milliseconds
};

// Messages are one line; an empty one says that all went well. Fails closed: whatever goes wrong, frames show the
// background alone.
class Filter {
 public:
  // From any thread. Before Start everything is only kept; afterwards it counts from the next frame on.
  Settings settings() const;
  void Change(const std::function<void(Settings*)>& change);
  std::string background() const;
  // Reads an image on the caller's thread. After Start, on an error, the old background stays.
  std::string SetBackground(const std::string& text);
  bool bypass() const { return bypass_; }
  void SetBypass(bool bypass) { bypass_ = bypass; }
  Stats stats() const;
  // Whether the background in use is transparent, so that output needs alpha.
  bool transparent() const { return transparent_; }

  // From the thread that streams, or before it starts and after it ends.
  std::string Start();
  void Stop();
  // Takes over what was changed. Whether transparent() changed.
  bool Update();
  void Reset() { scrim_reset(session_.get()); }

  struct Outcome {
    bool drawn = false;  // false: out is not a frame that could be drawn into, and must not be shown
    std::string problem;
  };
  Outcome Process(const scrim_frame& in, const scrim_frame& out);

 private:
  struct Background {
    scrim_background value{};
    Picture picture;
  };
  static std::string Read(const std::string& text, Background* background);
  static std::string Open(const Settings& settings, Session* session);
  std::string Apply(Session* session);
  void Count(bool failed, const scrim_times* times);

  std::mutex reading_;  // one SetBackground or Start at a time, so that the last one wins
  mutable std::mutex mutex_;
  Settings settings_;                  // behind mutex_, as far as changed_
  bool changed_ = false;               // since the last Update
  std::string text_ = "blur";          // of the background
  std::optional<Background> pending_;  // for the next Update
  bool started_ = false;
  Stats stats_;
  std::atomic<bool> bypass_{false}, transparent_{false};

  // The streaming thread's.
  Session session_;      // of the last settings that were possible
  std::string problem_;  // of the newest settings
  Background background_;
};

}  // namespace scrim::gst
