#include "filter.h"

#include <dlfcn.h>
#include <glib.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/color.h"
#include "common/default_model.h"
#include "common/image_file.h"
#include "video_frame.h"

namespace scrim::gst {
namespace {

// The plugin's file, or the program's where the element is linked in.
std::filesystem::path ThisBinary() {
  Dl_info info{};
  std::error_code error;
  if (dladdr(reinterpret_cast<const void*>(&ThisBinary), &info) == 0 || info.dli_fname == nullptr) return {};
  const std::filesystem::path path = std::filesystem::canonical(info.dli_fname, error);
  return error ? std::filesystem::path(info.dli_fname) : path;
}

// LOW:HIGH with decimal points in every locale.
bool ParseLevels(const std::string& text, scrim_params* params) {
  gchar* end = nullptr;
  const double low = g_ascii_strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != ':') return false;
  const gchar* second = end + 1;
  const double high = g_ascii_strtod(second, &end);
  if (end == second || *end != '\0' || !(low >= 0 && low < high && high <= 1)) return false;
  params->level_low = static_cast<float>(low), params->level_high = static_cast<float>(high);
  return true;
}

// Nms or N%, with a decimal point in every locale.
bool ParseBudget(const std::string& text, scrim_params* params) {
  gchar* end = nullptr;
  const double value = g_ascii_strtod(text.c_str(), &end);
  if (end == text.c_str() || !(value > 0)) return false;
  const std::string unit = end;
  if (unit == "ms") params->budget_ms = static_cast<float>(value);
  if (unit == "%" && value <= 100) params->budget_percent = static_cast<float>(value);
  return params->budget_ms > 0 || params->budget_percent > 0;
}

// Half a second of a camera: a live session starts without a mask, which is no failure.
constexpr int kMostUnavailable = 15;

void Add(const scrim_stats& from, scrim_stats* to) {
  const scrim_stats before = *to;
  *to = from;
  to->frames += before.frames, to->background_only += before.background_only, to->masks += before.masks;
  to->unchanged += before.unchanged, to->late += before.late, to->latency += before.latency;
  to->latency_max = std::max(to->latency_max, before.latency_max);
  to->sample += before.sample, to->network += before.network;
  to->matte += before.matte, to->compose += before.compose;
  to->wait += before.wait;
}

// Behind the person until the first frame of what moves comes.
Picture BlackPicture() {
  Picture picture;
  picture.width = picture.height = 1, picture.rgba = {0, 0, 0, 255};
  return picture;
}

std::string ProblemOf(scrim_status status) { return status == SCRIM_OK ? "" : scrim_last_error(); }

}  // namespace

Settings Filter::settings() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return settings_;
}

void Filter::Change(const std::function<void(Settings*)>& change) {
  const std::lock_guard<std::mutex> lock(mutex_);
  change(&settings_);
  changed_ = true;
}

std::string Filter::ChangeRetouch(const std::function<void(Retouch*)>& change) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Retouch changed = settings_.retouch;
  change(&changed);
  if (!changed.hair_color.empty() && !ParseColor(changed.hair_color))
    return "hair-color " + NoColor(changed.hair_color);
  if (started_) {
    if (!changed.hair_color.empty() && changed.hair_strength > 0 && !lacks_.hair.empty()) return lacks_.hair;
    if (changed.skin_smoothing > 0 && !lacks_.skin.empty()) return lacks_.skin;
  }
  settings_.retouch = std::move(changed);
  retouch_changed_ = true;
  return "";
}

std::string Filter::background() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_;
}

std::string Filter::SetBackground(const std::string& text) {
  uint64_t number;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = ++asked_;
    if (!started_) return Keep(text, number);
  }
  // A disk that hangs must not hold up those who come later.
  Background background;
  if (std::string problem = Read(text, fit_, &background); !problem.empty()) return problem;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (number < read_) return "";
  if (started_) pending_ = std::move(background);
  return Keep(text, number);
}

std::string Filter::Keep(const std::string& text, uint64_t number) {
  text_ = text, read_ = number;
  if (!started_) transparent_ = text == "transparent";
  return "";
}

Stats Filter::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stats_;
}

std::string Filter::Start() {
  const std::string text = background();
  Background background;
  if (std::string problem = Read(text, fit_, &background); !problem.empty()) return problem;
  background_ = std::move(background);
  formatted_ = false;
  Settings settings;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    settings = settings_;
    changed_ = retouch_changed_ = false;
  }
  upstream_live_ = false;
  unavailable_ = 0;
  live_ = Wants(settings);
  Lacks lacks;
  problem_ = Open(settings, live_, &session_, &lacks);
  if (problem_.empty()) problem_ = Apply(&session_);
  if (!problem_.empty()) return problem_;
  transparent_ = background_.value.kind == SCRIM_BACKGROUND_TRANSPARENT;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (text_ == text) {
      lacks_ = std::move(lacks);
      pending_.reset();
      stats_ = {}, ended_ = {};
      started_ = true;
      return "";
    }
  }
  return Start();  // it was changed meanwhile
}

