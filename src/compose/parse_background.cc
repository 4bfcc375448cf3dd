#include "compose/parse_background.h"

#include <charconv>

namespace scrim::compose {
namespace {

// Digits with at most one point among them; -1 otherwise. std::from_chars reads no floats in every standard library
// that scrim is built with, and strtof wants the locale's comma.
float ParseDecimal(const std::string& text) {
  double value = 0, unit = 1;
  bool digits = false, point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      value = value * 10 + (c - '0');
      if (point) unit *= 10;
    } else {
      return -1;
    }
  }
  return digits ? static_cast<float>(value / unit) : -1;
}

}  // namespace

StatusOr<Background> ParseBackground(const std::string& text) {
  using Kind = Background::Kind;
  Background background;
  if (text.empty()) return InvalidArgument("a background is an image file, blur, blur:N, #rrggbb, room or transparent");
  if (text == "transparent") {
    background.kind = Kind::kTransparent;
  } else if (text == "room") {
    background.kind = Kind::kRoom;
  } else if (text == "blur") {
    background.kind = Kind::kBlur;
  } else if (text.rfind("blur:", 0) == 0) {
    background.kind = Kind::kBlur;
    background.blur_sigma = ParseDecimal(text.substr(5));
    if (!(background.blur_sigma >= 0.5f && background.blur_sigma <= 100.f))
      return InvalidArgument(text + ": the strength must be 0.5 to 100, as in blur:14");
  } else if (text[0] == '#') {
    unsigned rgb = 0;
    const char *begin = text.data() + 1, *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(begin, end, rgb, 16);
    if (text.size() != 7 || error != std::errc() || rest != end)
      return InvalidArgument(text + ": a colour is # and six hexadecimal digits, as in #00b140");
    background.color = {static_cast<uint8_t>(rgb >> 16), static_cast<uint8_t>(rgb >> 8), static_cast<uint8_t>(rgb)};
  } else {
    background.kind = Kind::kImage;
  }
  return background;
}

}  // namespace scrim::compose
