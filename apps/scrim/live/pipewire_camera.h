// A virtual camera: a node of PipeWire's that programs find beside the real cameras.
#pragma once

#include <gst/video/video.h>

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace scrim::app {

// GStreamer's pipewiresink (0.3.65) does this, too, but waits for a buffer that nobody gives back once a client was
// late: it stood still after some seven frames.
class PipeWireCamera {
 public:
  // How many look, whenever that changes; from a thread of PipeWire's.
  using OnClients = std::function<void(int)>;

  // What frames of this size are: a format that has no padding in GStreamer's layout. Clients that know of no strides
  // see it right then (pipewiresrc 0.3.65), and those that take no padding take it (browsers' WebRTC).
  static GstVideoFormat FormatFor(int width);

  // node: its name, unique on this machine. info: of all frames, their format as FormatFor says. kUnsupported: built
  // without PipeWire; kIo: no daemon, or it does not take the node.
  static StatusOr<std::unique_ptr<PipeWireCamera>> Open(const std::string& node, const GstVideoInfo& info,
                                                        OnClients on_clients);
  virtual ~PipeWireCamera() = default;

  // Any thread. Never waits: a frame for which no client has given a buffer back is left out.
  virtual void Push(GstBuffer* frame) = 0;
  // Why it is gone; empty: it is there. Any thread.
  virtual std::string problem() = 0;
};

// The node that this process's camera is.
std::string OwnNode();

// A camera under OwnNode that shows what an appsink takes: frames of the canvas' size and rate. It must outlive the
// sink's pipeline.
StatusOr<std::unique_ptr<PipeWireCamera>> CameraBehind(GstElement* appsink, const GstVideoInfo& canvas,
                                                       PipeWireCamera::OnClients on_clients = {});

}  // namespace scrim::app
