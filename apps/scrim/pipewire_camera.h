// A virtual camera: a node of PipeWire's that programs find beside the real cameras.
#pragma once

#include <gst/video/video.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace scrim::app {

// Frames are I420. GStreamer's pipewiresink (0.3.65) does this, too, but waits for a buffer that nobody gives back once
// a client was late: it stood still after some seven frames.
class PipeWireCamera {
 public:
  // node: its name, unique on this machine. info: of all frames. kUnsupported: built without PipeWire; kIo: no daemon,
  // or it does not take the node.
  static StatusOr<std::unique_ptr<PipeWireCamera>> Open(const std::string& node, const GstVideoInfo& info);
  virtual ~PipeWireCamera() = default;

  // Any thread. Never waits: a frame for which no client has given a buffer back is left out.
  virtual void Push(GstBuffer* frame) = 0;
  // Why it is gone; empty: it is there. Any thread.
  virtual std::string problem() = 0;
};

// A camera that shows what an appsink takes: I420 of the canvas' size and rate. It must outlive the sink's pipeline.
StatusOr<std::unique_ptr<PipeWireCamera>> CameraBehind(GstElement* appsink, const std::string& node,
                                                       const GstVideoInfo& canvas);

}  // namespace scrim::app
