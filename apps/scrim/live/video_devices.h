// The cameras and loopback devices of this machine, as V4L2 and PipeWire know them.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "media/pipeline.h"

namespace scrim::app {

struct VideoDevice {
  Owned<GstDevice> device;  // of V4L2; null for PipeWire's
  Owned<GstCaps> caps;      // its modes; null: unknown
  std::string name;         // what people call it
  std::string path;         // /dev/videoN; empty where it has none
  std::string node;         // PipeWire's name; empty for V4L2
  std::string serial;       // by which PipeWire finds it
  bool sink = false;        // takes frames: a v4l2loopback device
};

// Waits for what drivers and PipeWire answer, which can take for ever. kIo: somebody else waits for it already.
StatusOr<std::vector<VideoDevice>> ListDevices();

// Never this process's own. "camera": the one of the name `before`, or the first one. Otherwise a path, PipeWire's
// name, or the name or its beginning. kNotFound says what there is.
StatusOr<VideoDevice> FindCamera(const std::string& text, const std::string& before = "");

// A source element for frames of a camera; null: GStreamer has none for it.
Owned<GstElement> MakeCameraElement(const VideoDevice& camera);

}  // namespace scrim::app
