#include "live/run_live.h"

#include <glib-unix.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "io/errand.h"
#include "io/interrupt.h"
#include "io/output_file.h"
#include "io/say.h"
#include "live/control.h"
#include "live/live_commands.h"
#include "live/live_feed.h"
#include "live/live_input.h"
#include "live/live_output.h"
#include "live/live_picture.h"
#include "live/terminal_keys.h"

namespace scrim::app {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kOpening = 30s;  // for a sink
constexpr auto kRetry = 1s;
constexpr auto kEnding = 5s;           // for a sink to finish
constexpr auto kEndingStill = 1500ms;  // for one in which nothing moves
constexpr auto kClosing = 800ms;       // for devices and servers to be let go
constexpr auto kGap = 2s;              // between ticks: this process, or the machine, was stopped
constexpr guint kIdleAfterMs = 2000;   // nobody looks
constexpr guint kPausedTickMs = 1000;

// GLib's main loop on the caller's thread, which never waits: what may take long is an errand. Sources, outputs and
// windows call from threads of their own, through LiveFeed and InLoop.
class LiveRun {
 public:
  explicit LiveRun(const RunOptions& options) : options_(options), loop_(g_main_loop_new(nullptr, FALSE)) {}
  ~LiveRun() {
    alive_.reset();
    if (interrupt_source_ != 0) g_source_remove(interrupt_source_);
    if (tick_ != 0) g_source_remove(tick_);
    if (idle_timer_ != 0) g_source_remove(idle_timer_);
    keys_.reset();
    server_.reset();
    while (g_main_context_iteration(nullptr, FALSE)) {  // frees what InLoop and clients left
    }
    g_main_loop_unref(loop_);
  }

  Status Run() {
    SCRIM_RETURN_IF_ERROR(StartGStreamer());
    SCRIM_RETURN_IF_ERROR(Prepare());
    const FinishesOnInterrupt finishes;
    SCRIM_RETURN_IF_ERROR(Listen());
    input_.Open();
    SetTick(33);
    g_main_loop_run(loop_);
    if (options_.stats && output_ != nullptr) SayPlainly(Stats());
    input_.Close();
    CloseOutput();
    ErrandsEnd(kClosing);
    if (file_) {
      const Status kept =
          keep_file_ ? file_->Commit() : IoError(options_.output + ": the run ended before its first frame");
      if (status_.ok()) status_ = kept;
    }
    return status_;
  }

 private:
  // What may take long, while a signal still ends the process at once.
  Status Prepare() {
    out_.filter = options_.filter;
    SCRIM_ASSIGN_OR_RETURN(out_.filter.common.model, FindModel(out_.filter.common));
    out_.filter.background = options_.backgrounds[0].text;
    out_.sink = options_.output;
    out_.mirror = options_.mirror, out_.frames = options_.frames, out_.duration = options_.duration;
    out_.on_key =
        InLoop<const std::string&>([this](const std::string& key) { OnKey(key.size() == 1 ? key[0] : ' ', key); });
    if (KindOfSink(options_.output) == SinkKind::kFile) {
      SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(options_.output));
      file_.emplace(std::move(file));
      out_.path = file_->part_path();
    }
    return {};
  }

  Status Listen() {
    const std::string control = options_.control.empty() ? DefaultControlPath() : options_.control;
    if (!control.empty()) {
      server_.emplace();
      Status listens =
          server_->Listen(control, [this](const auto& words, const Reply& reply) { Command(words, reply); });
      if (!listens.ok() && !options_.control.empty()) return listens;
      if (!listens.ok() && !options_.quiet) Say(listens.message());
    }
    if (options_.keys) {
      keys_.emplace([this](char key) { OnKey(key, ""); });
      if (keys_->active() && !options_.quiet)
        SayPlainly(
            "keys: n next, p previous background, b blur, m mirror, f freeze, h hide, space pause, s stats, q quit");
    }
    interrupt_source_ = g_unix_fd_add(InterruptDescriptor(), G_IO_IN, OnInterrupt, this);
    return {};
  }

  // What does `work` in the main loop, unless that has ended.
  template <typename Argument>
  std::function<void(Argument)> InLoop(std::function<void(Argument)> work) {
    return [alive = std::weak_ptr<bool>(alive_), work = std::move(work)](Argument argument) {
      InMainLoop([alive, work, argument] {
        if (!alive.expired()) work(argument);
      });
    };
  }

  static gboolean OnInterrupt(gint, GIOCondition, gpointer data) {
    static_cast<LiveRun*>(data)->interrupt_source_ = 0;
    static_cast<LiveRun*>(data)->Finish();
    return G_SOURCE_REMOVE;
  }

