// What --background means: an image file, blur[:N], #rrggbb or transparent.
#pragma once

#include <scrim/scrim.hpp>
#include <string>

#include "base/status.h"

namespace scrim::app {

inline constexpr const char* kBackgroundHelp =
    "what stands behind the person: an image file, blur or blur:N (N the blur's sigma in pixels of a 720-line frame, "
    "0.5 to "
    "100, default 14), #rrggbb, or transparent";

struct BackgroundOption {
  enum class Kind { kImage, kBlur, kColor, kTransparent };
  Kind kind = Kind::kBlur;
  std::string path;
  float strength = 14.f;
  uint8_t red = 0, green = 0, blue = 0;
};

// kInvalidArgument, with what is possible, for a spec that is none. A name that is nothing else is taken for a file.
StatusOr<BackgroundOption> ParseBackground(const std::string& spec);

// Reads the image where there is one.
Status Apply(const BackgroundOption& background, Session* session);

}  // namespace scrim::app
