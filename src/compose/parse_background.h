// Backgrounds as people write them: blur:14, #00b140.
#pragma once

#include <string>

#include "compose/compositor.h"

namespace scrim::compose {

// "blur", "blur:N" (N the strength, a plain decimal 0.5 to 100), "#rrggbb", "room" (as it is) or "transparent";
// anything else names an image file: kImage without a picture. kInvalidArgument, with what is possible, for an empty
// text or a bad number. The same in every locale.
StatusOr<Background> ParseBackground(const std::string& text);

}  // namespace scrim::compose
