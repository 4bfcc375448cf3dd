// What `scrim run` is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "live/source.h"
#include "options/background_option.h"
#include "options/filter_options.h"

namespace scrim::app {

struct RunOptions {
  FilterOptions filter;  // its background is the first of these
  std::vector<BackgroundOption> backgrounds;
  std::string input, output;  // see SourceKind and SinkKind
  std::string contact_sheet;
  Mode mode;            // wanted of a camera, a screen or a test pattern; 0: what is sensible
  int64_t frames = 0;   // the end; 0: none
  double duration = 0;  // seconds; 0: none
  bool mirror = false, stats = false, quiet = false;
  bool keys = true;     // where stdin is a terminal
  std::string control;  // socket; empty: none
};

}  // namespace scrim::app
