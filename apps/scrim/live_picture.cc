#include "live_picture.h"

#include "live_commands.h"

namespace scrim::app {

bool LivePicture::Has(const std::string& verb) {
  return verb == "background" || verb == "next" || verb == "previous" || verb == "blur" || verb == "mirror" ||
         verb == "hide";
}

Status LivePicture::Command(const std::vector<std::string>& words, LiveOutput* output) {
  const std::string& verb = words[0];
  if (verb == "background") return SetBackground(words[1], output);
  if (verb == "next") return Cycle(1, output);
  if (verb == "previous") return Cycle(-1, output);
  if (verb == "blur") return ToggleBlur(output);
  if (verb == "mirror") {
    out_.mirror = WantedOf(words, out_.mirror);
    if (output != nullptr) output->SetMirror(out_.mirror);
  } else {
    hidden_ = WantedOf(words, hidden_);
    if (output != nullptr) output->SetHidden(hidden_);
  }
  return {};
}

Status LivePicture::SetBackground(const std::string& text, LiveOutput* output) {
  SCRIM_ASSIGN_OR_RETURN(const BackgroundOption parsed, ParseBackground(text));
  if (parsed.transparent()) return InvalidArgument("transparent: is for clips that become PNG frames");
  if (output == nullptr) return InvalidArgument(text + ": nothing is drawn at present; try again in a moment");
  if (const std::string problem = output->SetBackground(text); !problem.empty()) return InvalidArgument(problem);
  if (parsed.value.kind != SCRIM_BACKGROUND_BLUR) before_blur_ = text;
  out_.filter.background = text;
  return {};
}

Status LivePicture::Cycle(int step, LiveOutput* output) {
  const int count = static_cast<int>(backgrounds_.size());
  const int next = (background_ + step + count) % count;
  SCRIM_RETURN_IF_ERROR(SetBackground(backgrounds_[static_cast<size_t>(next)].text, output));
  background_ = next;
  return {};
}

Status LivePicture::ToggleBlur(LiveOutput* output) {
  scrim_background now{};
  scrim_parse_background(out_.filter.background.c_str(), &now);
  if (now.kind != SCRIM_BACKGROUND_BLUR) {
    before_blur_ = out_.filter.background;
    return SetBackground("blur", output);
  }
  return SetBackground(before_blur_.empty() ? backgrounds_[static_cast<size_t>(background_)].text : before_blur_,
                       output);
}

}  // namespace scrim::app
