// The cameras that PipeWire knows of.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "media/pipeline.h"

namespace scrim::app {

struct PipeWireNode {
  std::string name;     // node.name
  std::string serial;   // what pipewiresrc takes as target-object
  std::string label;    // what people call it
  std::string path;     // /dev/videoN; empty where it has none
  Owned<GstCaps> caps;  // its modes; empty: unknown
};

// Nodes that give video, by a connection of its own, which ends with the call: GStreamer's device provider (PipeWire
// 0.3.65) crashes now and then when the daemon goes away, and knows of nothing once it came back. Waits for the
// daemon's answer, two seconds at most; what has not come by then is left out. Without a daemon, and in a build without
// PipeWire: nothing.
std::vector<PipeWireNode> ListPipeWireNodes();

}  // namespace scrim::app
