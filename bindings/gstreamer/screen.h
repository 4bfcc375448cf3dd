// The X display's screen as background, as it is.
#pragma once

#include <gst/video/video.h>

#include <memory>
#include <string>

#include "clip.h"

namespace scrim::gst {

// One thread at a time.
class Screen {
 public:
  // The screen that DISPLAY names. In one line why not; empty: *screen runs, and has given a picture.
  static std::string Open(Fit fit, std::unique_ptr<Screen>* screen);
  ~Screen();
  Screen(const Screen&) = delete;

  // Frames will be wanted like this one, scaled and converted by the screen's own thread.
  void SetSize(const GstVideoInfo& like);

  // The newest picture, where it is another one than the last call's; the caller unrefs it. Null: the old one stays.
  // The first one is waited for.
  GstSample* Newest();

 private:
  Screen() = default;

  GstElement *pipeline_ = nullptr, *frames_ = nullptr;
  Fit fit_ = Fit::kCover;
  bool fresh_ = true;  // no picture has been given since SetSize
  GstVideoInfo wanted_{};
};

}  // namespace scrim::gst
