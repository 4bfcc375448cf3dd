// What --background means: an image file, blur[:N], #rrggbb, room, transparent or, for run, screen.
#pragma once

#include <scrim/scrim.hpp>
#include <string>

#include "base/status.h"

namespace scrim::app {

inline constexpr const char* kBackgroundHelp =
    "what stands behind the person: an image file (for run also a video, which plays over and over), blur or blur:N (N "
    "the blur's sigma in pixels of a 720-line frame, 0.5 to 100, default 14), #rrggbb, room (the real one, as it is: "
    "everybody sees it), transparent, or for run also screen (the desktop, as it is)";

struct BackgroundOption {
  scrim_background value{};
  std::string text;  // as it was written; of SCRIM_BACKGROUND_IMAGE the file

  bool transparent() const { return value.kind == SCRIM_BACKGROUND_TRANSPARENT; }
};

// kInvalidArgument, with what is possible, for a spec that is none (see scrim_parse_background).
StatusOr<BackgroundOption> ParseBackground(const std::string& spec);

// Reads the image where there is one.
Status Apply(const BackgroundOption& background, Session* session);

}  // namespace scrim::app