void Filter::Stop() {
  session_ = {};
  background_ = {};
  const std::lock_guard<std::mutex> lock(mutex_);
  pending_.reset();
  started_ = false;
}

void Filter::SetUpstreamLive(bool live) {
  const std::lock_guard<std::mutex> lock(mutex_);
  changed_ |= settings_.live == Live::kAuto && upstream_live_ != live;
  upstream_live_ = live;
}

void Filter::SetFormat(const scrim_frame& like) {
  like_ = like, formatted_ = false;
  if (background_.fit == Fit::kCover) return;
  if (std::string problem = Apply(&session_); !problem.empty()) problem_ = std::move(problem);
}

Filter::Changes Filter::Update() {
  Changes changes;
  std::optional<Settings> settings;
  std::optional<Retouch> retouch;
  std::optional<Background> background;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(retouch_changed_, false)) retouch = settings_.retouch;
    if (std::exchange(changed_, false)) settings = settings_;
    background.swap(pending_);
  }
  if (settings) {
    // The old session stays where the new one is impossible: it still draws the background.
    Session session;
    const bool live = Wants(*settings);
    Lacks lacks;
    problem_ = Open(*settings, live, &session, &lacks);
    if (problem_.empty()) problem_ = Apply(&session);
    if (problem_.empty()) {
      Add(session_.stats(), &ended_);
      session_ = std::move(session);
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        lacks_ = std::move(lacks);
      }
      changes.latency = live_.exchange(live) || live;  // max-wait may have changed, too
    }
  }
  if (retouch && !settings) {
    if (std::string problem = Apply(*retouch, &session_); !problem.empty()) problem_ = std::move(problem);
  }
  if (!background) return changes;
  background_ = std::move(*background);
  formatted_ = false;
  // It can only fail for want of memory; the frames are drawn with the old background then.
  if (std::string problem = Apply(&session_); !problem.empty()) problem_ = std::move(problem);
  const bool transparent = background_.value.kind == SCRIM_BACKGROUND_TRANSPARENT;
  changes.transparent = transparent_.exchange(transparent) != transparent;
  return changes;
}

Filter::Outcome Filter::Process(const scrim_frame& in, const scrim_frame& out, uint64_t time) {
  Outcome outcome;
  ShowClip(time);
  ShowScreen();
  const bool bypass = bypass_;
  scrim_status status = SCRIM_INVALID_ARGUMENT;
  if (!bypass && problem_.empty()) {
    const uint64_t late = session_.stats().late;
    status = session_.Process(in, out);
    outcome.problem = ProblemOf(status);
    outcome.background_only = status != SCRIM_OK;
    outcome.late = session_.stats().late > late;
    unavailable_ = status == SCRIM_UNAVAILABLE ? unavailable_ + 1 : 0;
    if (status == SCRIM_UNAVAILABLE && unavailable_ <= kMostUnavailable) outcome.problem.clear();
  } else if (!bypass) {
    outcome.problem = problem_;
  }
  // The library has drawn the background itself, unless `out` was no frame.
  outcome.drawn = status != SCRIM_INVALID_ARGUMENT || session_.DrawBackground(out) == SCRIM_OK;
  if (!outcome.drawn && outcome.problem.empty()) outcome.problem = scrim_last_error();
  Count(outcome);
  return outcome;
}

void Filter::Count(const Outcome& outcome) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++stats_.frames;
  stats_.background_only += outcome.background_only;
  stats_.failures += !outcome.problem.empty();
  stats_.segmented += !outcome.background_only;
  stats_.live = live_;
  stats_.library = ended_;
  Add(session_.stats(), &stats_.library);
}

std::string Filter::Read(const std::string& text, Fit fit, Background* background) {
  const std::string problem = ProblemOf(scrim_parse_background(text.c_str(), &background->value));
  if (!problem.empty()) return "background " + problem;
  if (background->value.kind != SCRIM_BACKGROUND_IMAGE) return "";
  background->fit = fit;
  if (text == "screen") return ReadScreen(fit, background);
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(text, error);
  if (!std::filesystem::exists(status)) return text + ": no such file";
  if (std::filesystem::is_directory(status)) return text + ": is a folder, not an image or a clip";
  // A pipe or a device is waited for until somebody writes to it.
  if (!std::filesystem::is_regular_file(status)) return text + ": is no plain file, but a pipe, a socket or a device";
  if (KindOfImage(text) != ImageKind::kStill) {
    background->picture = BlackPicture();
    return Clip::Open(text, fit, &background->clip);
  }
  StatusOr<Picture> picture = ReadPicture(text);
  if (!picture.ok()) return picture.status().message();
  background->picture = std::move(*picture);
  return "";
}

