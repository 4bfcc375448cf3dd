#include "run_live.h"

#include <glib-unix.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "camera_clients.h"
#include "control.h"
#include "interrupt.h"
#include "live_commands.h"
#include "live_output.h"
#include "live_picture.h"
#include "live_source.h"
#include "output_file.h"
#include "terminal_keys.h"

namespace scrim::app {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kStill = 500ms;     // without a frame: the background alone
constexpr auto kPatience = 5s;     // without a frame: the source is opened anew
constexpr auto kFirstFrame = 15s;  // the same for a source that has just been opened
constexpr auto kRetry = 1s;
constexpr auto kEnding = 5s;          // for a sink to finish
constexpr guint kIdleAfterMs = 2000;  // nobody looks
constexpr guint kPausedTickMs = 1000;

// All but the two threads that OnSample and on_key come from is GLib's main loop on the caller's thread.
class LiveRun {
 public:
  explicit LiveRun(const RunOptions& options) : options_(options), loop_(g_main_loop_new(nullptr, FALSE)) {}
  ~LiveRun() {
    ended_ = true;
    if (interrupt_source_ != 0) g_source_remove(interrupt_source_);
    if (tick_ != 0) g_source_remove(tick_);
    if (idle_timer_ != 0) g_source_remove(idle_timer_);
    keys_.reset();
    clients_.reset();
    source_.reset();
    output_.reset();
    while (g_main_context_iteration(nullptr, FALSE)) {  // frees what InLoop left
    }
    g_main_loop_unref(loop_);
  }

  Status Run() {
    SCRIM_RETURN_IF_ERROR(StartGStreamer());
    SCRIM_RETURN_IF_ERROR(Prepare());
    SCRIM_RETURN_IF_ERROR(StartSource());
    if (!options_.quiet) std::fprintf(stderr, "scrim: %s\n", source_->about().c_str());
    SetTick(33);
    const FinishesOnInterrupt finishes;
    g_main_loop_run(loop_);
    if (options_.stats && output_ != nullptr) std::fprintf(stderr, "%s\n", Stats().c_str());
    source_.reset();
    output_.reset();
    if (status_.ok() && file_) status_ = file_->Commit();
    return status_;
  }

 private:
  Status Prepare() {
    out_.filter = options_.filter;
    SCRIM_ASSIGN_OR_RETURN(out_.filter.common.model, FindModel(out_.filter.common));
    out_.filter.background = options_.backgrounds[0].text;
    out_.sink = options_.output;
    out_.node = "scrim-" + std::to_string(getpid());
    out_.mirror = options_.mirror, out_.frames = options_.frames, out_.duration = options_.duration;
    out_.on_key = [this](const std::string& key) {
      InLoop([this, key] { OnKey(key.size() == 1 ? key[0] : ' ', key); });
    };
    if (KindOfSink(options_.output) == SinkKind::kFile) {
      SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(options_.output));
      file_.emplace(std::move(file));
      out_.path = file_->part_path();
    }
    if (KindOfSink(options_.output) == SinkKind::kPipeWire)
      clients_ = CameraClients::Watch(out_.node, [this](int n) { InLoop([this, n] { OnClients(n); }); });
    const std::string control = options_.control.empty() ? DefaultControlPath() : options_.control;
    if (!control.empty()) {
      Status listens = server_.Listen(control, [this](const auto& words) { return Command(words); });
      if (!listens.ok() && !options_.control.empty()) return listens;
      if (!listens.ok() && !options_.quiet) std::fprintf(stderr, "scrim: %s\n", listens.message().c_str());
    }
    if (options_.keys) {
      keys_.emplace([this](char key) { OnKey(key, ""); });
      if (keys_->active() && !options_.quiet)
        std::fprintf(stderr,
                     "keys: n next, p previous background, b blur, m mirror, f freeze, h hide, space pause, "
                     "s stats, q quit\n");
    }
    interrupt_source_ = g_unix_fd_add(InterruptDescriptor(), G_IO_IN, OnInterrupt, this);
    return {};
  }

