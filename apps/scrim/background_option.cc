#include "background_option.h"

#include <charconv>

#include "image_io.h"
#include "session.h"

namespace scrim::app {

StatusOr<BackgroundOption> ParseBackground(const std::string& spec) {
  using Kind = BackgroundOption::Kind;
  BackgroundOption background;
  if (spec == "transparent") {
    background.kind = Kind::kTransparent;
  } else if (spec == "blur") {
    background.kind = Kind::kBlur;
  } else if (spec.rfind("blur:", 0) == 0) {
    background.kind = Kind::kBlur;
    const char *begin = spec.data() + 5, *end = spec.data() + spec.size();
    const auto [rest, error] = std::from_chars(begin, end, background.strength);
    if (error != std::errc() || rest != end || !(background.strength >= 0.5f && background.strength <= 100.f)) {
      return InvalidArgument("--background " + spec + ": the strength must be 0.5 to 100, as in blur:14");
    }
  } else if (!spec.empty() && spec[0] == '#') {
    background.kind = Kind::kColor;
    unsigned rgb = 0;
    const char *begin = spec.data() + 1, *end = spec.data() + spec.size();
    const auto [rest, error] = std::from_chars(begin, end, rgb, 16);
    if (spec.size() != 7 || error != std::errc() || rest != end) {
      return InvalidArgument("--background " + spec + ": a colour is # and six hexadecimal digits, as in #00b140");
    }
    background.red = rgb >> 16 & 255, background.green = rgb >> 8 & 255, background.blue = rgb & 255;
  } else {
    background.kind = Kind::kImage;
    background.path = spec;
  }
  return background;
}

Status Apply(const BackgroundOption& background, Session* session) {
  using Kind = BackgroundOption::Kind;
  switch (background.kind) {
    case Kind::kTransparent:
      return ToStatus(session->SetBackgroundTransparent());
    case Kind::kBlur:
      return ToStatus(session->SetBackgroundBlur(background.strength));
    case Kind::kColor:
      return ToStatus(session->SetBackgroundColor(background.red, background.green, background.blue));
    case Kind::kImage:
      break;
  }
  SCRIM_ASSIGN_OR_RETURN(image::Frame picture, ReadImage(background.path));
  return ToStatus(session->SetBackgroundImage(ToPublic(picture.view())));
}

}  // namespace scrim::app