  // One at a time; what it was started from may have changed when it is there.
  void StartOutput() {
    if (output_opened_ != Clock::time_point{} || finishing_) return;
    output_opened_ = Clock::now();
    const uint64_t number = ++output_number_;
    LiveOutput::Options out = out_;
    out.patient = input_.patient();
    if (KindOfSink(options_.output) == SinkKind::kPipeWire)
      out.on_clients = InLoop<int>([this, number](int count) {
        if (number == output_number_) OnClients(count);
      });
    const std::shared_ptr<GstCaps> canvas(gst_caps_ref(feed_->canvas()), [](GstCaps* caps) { gst_caps_unref(caps); });
    using Opened = StatusOr<std::shared_ptr<LiveOutput>>;
    StartErrand<Opened>(
        [out, canvas]() -> Opened {
          SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<LiveOutput> output, LiveOutput::Start(out, canvas.get()));
          return std::shared_ptr<LiveOutput>(std::move(output));
        },
        [this, number, out, alive = std::weak_ptr<bool>(alive_)](Opened output) {
          if (alive.expired() || number != output_number_) {
            if (output.ok()) ReleaseElsewhere(std::move(*output));
          } else if (output_opened_ = {}; output.ok()) {
            OnOutputOpened(out, std::move(*output));
          } else {
            OnOutputFailed(output.status().message());
          }
        });
  }

  void OnOutputOpened(const LiveOutput::Options& out, std::shared_ptr<LiveOutput> output) {
    output_ = std::move(output);
    output_worked_ |= KindOfSink(options_.output) == SinkKind::kPipeWire;  // the daemon has taken the camera
    picture_.CatchUp(out, output_);
    gint n = 30, d = 1;
    gst_structure_get_fraction(gst_caps_get_structure(feed_->canvas(), 0), "framerate", &n, &d);
    interval_ms_ = static_cast<guint>(std::max(1, 1000 * d / n));
    input_.SetCanvas(feed_->Fitting().get());
    feed_->SetOutput(output_);
    // Nobody may be there from the start.
    if (KindOfSink(options_.output) == SinkKind::kPipeWire && client_count_ == 0) StartIdleTimer();
    SetTick(paused() ? kPausedTickMs : interval_ms_);
  }

  void CloseOutput() {
    ++output_number_;
    output_opened_ = {};
    client_count_ = 0;
    feed_->SetOutput(nullptr);
    ReleaseElsewhere(std::exchange(output_, nullptr));
  }

  void OnOutputFailed(const std::string& problem) {
    const bool comes_back = output_worked_ && (output_ == nullptr || output_->comes_back());
    if (output_ != nullptr && output_->worked()) keep_file_ = true;  // what is there of it
    CloseOutput();
    if (!comes_back) return Quit(IoError(problem));
    if (finishing_) return Quit({});  // such a sink keeps no file that could be lost
    if (!std::exchange(output_lost_, true)) Say(problem + "; trying again");
    output_retry_ = Clock::now() + kRetry;
  }

  void SetTick(guint ms) {
    if (tick_ != 0) g_source_remove(tick_);
    last_tick_ = Clock::now();
    tick_ = g_timeout_add(
        ms,
        [](gpointer data) -> gboolean {
          static_cast<LiveRun*>(data)->Tick();
          return G_SOURCE_CONTINUE;
        },
        this);
  }

  void Tick() {
    Moved();
    const Clock::time_point now = Clock::now();
    if (now - std::exchange(last_tick_, now) > kGap) {
      input_.ForgetTime();
      end_by_ += kEnding;
    }
    CheckOutput();
    if (finishing_) return CheckEnd(now);
    if (paused()) {
      if (user_paused_) feed_->PushAlone();
      return;
    }
    CheckInput();
    if (output_ == nullptr) return;
    output_->SetPatient(input_.patient());
    if (input_.still()) feed_->PushStill();
  }

  void CheckEnd(Clock::time_point now) {
    const int64_t shown = output_ != nullptr ? output_->shown() : 0;
    if (std::exchange(end_shown_, shown) != shown) end_moved_ = now;
    if (output_ == nullptr || now > end_by_ || now - end_moved_ > kEndingStill) Quit({});
  }

  void CheckOutput() {
    if (output_ == nullptr) {
      const Clock::time_point now = Clock::now();
      if (output_opened_ != Clock::time_point{} && now - output_opened_ > kOpening)
        return OnOutputFailed(options_.output + ": does not answer");
      if (output_lost_ && now > output_retry_) StartOutput();
      return;
    }
    if (output_->worked()) {
      output_worked_ = true;
      if (std::exchange(output_lost_, false)) Say(options_.output + ": is back");
    }
    if (output_->limit_reached()) Finish();
    std::string problem;
    switch (output_->Poll(&problem)) {
      case LiveOutput::State::kEnded:
      case LiveOutput::State::kClosed:
        keep_file_ = true;
        return Quit({});
      case LiveOutput::State::kFailed:
        return OnOutputFailed(problem);
      case LiveOutput::State::kRuns:
        break;
    }
  }

  void CheckInput() {
    std::string problem;
    switch (input_.Check(&problem)) {
      case LiveInput::State::kEnded:
        return Finish();
      case LiveInput::State::kFailed:
        return Quit(IoError(problem));
      case LiveInput::State::kRuns:
        break;
    }
  }

  bool paused() const { return user_paused_ || idle_; }

  // Closes the source, and opens it again; meanwhile nothing runs.
  void SetPaused(bool* which, bool on) {
    const bool before = paused();
    *which = on;
    if (paused() == before || finishing_) return;
    feed_->PushAlone();
    if (on) {
      input_.Close();
      SetTick(kPausedTickMs);
    } else {
      feed_->ExpectWaking();
      input_.Open();
      SetTick(interval_ms_);
      CheckInput();
    }
  }

  void OnClients(int count) {
    client_count_ = count;
    if (count > 0) {
      if (idle_timer_ != 0) g_source_remove(std::exchange(idle_timer_, 0));
      SetPaused(&idle_, false);
    } else {
      StartIdleTimer();
    }
  }
  void StartIdleTimer() {
    if (idle_timer_ != 0 || idle_) return;
    idle_timer_ = g_timeout_add(
        kIdleAfterMs,
        [](gpointer data) -> gboolean {
          auto* self = static_cast<LiveRun*>(data);
          self->idle_timer_ = 0;
          if (self->client_count_ == 0 && !self->finishing_) self->SetPaused(&self->idle_, true);
          return G_SOURCE_REMOVE;
        },
        this);
  }

  void Finish() {
    if (std::exchange(finishing_, true)) return;
    input_.Close();
    end_moved_ = Clock::now();
    end_by_ = end_moved_ + kEnding;
    if (output_ == nullptr) return Quit({});
    output_->End();
    SetTick(20);
  }

  void Quit(Status status) {
    if (status.ok() && output_ != nullptr && output_->worked()) keep_file_ = true;
    if (status_.ok()) status_ = std::move(status);
    g_main_loop_quit(loop_);
  }

  void OnKey(char key, const std::string& name) {
    const std::vector<std::string> command = CommandOfKey(key, name, user_paused_);
    if (command.empty()) return;
    Command(command, [](const StatusOr<std::string>& answer) {
      if (!answer.ok()) return Say(answer.status().message());
      if (!answer->empty()) SayPlainly(*answer);
    });
  }

  void Command(const std::vector<std::string>& words, const Reply& reply) {
    const std::string& verb = words[0];
    if (const Status status = CheckWords(words); !status.ok()) return reply(status);
    if (LivePicture::Has(verb)) return picture_.Command(words, output_, reply);
    if (verb == "stats") return reply(Stats());
    if (verb == "freeze") feed_->SetFrozen(WantedOf(words, feed_->frozen()));
    if (verb == "pause" || verb == "resume") SetPaused(&user_paused_, verb == "pause");
    if (verb == "quit") Finish();
    reply(std::string());
  }

  std::string Stats() {
    std::string text = "source: ";
    text += user_paused_ ? "paused" : idle_ ? "paused, nobody looks" : input_.lost() ? "lost" : "runs";
    if (KindOfSink(options_.output) == SinkKind::kPipeWire) text += "\nclients: " + std::to_string(client_count_);
    text += "\nbackground: " + out_.filter.background;
    const CommonOptions& common = out_.filter.common;
    text += "\nhair: " + (common.hair_color.empty() ? "off" : common.hair_color);
    text += std::string("\nskin: ") + (common.smooth_skin > 0 ? "on" : "off");
    text += std::string("\nmirror: ") + (out_.mirror ? "on" : "off") + "\nfreeze: " + (feed_->frozen() ? "on" : "off") +
            "\nhide: " + (picture_.hidden() ? "on" : "off");
    if (feed_->wake_ms() > 0) text += "\nwake-ms: " + std::to_string(std::lround(feed_->wake_ms()));
    if (output_ == nullptr) return text;
    return text + TextOfFields(output_->stats().get());
  }

  const RunOptions& options_;
  GMainLoop* loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  LiveOutput::Options out_;
  LivePicture picture_{options_.backgrounds, out_};
  std::optional<OutputFile> file_;
  std::optional<ControlServer> server_;
  std::optional<TerminalKeys> keys_;
  std::shared_ptr<LiveFeed> feed_ = std::make_shared<LiveFeed>([this, alive = std::weak_ptr<bool>(alive_)] {
    InMainLoop([this, alive] {
      if (!alive.expired()) StartOutput();
    });
  });
  LiveInput input_{options_.input, options_.mode, feed_, options_.quiet};
  std::shared_ptr<LiveOutput> output_;
  uint64_t output_number_ = 0;
  Clock::time_point output_opened_{};  // while it is being opened
  guint interrupt_source_ = 0, tick_ = 0, idle_timer_ = 0;
  guint interval_ms_ = 33;
  Status status_;
  bool user_paused_ = false, idle_ = false, finishing_ = false;
  bool output_lost_ = false, output_worked_ = false, keep_file_ = false;
  Clock::time_point last_tick_, output_retry_, end_by_, end_moved_;
  int64_t end_shown_ = 0;
  int client_count_ = 0;
};

}  // namespace

Status RunLive(const RunOptions& options) { return LiveRun(options).Run(); }

}  // namespace scrim::app
