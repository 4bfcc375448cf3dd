// Colours as people write them.
#pragma once

#include <scrim/scrim.h>

#include <optional>
#include <string>

namespace scrim {

struct Rgb {
  uint8_t red = 0, green = 0, blue = 0;
};

// #rrggbb, as for a background.
inline std::optional<Rgb> ParseColor(const std::string& text) {
  scrim_background parsed{};
  if (scrim_parse_background(text.c_str(), &parsed) != SCRIM_OK || parsed.kind != SCRIM_BACKGROUND_COLOR) return {};
  return Rgb{parsed.red, parsed.green, parsed.blue};
}

// Why `text` is none, in one line.
inline std::string NoColor(const std::string& text) {
  return text + ": a colour is # and six hexadecimal digits, as in #7a3b12";
}

}  // namespace scrim
