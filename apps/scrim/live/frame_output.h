// Frames of our own drawing, into any sink.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "image/frame.h"
#include "io/output_file.h"
#include "live/pipewire_camera.h"
#include "media/pipeline.h"

namespace scrim::app {

class FrameOutput {
 public:
  // sink: see KindOfSink; a file appears when Finish is through. All frames are width×height, both even. fps: frame i
  // is shown at i / fps; 0: when it comes.
  static StatusOr<std::unique_ptr<FrameOutput>> Start(const std::string& sink, int width, int height, double fps);
  ~FrameOutput();
  FrameOutput(const FrameOutput&) = delete;

  // RGBA. Waits where the sink is slower. Errors: the sink's.
  Status Push(const image::Frame& frame);
  bool closed() const { return closed_; }  // somebody closed the window: no more is wanted

  // Waits until the sink has everything.
  Status Finish();

 private:
  FrameOutput() = default;
  Status Poll(GstClockTime patience, bool* ended);

  std::string sink_;
  double fps_ = 0;
  int64_t count_ = 0;
  bool closed_ = false;
  std::optional<OutputFile> file_;
  std::unique_ptr<PipeWireCamera> camera_;  // goes after the pipeline that pushes into it
  Owned<GstElement> pipeline_, in_;
};

}  // namespace scrim::app
