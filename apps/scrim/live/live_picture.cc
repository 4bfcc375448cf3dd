#include "live/live_picture.h"

#include <glib.h>

#include <utility>

#include "common/color.h"
#include "io/errand.h"
#include "live/live_commands.h"

namespace scrim::app {
namespace {

constexpr guint kPatienceMs = 10000;  // for a background to be read

bool IsBlur(const std::string& text) {
  scrim_background parsed{};
  return scrim_parse_background(text.c_str(), &parsed) == SCRIM_OK && parsed.kind == SCRIM_BACKGROUND_BLUR;
}

// Answers once: with the result, or that it takes its time.
struct Pending {
  Reply reply;
  bool answered = false;
  void Answer(StatusOr<std::string> answer) {
    if (!std::exchange(answered, true)) reply(std::move(answer));
  }
};

}  // namespace

bool LivePicture::Has(const std::string& verb) {
  return verb == "background" || verb == "next" || verb == "previous" || verb == "blur" || verb == "hair" ||
         verb == "skin" || verb == "mirror" || verb == "hide";
}

void LivePicture::Command(const std::vector<std::string>& words, const std::shared_ptr<LiveOutput>& output,
                          const Reply& reply) {
  const std::string& verb = words[0];
  if (verb == "next") return Show(Cycled(1), output, reply);
  if (verb == "previous") return Show(Cycled(-1), output, reply);
  if (verb == "blur") return Show(Blurred(), output, reply);
  if (verb == "background") {
    State next = wanted_;
    next.text = words[1];
    if (!IsBlur(next.text)) next.before_blur = next.text;
    return Show(std::move(next), output, reply);
  }
  if (verb == "hair" || verb == "skin") return Retouch(words, output, reply);
  if (verb == "mirror") {
    out_.mirror = WantedOf(words, out_.mirror);
    if (output != nullptr) output->SetMirror(out_.mirror);
  } else {
    hidden_ = WantedOf(words, hidden_);
    if (output != nullptr) output->SetHidden(hidden_);
  }
  reply(std::string());
}

void LivePicture::CatchUp(const LiveOutput::Options& then, const std::shared_ptr<LiveOutput>& output) {
  output->SetMirror(out_.mirror);
  output->SetHidden(hidden_);
  output->SetHairColor(out_.filter.common.hair_color);
  output->SetSkinSmoothing(out_.filter.common.smooth_skin);
  if (wanted_.text != then.filter.background) Show(wanted_, output, [](const auto&) {});
}

void LivePicture::Retouch(const std::vector<std::string>& words, const std::shared_ptr<LiveOutput>& output,
                          const Reply& reply) {
  if (output == nullptr)
    return reply(InvalidArgument(words[0] + ": nothing is drawn at present; try again in a moment"));
  const std::string what = words.size() == 2 ? words[1] : "";
  const std::string problem = words[0] == "hair" ? ColourHair(what, output.get()) : SmoothSkin(what, output.get());
  if (!problem.empty()) return reply(InvalidArgument(problem));
  reply(std::string());
}

// what: a colour, off, or nothing to change between the two. In one line why all stays as it was.
std::string LivePicture::ColourHair(const std::string& what, LiveOutput* output) {
  std::string& now = out_.filter.common.hair_color;
  const bool off = what == "off" || (what.empty() && !now.empty());
  const std::string color = off ? "" : what.empty() ? hair_ : what;
  if (!off && color.empty()) return "hair: no colour was named yet; one is #rrggbb, as in #7a3b12";
  if (!off && !ParseColor(color)) return "hair " + NoColor(color);
  if (std::string problem = output->SetHairColor(color); !problem.empty()) return problem;
  if (!off) hair_ = color;
  now = color;
  return "";
}

// The same of how far skin is smoothed.
std::string LivePicture::SmoothSkin(const std::string& what, LiveOutput* output) {
  float& now = out_.filter.common.smooth_skin;
  double strength = what.empty() && now == 0 ? skin_ : 0;
  if (!what.empty() && what != "off") {
    gchar* end = nullptr;
    strength = g_ascii_strtod(what.c_str(), &end);
    if (end == what.c_str() || *end != '\0' || !(strength >= 0 && strength <= 1))
      return "skin " + what + ": 0 to 1 is wanted, or off";
  }
  const auto wanted = static_cast<float>(strength);
  if (std::string problem = output->SetSkinSmoothing(wanted); !problem.empty()) return problem;
  if (wanted > 0) skin_ = wanted;
  now = wanted;
  return "";
}

LivePicture::State LivePicture::Cycled(int step) const {
  State next = wanted_;
  const int count = static_cast<int>(backgrounds_.size());
  next.index = (next.index + step + count) % count;
  next.text = backgrounds_[static_cast<size_t>(next.index)].text;
  if (!IsBlur(next.text)) next.before_blur = next.text;
  return next;
}

LivePicture::State LivePicture::Blurred() const {
  State next = wanted_;
  if (IsBlur(wanted_.text)) {
    next.text = next.before_blur.empty() ? backgrounds_[static_cast<size_t>(next.index)].text : next.before_blur;
  } else {
    next.before_blur = wanted_.text;
    next.text = "blur";
  }
  return next;
}

void LivePicture::Show(State next, const std::shared_ptr<LiveOutput>& output, const Reply& reply) {
  const StatusOr<BackgroundOption> parsed = ParseBackground(next.text);
  if (!parsed.ok()) return reply(parsed.status());
  if (parsed->transparent()) return reply(InvalidArgument("transparent: is for clips that become PNG frames"));
  if (output == nullptr)
    return reply(InvalidArgument(next.text + ": nothing is drawn at present; try again in a moment"));
  const uint64_t number = ++newest_;
  if (number == 1) shown_ = wanted_;
  wanted_ = next;
  const auto pending = std::make_shared<Pending>(Pending{reply});
  using Held = std::pair<std::shared_ptr<Pending>, std::string>;
  const guint timer = g_timeout_add_full(
      G_PRIORITY_DEFAULT, kPatienceMs,
      [](gpointer data) -> gboolean {
        const auto& [waits, text] = *static_cast<Held*>(data);
        waits->Answer(IoError(text + ": has not been read yet; it is shown once it is"));
        return G_SOURCE_REMOVE;
      },
      new Held(pending, next.text), [](gpointer data) { delete static_cast<Held*>(data); });
  const std::string text = next.text;
  StartErrand<std::string>([output, text] { return output->SetBackground(text); },
                           [this, alive = std::weak_ptr<bool>(alive_), number, next = std::move(next), pending,
                            timer](const std::string& problem) {
                             if (alive.expired()) return;
                             if (!pending->answered) g_source_remove(timer);
                             OnRead(number, next, problem,
                                    [pending](auto answer) { pending->Answer(std::move(answer)); });
                           });
}

void LivePicture::OnRead(uint64_t number, const State& next, const std::string& problem, const Reply& reply) {
  if (!problem.empty()) {
    if (number == newest_) wanted_ = shown_;
    return reply(InvalidArgument(problem));
  }
  if (number > newest_shown_) {
    newest_shown_ = number;
    shown_ = next;
    out_.filter.background = next.text;
  }
  reply(std::string());
}

}  // namespace scrim::app