std::string Filter::ReadScreen(Fit fit, Background* background) {
  background->picture = BlackPicture();
  return Screen::Open(fit, &background->screen);
}

// Where the clip's next frame cannot be had, the one before stays.
void Filter::ShowClip(uint64_t time) {
  if (background_.clip == nullptr || like_.width == 0) return;
  if (!std::exchange(formatted_, true)) background_.clip->SetSize(like_);
  scrim_frame frame;
  if (background_.clip->FrameAt(time, !live_, &frame)) session_.SetBackgroundImage(frame);
}

void Filter::ShowScreen() {
  if (background_.screen == nullptr || like_.width == 0) return;
  if (!std::exchange(formatted_, true)) background_.screen->SetSize(ToVideoInfo(like_));
  GstSample* sample = background_.screen->Newest();
  if (sample == nullptr) return;
  GstVideoInfo info;
  GstVideoFrame mapped;
  if (gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) &&
      gst_video_frame_map(&mapped, &info, gst_sample_get_buffer(sample), GST_MAP_READ)) {
    if (const std::optional<scrim_frame> frame = ToScrim(mapped)) session_.SetBackgroundImage(*frame);
    gst_video_frame_unmap(&mapped);
  }
  gst_sample_unref(sample);
}

std::string Filter::Open(const Settings& settings, bool live, Session* session, Lacks* lacks) {
  scrim_params params = DefaultParams();
  if (!settings.input_size.empty()) {
    const scrim_status status =
        scrim_parse_input_size(settings.input_size.c_str(), &params.input_width, &params.input_height);
    if (status != SCRIM_OK) return std::string("density: ") + scrim_last_error();
  }
  if (!settings.levels.empty() && !ParseLevels(settings.levels, &params))
    return "levels " + settings.levels + ": LOW:HIGH with 0 <= LOW < HIGH <= 1 is wanted, as in 0.1:0.9";
  if (!settings.budget.empty() && !ParseBudget(settings.budget, &params))
    return "budget " + settings.budget + ": Nms or N% is wanted, as in 5ms or 20%";
  params.live = live;
  params.wait_ms = settings.max_wait_ms, params.max_mask_age_ms = settings.max_mask_age_ms;
  params.threads = settings.threads;
  if (!settings.target.empty()) params.target = settings.target.c_str();
  params.refine_edges = settings.refine_edges, params.stabilise = settings.stabilise,
  params.remove_islands = settings.remove_islands;
  params.decontaminate_edges = settings.decontaminate_edges, params.light_wrap = settings.light_wrap;
  params.keep_room = settings.keep == Keep::kRoom, params.match_brightness = settings.match_brightness;
  params.person_size = settings.person_size, params.person_position = settings.person_position;
  std::string path = settings.model;
  if (path.empty()) {
    const std::filesystem::path binary = ThisBinary();
    path = FindDefaultModel(binary, SCRIM_MODEL_FOLDER);
    if (path.empty()) return NoDefaultModel(binary, SCRIM_MODEL_FOLDER) + "; name one with the property model";
  }
  if (std::string problem = ProblemOf(session->Open(path, params)); !problem.empty()) return problem;
  *lacks = {ProblemOf(session->SetHairColor(0, 0, 0, 1)), ProblemOf(session->SetSkinSmoothing(1))};
  return Apply(settings.retouch, session);
}

std::string Filter::Apply(const Retouch& retouch, Session* session) {
  const std::optional<Rgb> color = ParseColor(retouch.hair_color);
  if (!retouch.hair_color.empty() && !color) return "hair-color " + NoColor(retouch.hair_color);
  const Rgb hair = color.value_or(Rgb{});
  const float strength = color ? retouch.hair_strength : 0;
  const std::string problem = ProblemOf(session->SetHairColor(hair.red, hair.green, hair.blue, strength));
  return problem.empty() ? ProblemOf(session->SetSkinSmoothing(retouch.skin_smoothing)) : problem;
}

std::string Filter::Apply(Session* session) {
  Picture arranged;
  const bool plain = background_.fit == Fit::kCover || like_.width == 0 || background_.picture.rgba.empty();
  if (!plain)
    arranged = background_.fit == Fit::kTile ? Tile(background_.picture, like_.width, like_.height)
                                             : Pad(background_.picture, like_.width, like_.height);
  Picture& read = plain ? background_.picture : arranged;
  scrim_frame picture = PackedFrame(SCRIM_FORMAT_RGBA, read.width, read.height, read.rgba.data());
  return ProblemOf(session->SetBackground(background_.value, &picture));
}

}  // namespace scrim::gst
