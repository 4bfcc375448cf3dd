// A source that runs by itself and hands out its newest frame.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "live/source.h"

namespace scrim::app {

class LiveSource {
 public:
  // Takes the sample; from a thread of the source's.
  using OnSample = std::function<void(Owned<GstSample>)>;

  // canvas: caps that every frame is fitted into, with black borders; null: frames stay as they are, with even sides.
  // before: see OpenSource. May wait for drivers and daemons, as the destructor may.
  static StatusOr<std::unique_ptr<LiveSource>> Start(const std::string& text, const Mode& wish, GstCaps* canvas,
                                                     OnSample on_sample, const std::string& before = "");
  ~LiveSource();  // when it returns, on_sample is not called any more
  LiveSource(const LiveSource&) = delete;

  // From now on frames are fitted into these caps.
  void SetCanvas(GstCaps* canvas);

  enum class State { kRuns, kEnded, kFailed };
  // What happened since the last call; problem: of kFailed.
  State Poll(std::string* problem);

  const std::string& name() const { return name_; }  // a camera's
  std::string called() const;                        // for messages: "camera (HD Webcam)"
  const std::string& about() const { return about_; }
  bool comes_back() const { return comes_back_; }
  // Its end is no end of a clip: a camera that was cut off.
  bool endless() const { return endless_; }

 private:
  LiveSource() = default;
  static void OnElementAdded(GstBin* bin, GstBin* within, GstElement* element, gpointer data);
  std::string text_, name_, about_;
  bool comes_back_ = false;
  std::atomic<bool> endless_{false};
  OnSample on_sample_;
  Descriptor connection_;
  Owned<GstElement> pipeline_;
};

}  // namespace scrim::app
