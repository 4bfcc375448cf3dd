#include "live/live_input.h"

#include <algorithm>
#include <utility>

#include "io/errand.h"
#include "io/say.h"

namespace scrim::app {
namespace {

using namespace std::chrono_literals;

// Without a frame: it is out of date. In the dark a camera may give one a second, from one to the next.
constexpr auto kLeastStill = 1200ms;
constexpr auto kMostStill = 10s;
constexpr auto kStillAtFirst = 2s;                   // the same, as long as the rate is not known
constexpr int kIntervals = 3;                        // so many of the longest in a row are no accident
constexpr auto kPatience = 5s, kMostPatience = 30s;  // without a frame: the source is opened anew
constexpr auto kOpening = 15s;                       // for a source that is being opened, and again for its first frame
constexpr auto kClosing = 5s;                        // for the one before; then the new one is opened beside it
constexpr auto kRetry = 1s;
constexpr auto kSameCamera = 5s;  // for "camera" to be the one that it was
constexpr auto kSlow = 200ms;     // between frames

}  // namespace

LiveInput::LiveInput(std::string text, const Mode& mode, std::shared_ptr<LiveFeed> feed, bool quiet)
    : text_(std::move(text)), mode_(mode), feed_(std::move(feed)), quiet_(quiet) {}

LiveInput::~LiveInput() { Close(); }

void LiveInput::Open() {
  wanted_ = true;
  retry_ = {};
}

void LiveInput::Close() {
  wanted_ = false;
  GiveUp();
}

// Frames of what was in use, or is found too late, count no more.
void LiveInput::GiveUp() {
  feed_->EndSource();
  if (opening_ != nullptr) opening_->wanted = false;
  opening_.reset();
  failure_ = {};
  if (source_ == nullptr) return;
  ++*closing_;
  closed_ = Clock::now();
  ReleaseElsewhere(std::exchange(source_, nullptr), [closing = closing_] { --*closing; });
}

void LiveInput::Start(Clock::time_point now) {
  opened_ = now;
  opening_ = std::make_shared<Opening>();
  const uint64_t number = feed_->NewSource();
  // The camera that was in use has some time to come back before another one takes its place.
  const std::string before = text_ == "camera" ? name_ : "";
  const bool only_before = !before.empty() && now - lost_since_ < kSameCamera;
  std::shared_ptr<GstCaps> canvas;
  if (feed_->canvas() != nullptr) canvas.reset(feed_->Fitting().release(), [](GstCaps* caps) { gst_caps_unref(caps); });
  StartErrand<Opened>(
      [text = only_before ? before : text_, mode = mode_, canvas, number, feed = feed_, before]() -> Opened {
        SCRIM_ASSIGN_OR_RETURN(
            std::unique_ptr<LiveSource> source,
            LiveSource::Start(
                text, mode, canvas.get(),
                [feed, number](Owned<GstSample> sample) { feed->Take(number, std::move(sample)); }, before));
        return std::shared_ptr<LiveSource>(std::move(source));
      },
      [this, opening = opening_](Opened source) {
        if (opening->wanted) return OnOpened(std::move(source));
        if (source.ok()) ReleaseElsewhere(std::move(*source));
      });
}

void LiveInput::OnOpened(Opened source) {
  opening_.reset();
  if (!source.ok()) {
    failure_ = source.status();
    return;
  }
  source_ = std::move(*source);
  opened_ = Clock::now();
  if (const Owned<GstCaps> fitting = feed_->canvas() != nullptr ? feed_->Fitting() : nullptr; fitting != nullptr)
    source_->SetCanvas(fitting.get());
  if (!std::exchange(ever_opened_, true)) {
    name_ = source_->name(), about_ = source_->about();
    if (!quiet_) Say(about_);
  }
}

LiveInput::State LiveInput::Check(std::string* problem) {
  if (!wanted_) return State::kRuns;
  const Clock::time_point now = Clock::now();
  if (!failure_.ok()) return Lose(std::exchange(failure_, {}).message(), problem);
  if (opening_ != nullptr) return now - opened_ > kOpening ? Lose(text_ + ": does not answer", problem) : State::kRuns;
  if (source_ == nullptr) {
    if (now >= retry_ && (*closing_ == 0 || now - closed_ > kClosing)) Start(now);
    return State::kRuns;
  }
  std::string why;
  switch (source_->Poll(&why)) {
    case LiveSource::State::kEnded:
      if (source_->endless()) return Lose(source_->called() + ": has ended", problem);
      if (feed_->canvas() != nullptr) return State::kEnded;
      return Lose(text_ + ": has no frame that can be decoded", problem);
    case LiveSource::State::kFailed:
      return Lose(why, problem);
    case LiveSource::State::kRuns:
      break;
  }
  const auto most = feed_->came() ? std::clamp<Clock::duration>(kIntervals * feed_->slowest(), kPatience, kMostPatience)
                                  : Clock::duration(kOpening);
  if (feed_->silence() > most) return Lose(source_->called() + ": gives no frames", problem);
  if (lost_ && feed_->came()) SayThatItIsBack();
  return State::kRuns;
}

LiveInput::State LiveInput::Lose(const std::string& problem, std::string* why) {
  const bool again = feed_->canvas() != nullptr && (source_ == nullptr || source_->comes_back());
  GiveUp();
  retry_ = Clock::now() + kRetry;
  if (!again) {
    wanted_ = false;
    *why = problem;
    return State::kFailed;
  }
  if (!std::exchange(lost_, true)) {
    lost_since_ = Clock::now();
    Say(problem + "; the background alone is shown until it is back" +
        (text_ == "camera" ? ", or another camera is there" : ""));
  }
  return State::kRuns;
}

void LiveInput::SayThatItIsBack() {
  lost_ = false;
  const bool another = !name_.empty() && source_->name() != name_;
  name_ = source_->name(), about_ = source_->about();
  if (another) return Say(text_ + ": " + about_ + " is taken in its place");
  Say(text_ + ": is back" + (about_ != text_ ? " (" + about_ + ")" : ""));
}

bool LiveInput::still() const {
  if (source_ == nullptr || !feed_->came()) return true;
  const Clock::duration slowest = feed_->slowest();
  return feed_->silence() > (slowest == Clock::duration{}
                                 ? Clock::duration(kStillAtFirst)
                                 : std::clamp<Clock::duration>(kIntervals * slowest, kLeastStill, kMostStill));
}

bool LiveInput::patient() const { return KindOfSource(text_) == SourceKind::kUrl || feed_->slowest() > kSlow; }

void LiveInput::ForgetTime() {
  feed_->ForgetTime();
  opened_ = Clock::now();
}

void LiveInput::SetCanvas(GstCaps* canvas) {
  if (source_ != nullptr) source_->SetCanvas(canvas);
}

}  // namespace scrim::app