  // Runs `work` in the main loop, unless that has ended.
  void InLoop(std::function<void()> work) {
    g_idle_add_full(
        G_PRIORITY_DEFAULT,
        [](gpointer data) -> gboolean {
          (*static_cast<std::function<void()>*>(data))();
          return G_SOURCE_REMOVE;
        },
        new std::function<void()>([this, work = std::move(work)] {
          if (!ended_) work();
        }),
        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
  }

  static gboolean OnInterrupt(gint, GIOCondition, gpointer data) {
    static_cast<LiveRun*>(data)->interrupt_source_ = 0;
    static_cast<LiveRun*>(data)->Finish();
    return G_SOURCE_REMOVE;
  }

  Status StartSource() {
    opened_ = Clock::now();
    last_frame_ = Clock::time_point{};
    StatusOr<std::unique_ptr<LiveSource>> source = LiveSource::Start(
        options_.input, options_.mode, canvas_.get(), [this](Owned<GstSample> sample) { OnSample(std::move(sample)); });
    SCRIM_RETURN_IF_ERROR(source.status());
    source_ = std::move(*source);
    return {};
  }

  // From the source's thread.
  void OnSample(Owned<GstSample> sample) {
    GstCaps* caps = gst_sample_get_caps(sample.get());
    const std::lock_guard<std::mutex> lock(mutex_);
    last_frame_ = Clock::now();
    if (canvas_ == nullptr) {
      canvas_.reset(gst_caps_copy(caps));
      gint n = 0, d = 1;
      GstStructure* structure = gst_caps_get_structure(canvas_.get(), 0);
      if (!gst_structure_get_fraction(structure, "framerate", &n, &d) || n == 0)
        gst_caps_set_simple(canvas_.get(), "framerate", GST_TYPE_FRACTION, 30, 1, nullptr);
      InLoop([this] { StartOutput(); });
      return;
    }
    if (!pushing_) return;
    const Owned<GstCaps> size(Fitting());
    if (!gst_caps_is_subset(caps, size.get())) return;
    if (frozen_ && held_ == nullptr) held_.reset(gst_buffer_ref(gst_sample_get_buffer(sample.get())));
    GstBuffer* buffer = frozen_ ? gst_buffer_copy(held_.get()) : gst_buffer_ref(gst_sample_get_buffer(sample.get()));
    sample.reset();
    output_->Push(Owned<GstBuffer>(buffer));
    if (woken_ != Clock::time_point{}) {
      wake_ms_ = std::chrono::duration<double, std::milli>(last_frame_ - std::exchange(woken_, {})).count();
    }
  }

  bool HasCanvas() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return canvas_ != nullptr;
  }

  // The canvas without its rate, which sources may change.
  Owned<GstCaps> Fitting() const {
    GstCaps* caps = gst_caps_copy(canvas_.get());
    gst_structure_remove_fields(gst_caps_get_structure(caps, 0), "framerate", "chroma-site", "interlace-mode", nullptr);
    return Owned<GstCaps>(caps);
  }

