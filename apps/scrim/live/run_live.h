// From anything to anything in real time, until it is told to end.
#pragma once

#include "live/run_options.h"

namespace scrim::app {

// Takes up again a source or a sink that fails after it worked, and shows the background alone meanwhile. Errors: what
// fails before it ever worked, and files.
Status RunLive(const RunOptions& options);

}  // namespace scrim::app
