// A way to PipeWire's daemon.
#pragma once

#include "base/status.h"
#include "io/descriptor.h"

namespace scrim::app {

// A connection of its own to the daemon that programs find, as GStreamer's elements take it. kIo: none answers;
// kUnsupported: built without PipeWire. Waits where the daemon's queue is full.
StatusOr<Descriptor> ConnectToPipeWire();

}  // namespace scrim::app
