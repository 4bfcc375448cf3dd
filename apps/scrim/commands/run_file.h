// From a clip to a clip, or to frames.
#pragma once

#include "live/run_options.h"

namespace scrim::app {

// options.input is a file; options.output a clip, or a folder where the background is transparent.
Status RunFile(const RunOptions& options);

}  // namespace scrim::app
