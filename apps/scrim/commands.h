// The commands of `scrim`. Each returns what went wrong, in one line; main turns that into the exit status.
#pragma once

#include <string>

#include "background_option.h"
#include "base/status.h"
#include "session.h"

namespace scrim::app {

struct RunOptions {
  CommonOptions common;
  std::string input, output, contact_sheet;
  BackgroundOption background;
  bool stats = false, quiet = false;
};
Status Run(const RunOptions& options);

struct MatteOptions {
  CommonOptions common;
  std::string input, output;
  bool sequence = false, quiet = false;
};
Status Matte(const MatteOptions& options);

struct ImageOptions {
  CommonOptions common;
  std::string input, output;
  BackgroundOption background;
};
Status Image(const ImageOptions& options);

Status Info(const CommonOptions& options);

struct BenchOptions {
  CommonOptions common;
  bool json = false, steps = false;
};
Status Bench(const BenchOptions& options);

}  // namespace scrim::app
