// A video as background: plays at its own rate, over and over, by the clock of the frames before it. Or the screen, as
// it is.
#pragma once

#include <gst/video/video.h>

#include <memory>
#include <string>

namespace scrim::gst {

enum class Fit { kCover, kContain, kTile };

// One thread at a time.
class Clip {
 public:
  // In one line why not, with the path: no file, no video. Empty: *clip plays. Blocks until the first frame is decoded.
  // fit: kTile is for pictures, and covers.
  static std::string Open(const std::string& path, Fit fit, std::unique_ptr<Clip>* clip);
  // The screen of the X display that DISPLAY names.
  static std::string OpenScreen(Fit fit, std::unique_ptr<Clip>* clip);
  ~Clip();
  Clip(const Clip&) = delete;

  // Frames will be wanted like this one, scaled and converted by the clip's own thread.
  void SetSize(const GstVideoInfo& like);

  // The frame for this time (of any origin; a jump is another beginning), where it is another one than the last call's.
  // wait: until it is decoded; otherwise the old one stays where the clip's thread is late. Null: the old one stays.
  // The caller unrefs the sample.
  GstSample* FrameAt(GstClockTime time, bool wait);

 private:
  Clip() = default;
  // file: what name names, else the screen.
  static std::string Start(bool file, const std::string& name, Fit fit, std::unique_ptr<Clip>* clip);
  void Rewind();
  GstSample* Newest();

  GstElement *pipeline_ = nullptr, *frames_ = nullptr;
  Fit fit_ = Fit::kCover;
  bool realtime_ = false;                    // frames come when they happen
  GstClockTime base_ = GST_CLOCK_TIME_NONE;  // the time at which this round began
  GstClockTime last_ = 0, end_ = 0;          // of the frames taken in this round
  GstSample* next_ = nullptr;                // taken, and not due yet
  bool fresh_ = true;                        // no frame has been given since SetSize
  GstVideoInfo wanted_{};                    // of a screen
};

}  // namespace scrim::gst
