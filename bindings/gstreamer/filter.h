// What the element does with frames and properties, without GObject.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <scrim/scrim.hpp>
#include <string>

#include "clip.h"
#include "picture.h"
#include "screen.h"

namespace scrim::gst {

enum class Live { kAuto, kOn, kOff };  // kAuto: as the upstream elements are

enum class Keep { kPerson, kRoom };

// What is changed of the person.
struct Retouch {
  std::string hair_color;      // #rrggbb; empty: its own
  float hair_strength = 0.8f;  // 0 to 1
  float skin_smoothing = 0;    // 0 to 1
};

// What a session is made of. Empty texts: the defaults.
struct Settings {
  std::string model;       // path; empty: the released default
  std::string input_size;  // WxH; empty: the model's own
  std::string levels;      // LOW:HIGH; empty: 0:1
  std::string target;      // SIMD target; empty: the best
  int threads = DefaultParams().threads;
  bool refine_edges = DefaultParams().refine_edges != 0;
  bool stabilise = DefaultParams().stabilise != 0;
  bool remove_islands = DefaultParams().remove_islands != 0;
  bool decontaminate_edges = DefaultParams().decontaminate_edges != 0;
  float light_wrap = DefaultParams().light_wrap;
  Keep keep = Keep::kPerson;
  float match_brightness = DefaultParams().match_brightness;
  float person_size = DefaultParams().person_size;
  float person_position = DefaultParams().person_position;
  Live live = Live::kAuto;
  std::string budget;  // Nms or N%; empty: any
  Retouch retouch;
  float max_wait_ms = DefaultParams().wait_ms, max_mask_age_ms = DefaultParams().max_mask_age_ms;
};

struct Stats {
  uint64_t frames = 0;           // drawn
  uint64_t background_only = 0;  // of these, with the background alone
  uint64_t failures = 0;         // of these, because something went wrong
  uint64_t segmented = 0;        // with a person looked for: all but background_only
  scrim_stats library{};         // of all sessions since the start
  bool live = false;
};

// Messages are one line; an empty one says that all went well. Fails closed: whatever goes wrong, frames show the
// background alone.
class Filter {
 public:
  // From any thread. Before Start everything is only kept; afterwards it counts from the next frame on.
  Settings settings() const;
  void Change(const std::function<void(Settings*)>& change);
  // Of the next frame; nothing starts anew. After Start, on an error, all stays as it was: what is no colour, or a
  // model that does not know the hair or the skin.
  std::string ChangeRetouch(const std::function<void(Retouch*)>& change);
  std::string background() const;
  // Reads an image on the caller's thread. After Start, on an error, the old background stays. Of calls at one time the
  // last one counts, however long the others take.
  std::string SetBackground(const std::string& text);
  // How pictures and clips that are read from here on fit into the frame.
  Fit fit() const { return fit_; }
  void SetFit(Fit fit) { fit_ = fit; }
  bool bypass() const { return bypass_; }
  void SetBypass(bool bypass) { bypass_ = bypass; }
  Stats stats() const;
  bool wants_meta() const { return wants_meta_; }
  void WantMeta(bool want) { wants_meta_ = want; }
  bool ends_on_failure() const { return ends_on_failure_; }
  void EndOnFailure(bool end) { ends_on_failure_ = end; }
  // Whether the session in use is live, and how long a frame may wait in it.
  bool live() const { return live_; }
  float max_wait_ms() const { return settings().max_wait_ms; }
  // Whether the background in use is transparent, so that output needs alpha.
  bool transparent() const { return transparent_; }

  // From the thread that streams, or before it starts and after it ends.
  std::string Start();
  void Stop();
  // What a LATENCY query said of the elements upstream.
  void SetUpstreamLive(bool live);
  // Takes over what was changed.
  struct Changes {
    bool transparent = false, latency = false;
  };
  Changes Update();
  void Reset() { scrim_reset(session_.get()); }
  // What frames are from here on.
  void SetFormat(const scrim_frame& like);  // its planes are not looked at

  struct Outcome {
    bool drawn = false;           // false: out is not a frame that could be drawn into, and must not be shown
    bool background_only = true;  // without a person
    bool late = false;            // with the mask of an earlier, different frame
    std::string problem;
  };
  // time: the frame's in nanoseconds, or kNoTime, for a background that moves.
  Outcome Process(const scrim_frame& in, const scrim_frame& out, uint64_t time);
  // Of the last frame; the alpha as scrim_get_alpha.
  scrim_times times() const { return session_.times(); }
  bool GetAlpha(int width, int height, uint8_t* alpha, size_t stride) const {
    return session_.GetAlpha(width, height, alpha, stride) == SCRIM_OK;
  }

 private:
  struct Background {
    scrim_background value{};
    Picture picture;
    Fit fit = Fit::kCover;
    std::unique_ptr<Clip> clip;  // what moves, before the picture
    std::unique_ptr<Screen> screen;
  };
  std::string Keep(const std::string& text, uint64_t number);
  static std::string Read(const std::string& text, Fit fit, Background* background);
  static std::string ReadScreen(Fit fit, Background* background);
  void ShowClip(uint64_t time);
  void ShowScreen();
  // What the model of a session does not know, in the library's words; empty: it does.
  struct Lacks {
    std::string hair, skin;
  };
  static std::string Open(const Settings& settings, bool live, Session* session, Lacks* lacks);
  static std::string Apply(const Retouch& retouch, Session* session);
  std::string Apply(Session* session);
  bool Wants(const Settings& settings) const {
    return settings.live == Live::kOn || (settings.live == Live::kAuto && upstream_live_);
  }
  void Count(const Outcome& outcome);

  mutable std::mutex mutex_;
  Settings settings_;                  // behind mutex_, as far as changed_
  bool changed_ = false;               // since the last Update
  bool retouch_changed_ = false;       // the same of settings_.retouch alone
  Lacks lacks_;                        // of the session in use
  std::string text_ = "blur";          // of the background
  std::optional<Background> pending_;  // for the next Update
  uint64_t asked_ = 0, read_ = 0;      // numbers of SetBackground's calls: the last one, and the last that was read
  bool started_ = false;
  Stats stats_;
  scrim_stats ended_{};  // of the sessions before this one
  std::atomic<Fit> fit_{Fit::kCover};
  std::atomic<bool> bypass_{false}, transparent_{false}, live_{false}, wants_meta_{false}, ends_on_failure_{false};

  // The streaming thread's.
  Session session_;      // of the last settings that were possible
  std::string problem_;  // of the newest settings
  Background background_;
  scrim_frame like_{};      // what frames are; 0x0: none came
  bool formatted_ = false;  // the clip or screen gives such frames
  bool upstream_live_ = false;
  int unavailable_ = 0;  // frames in a row without a mask
};

}  // namespace scrim::gst