  void StartOutput() {
    StatusOr<std::unique_ptr<LiveOutput>> output = LiveOutput::Start(out_, canvas_.get());
    if (!output.ok()) return OnOutputFailed(output.status().message());
    gint n = 30, d = 1;
    gst_structure_get_fraction(gst_caps_get_structure(canvas_.get(), 0), "framerate", &n, &d);
    interval_ms_ = std::max(1, 1000 * d / n);
    if (source_ != nullptr) source_->SetCanvas(Fitting().get());
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      output_ = std::move(*output);
      output_->SetHidden(picture_.hidden());
      pushing_ = true;
    }
    // Nobody may be there from the start.
    if (clients_ != nullptr && client_count_ == 0) StartIdleTimer();
    SetTick(paused() ? kPausedTickMs : interval_ms_);
  }

  void CloseOutput() {
    std::unique_ptr<LiveOutput> old;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      pushing_ = false;
      old.swap(output_);
    }
  }

  void OnOutputFailed(const std::string& problem) {
    const bool again = output_worked_ && !finishing_ && (output_ == nullptr || output_->comes_back());
    CloseOutput();
    if (!again) return Quit(IoError(problem));
    if (!std::exchange(output_lost_, true)) std::fprintf(stderr, "scrim: %s; trying again\n", problem.c_str());
    output_retry_ = Clock::now() + kRetry;
  }

  void LoseSource(const std::string& problem) {
    const bool again = HasCanvas() && (source_ == nullptr || source_->comes_back());
    source_.reset();
    if (!again) return Quit(IoError(problem));
    if (!std::exchange(source_lost_, true))
      std::fprintf(stderr, "scrim: %s; the background alone is shown until it is back\n", problem.c_str());
    source_retry_ = Clock::now() + kRetry;
  }

  void SetTick(guint ms) {
    if (tick_ != 0) g_source_remove(tick_);
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
    CheckOutput();
    if (finishing_) {
      if (output_ == nullptr || Clock::now() > end_by_) Quit({});
      return;
    }
    if (paused()) {
      if (user_paused_ && output_ != nullptr) output_->PushAlone();
      return;
    }
    CheckSource();
    Clock::time_point last;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      last = last_frame_;
    }
    if (output_ != nullptr && Clock::now() - last > kStill) output_->PushAlone();
  }

  void CheckOutput() {
    if (output_ == nullptr) {
      if (output_lost_ && Clock::now() > output_retry_ && !finishing_) StartOutput();
      return;
    }
    if (output_->worked()) {
      output_worked_ = true;
      if (std::exchange(output_lost_, false)) std::fprintf(stderr, "scrim: %s: is back\n", options_.output.c_str());
    }
    if (output_->limit_reached() && !finishing_) Finish();
    std::string problem;
    switch (output_->Poll(&problem)) {
      case LiveOutput::State::kEnded:
      case LiveOutput::State::kClosed:
        return Quit({});
      case LiveOutput::State::kFailed:
        return OnOutputFailed(problem);
      case LiveOutput::State::kRuns:
        break;
    }
  }

  void CheckSource() {
    const Clock::time_point now = Clock::now();
    if (source_ == nullptr) {
      if (now < source_retry_) return;
      if (const Status status = StartSource(); !status.ok()) LoseSource(status.message());
      return;
    }
    std::string problem;
    switch (source_->Poll(&problem)) {
      case LiveSource::State::kEnded:
        if (KindOfSource(options_.input) == SourceKind::kFile || options_.input.rfind("http", 0) == 0) {
          if (!HasCanvas()) return LoseSource(options_.input + ": has no frame that can be decoded");
          return Finish();
        }
        return LoseSource(options_.input + ": has ended");
      case LiveSource::State::kFailed:
        return LoseSource(problem);
      case LiveSource::State::kRuns:
        break;
    }
    bool came, silent;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      came = last_frame_ != Clock::time_point{};
      silent = came ? now - last_frame_ > kPatience : now - opened_ > kFirstFrame;
    }
    if (came && !silent && std::exchange(source_lost_, false))
      std::fprintf(stderr, "scrim: %s: is back\n", options_.input.c_str());
    if (silent) LoseSource(options_.input + ": gives no frames");
  }

  bool paused() const { return user_paused_ || idle_; }

  // Closes the source, and opens it again; meanwhile nothing runs.
  void SetPaused(bool* which, bool on) {
    const bool before = paused();
    *which = on;
    if (paused() == before) return;
    if (on) {
      source_.reset();
      if (output_ != nullptr) output_->PushAlone();
      SetTick(kPausedTickMs);
    } else {
      if (output_ != nullptr) output_->PushAlone();
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        woken_ = Clock::now();
      }
      source_retry_ = {};
      SetTick(interval_ms_);
      CheckSource();
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
    source_.reset();
    end_by_ = Clock::now() + kEnding;
    if (output_ == nullptr) return Quit({});
    output_->End();
    SetTick(20);
  }

  void Quit(Status status) {
    if (status_.ok()) status_ = std::move(status);
    if (!HasCanvas() && status_.ok() && file_) file_.reset();  // not a frame was written
    g_main_loop_quit(loop_);
  }

  void OnKey(char key, const std::string& name) {
    const std::vector<std::string> command = CommandOfKey(key, name, user_paused_);
    if (command.empty()) return;
    const StatusOr<std::string> answer = Command(command);
    const std::string text = answer.ok() ? *answer : "scrim: " + answer.status().message();
    if (!text.empty()) std::fprintf(stderr, "%s\n", text.c_str());
  }

  StatusOr<std::string> Command(const std::vector<std::string>& words) {
    const std::string& verb = words[0];
    SCRIM_RETURN_IF_ERROR(CheckWords(words));
    if (LivePicture::Has(verb)) {
      SCRIM_RETURN_IF_ERROR(picture_.Command(words, output_.get()));
    } else if (verb == "freeze") {
      const std::lock_guard<std::mutex> lock(mutex_);  // only this thread writes it
      frozen_ = WantedOf(words, frozen_);
      held_.reset();
    } else if (verb == "pause" || verb == "resume") {
      SetPaused(&user_paused_, verb == "pause");
    } else if (verb == "stats") {
      return Stats();
    } else if (verb == "quit") {
      Finish();
    } else {
      return InvalidArgument(verb + ": is no command; there are " + kCommandsHelp);
    }
    return std::string();
  }

  std::string Stats() {
    std::string text = "source: ";
    text += user_paused_ ? "paused" : idle_ ? "paused, nobody looks" : source_lost_ ? "lost" : "runs";
    if (clients_ != nullptr) text += "\nclients: " + std::to_string(client_count_);
    text += "\nbackground: " + out_.filter.background;
    text += std::string("\nmirror: ") + (out_.mirror ? "on" : "off") + "\nfreeze: " + (frozen_ ? "on" : "off") +
            "\nhide: " + (picture_.hidden() ? "on" : "off");
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (wake_ms_ > 0) text += "\nwake-ms: " + std::to_string(std::lround(wake_ms_));
    }
    if (output_ == nullptr) return text;
    return text + TextOfFields(output_->stats().get());
  }

  const RunOptions& options_;
  GMainLoop* loop_;
  LiveOutput::Options out_;
  LivePicture picture_{options_.backgrounds, out_};
  std::optional<OutputFile> file_;
  std::unique_ptr<LiveSource> source_;
  std::unique_ptr<CameraClients> clients_;
  ControlServer server_;
  std::optional<TerminalKeys> keys_;
  guint interrupt_source_ = 0, tick_ = 0, idle_timer_ = 0;
  guint interval_ms_ = 33;
  Status status_;
  bool user_paused_ = false, idle_ = false, finishing_ = false;
  bool ended_ = false;
  bool source_lost_ = false, output_lost_ = false, output_worked_ = false;
  Clock::time_point opened_, source_retry_, output_retry_, end_by_;
  int client_count_ = 0;

  std::mutex mutex_;                      // what the source's thread looks at
  Clock::time_point last_frame_, woken_;  // woken_: the source has to come back; zero once it has
  double wake_ms_ = 0;                    // how long that took the last time
  Owned<GstCaps> canvas_;                 // set once
  std::unique_ptr<LiveOutput> output_;
  bool pushing_ = false, frozen_ = false;
  Owned<GstBuffer> held_;
};

}  // namespace

Status RunLive(const RunOptions& options) { return LiveRun(options).Run(); }

}  // namespace scrim::app
