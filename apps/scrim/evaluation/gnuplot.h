// Plots by gnuplot, which must be installed.
#pragma once

#include <string>

#include "base/status.h"

namespace scrim::app {

// Runs the script with the terminal that fits the extension of `path` (.png or .svg) and its output there; the script
// needs neither line and may hold its data in $blocks. Errors: another extension; gnuplot is missing or refuses.
Status Plot(const std::string& script, int width, int height, const std::string& path);

}  // namespace scrim::app
