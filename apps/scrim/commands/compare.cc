#include <gst/video/video.h>

#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <optional>

#include "commands/commands.h"
#include "commands/shared_options.h"
#include "engine/stopwatch.h"
#include "evaluation/comparison.h"
#include "gstreamer/video_frame.h"
#include "io/image_io.h"
#include "io/interrupt.h"
#include "io/json.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/progress.h"
#include "live/frame_output.h"
#include "live/live_source.h"
#include "live/sink.h"
#include "media/media.h"

namespace scrim::app {
namespace {

struct CompareOptions {
  CommonOptions common;                      // of the networks; its model is not looked at
  std::string input;                         // a clip, a folder of images, or a live source
  std::vector<std::string> methods, models;  // see OpenContestants
  std::string masks;                         // folder of truth: STEM.png, or 000000.png for a clip's first frame
  std::string output;                        // picture: a contact sheet; any other sink: a grid video; empty: none
  std::string json;
  Mode mode;            // wanted of a live source
  int64_t frames = 0;   // the end; 0: none
  double duration = 0;  // seconds; 0: none
  bool sequence = false, quiet = false;
};

namespace fs = std::filesystem;

constexpr size_t kClipColumns = 4, kPhotoColumns = 6;
constexpr double kFolderRate = 25;  // of the video made of a sequence of pictures

bool IsSheet(const std::string& output) {
  const std::string extension = ExtensionOf(output);
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".webp";
}

class CompareRun {
 public:
  CompareRun(const CompareOptions& options, std::vector<Contestant> contestants)
      : options_(options), comparison_(std::move(contestants)) {}

  Status Photos() {
    SCRIM_ASSIGN_OR_RETURN(const std::vector<fs::path> images, ListImages(options_.input));
    Progress progress("images", options_.quiet);
    const FinishesOnInterrupt finishes;
    for (size_t i = 0; i < images.size() && !Interrupted() && !Enough(); ++i) {
      SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(images[i].string()));
      if (!options_.sequence) comparison_.Reset();
      SCRIM_ASSIGN_OR_RETURN(const image::Bytes truth, Truth(images[i].stem().string(), frame.width(), frame.height()));
      SCRIM_RETURN_IF_ERROR(comparison_.Run(frame.view(), truth));
      const double share = double(i) / double(images.size());
      const bool due = options_.sequence ? share >= double(comparison_.columns()) / kClipColumns
                                         : comparison_.columns() < kPhotoColumns;
      SCRIM_RETURN_IF_ERROR(Show(frame.view(), due && (options_.masks.empty() || !truth.empty()),
                                 images[i].stem().string(), kFolderRate));
      Moved();
      progress.Update(static_cast<int64_t>(i) + 1, static_cast<int64_t>(images.size()));
    }
    progress.Finish();
    return Finish();
  }

  Status Clip() {
    Progress progress("frames", options_.quiet);
    double last = -1e9;
    MediaOptions media;
    media.input = options_.input, media.frames = options_.frames;
    media.on_frame = [&](const image::FrameView& frame, const FrameInfo& info) -> Status {
      char name[32];
      std::snprintf(name, sizeof name, "%06lld", static_cast<long long>(info.index));
      SCRIM_ASSIGN_OR_RETURN(const image::Bytes truth, Truth(name, frame.width, frame.height));
      SCRIM_RETURN_IF_ERROR(comparison_.Run(frame, truth));
      // With truth: frames that have it, half a second apart at least. Without: evenly.
      const bool due = options_.masks.empty()
                           ? info.middle() >= (double(comparison_.columns()) + 0.5) / kClipColumns * info.clip_seconds
                           : !truth.empty() && info.seconds > last + 0.5;
      const bool wanted = due && comparison_.columns() < kClipColumns;
      if (wanted) last = info.seconds;
      char title[32];
      std::snprintf(title, sizeof title, "%.1f s", info.seconds);
      SCRIM_RETURN_IF_ERROR(Show(frame, wanted, title, info.fps > 0 ? info.fps : kFolderRate));
      progress.Update(info.index + 1, std::llround(info.clip_seconds * info.fps));
      return {};
    };
    SCRIM_RETURN_IF_ERROR(RunMedia(media).status());
    progress.Finish();
    return Finish();
  }

  // The newest frame wins: what all contestants together cannot keep up with is left out.
  Status Live() {
    SCRIM_RETURN_IF_ERROR(StartGStreamer());
    SCRIM_ASSIGN_OR_RETURN(const std::unique_ptr<LiveSource> source,
                           LiveSource::Start(options_.input, options_.mode, nullptr, [this](Owned<GstSample> sample) {
                             const std::lock_guard<std::mutex> lock(mutex_);
                             newest_ = std::move(sample);
                             came_.notify_one();
                           }));
    if (!options_.quiet) std::fprintf(stderr, "scrim: %s; Ctrl-C ends it\n", source->about().c_str());
    engine::Stopwatch watch;
    double seconds = 0;
    const FinishesOnInterrupt finishes;
    while (!Interrupted() && !Enough() && !(options_.duration > 0 && seconds >= options_.duration)) {
      std::string problem;
      const LiveSource::State state = source->Poll(&problem);
      if (state == LiveSource::State::kFailed) return IoError(problem);
      if (state == LiveSource::State::kEnded) break;
      Owned<GstSample> sample;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        came_.wait_for(lock, std::chrono::milliseconds(200), [this] { return newest_ != nullptr; });
        sample = std::move(newest_);
      }
      seconds += watch.Lap() / 1e3;
      if (sample == nullptr) continue;
      SCRIM_RETURN_IF_ERROR(LiveFrame(sample.get(), seconds));
      if (output_ != nullptr && output_->closed()) break;
    }
    return Finish();
  }

  Comparison& comparison() { return comparison_; }

 private:
  bool Enough() const { return options_.frames > 0 && comparison_.frames() >= options_.frames; }

  // Empty where there is none for this frame.
  StatusOr<image::Bytes> Truth(const std::string& stem, int width, int height) {
    image::Bytes truth;
    if (options_.masks.empty()) return truth;
    const std::string path = options_.masks + "/" + stem + ".png";
    std::error_code error;
    if (!fs::exists(path, error)) return truth;
    SCRIM_RETURN_IF_ERROR(ReadAlpha(path, width, height, &truth));
    truth_found_ = true;
    return truth;
  }

  Status LiveFrame(GstSample* sample, double seconds) {
    GstVideoInfo info;
    GstVideoFrame mapped;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&mapped, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
      return Internal(options_.input + ": a frame cannot be mapped");
    const std::optional<scrim_frame> frame = gst::ToScrim(mapped);
    Status status = frame ? Status() : Internal(options_.input + ": a frame has a format that was not asked for");
    if (frame) {
      const image::FrameView view = FromPublic(*frame);
      status = comparison_.Run(view, {});
      char title[32];
      std::snprintf(title, sizeof title, "%.1f s", seconds);
      const bool due = comparison_.columns() < kClipColumns && seconds >= double(comparison_.columns());
      if (status.ok()) status = Show(view, due, title, 0);
    }
    gst_video_frame_unmap(&mapped);
    return status;
  }

  // fps 0: live.
  Status Show(const image::FrameView& frame, bool for_sheet, const std::string& title, double fps) {
    if (options_.output.empty()) return {};
    if (IsSheet(options_.output)) {
      if (for_sheet) comparison_.AddToSheet(frame, title);
      return {};
    }
    const image::Frame grid = comparison_.DrawGrid(frame);
    if (output_ == nullptr) {
      SCRIM_ASSIGN_OR_RETURN(output_, FrameOutput::Start(options_.output, grid.width(), grid.height(), fps));
      grid_width_ = grid.width(), grid_height_ = grid.height();
    }
    if (grid.width() != grid_width_ || grid.height() != grid_height_)
      return InvalidArgument(options_.input +
                             ": pictures of several shapes do not make a video; give --output FILE.jpg");
    return output_->Push(grid);
  }

  Status Finish() {
    if (Interrupted() && comparison_.frames() == 0) return {};  // ended before its first frame: no error
    if (!options_.masks.empty() && !truth_found_)
      return NotFound("--masks " + options_.masks +
                      ": holds no mask of these frames; photos want STEM.png, frames of a clip 000000.png and so on");
    if (output_ != nullptr) return output_->Finish();
    if (options_.output.empty()) return {};
    if (comparison_.columns() == 0) return NotFound(options_.output + ": there was no frame for the sheet");
    const image::Frame sheet = comparison_.DrawSheet();
    return WriteImage(sheet.view(), /*with_alpha=*/false, options_.output);
  }

  const CompareOptions& options_;
  Comparison comparison_;
  bool truth_found_ = false;
  std::unique_ptr<FrameOutput> output_;
  int grid_width_ = 0, grid_height_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  Owned<GstSample> newest_;  // behind mutex_
};

void PrintTable(const std::vector<Standing>& standings, int64_t frames) {
  std::printf("%lld frames\n", static_cast<long long>(frames));
  std::printf("%-24s %8s %7s %7s %7s %7s %9s %11s\n", "", "ms", "truth", "IoU", "BF", "MAE", "dtSSD e-3",
              "flicker e-3");
  for (const Standing& s : standings) {
    const metrics::ClipQuality& q = s.quality;
    std::printf("%-24s %8.2f", s.name.c_str(), s.ms);
    if (q.frames > 0) std::printf(" %7d %7.4f %7.4f %7.4f", q.frames, q.iou, q.boundary_f, q.mae);
    if (q.pairs > 0) std::printf(" %9.2f %11.3f", 1e3 * q.dtssd, 1e3 * q.flicker);
    std::printf("\n");
  }
}

Json ToJson(const std::string& input, const std::vector<Standing>& standings, const Comparison& comparison) {
  Json methods = Json::array();
  for (const Standing& s : standings) {
    const metrics::ClipQuality& q = s.quality;
    Json method{{"name", s.name},
                {"kind", s.network ? "network" : "predecessor"},
                {"ms", Rounded(s.ms, 4)},
                {"frames_with_truth", q.frames}};
    if (q.frames > 0)
      method.update({{"iou", Rounded(q.iou, 5)}, {"boundary_f", Rounded(q.boundary_f, 5)}, {"mae", Rounded(q.mae, 5)}});
    if (q.pairs > 0)
      method.update({{"dtssd", Rounded(q.dtssd, 6)},
                     {"flicker", Rounded(q.flicker, 6)},
                     {"still_share", Rounded(q.still_share, 4)}});
    Json& ious = method["column_ious"] = Json::array();
    for (const double iou : s.ious) ious.push_back(Rounded(iou, 5));
    methods.push_back(std::move(method));
  }
  return {{"input", input}, {"frames", comparison.frames()}, {"columns", comparison.titles()}, {"methods", methods}};
}

Status Compare(const CompareOptions& options) {
  std::error_code error;
  const bool folder = fs::is_directory(options.input, error);
  const bool live = !folder && KindOfSource(options.input) != SourceKind::kFile;
  if (!folder && !live) SCRIM_RETURN_IF_ERROR(CheckClip(options.input));
  if (live && !options.masks.empty()) return InvalidArgument("--masks: a live source has no truth");
  if (!options.masks.empty() && !fs::is_directory(options.masks, error))
    return NotFound("--masks " + options.masks + ": no such folder");
  SCRIM_ASSIGN_OR_RETURN(std::vector<Contestant> contestants,
                         OpenContestants(options.methods, options.models, options.common));
  CompareOptions chosen = options;
  if (live && options.output.empty()) chosen.output = "window";
  CompareRun run(chosen, std::move(contestants));
  SCRIM_RETURN_IF_ERROR(folder ? run.Photos() : live ? run.Live() : run.Clip());
  const std::vector<Standing> standings = run.comparison().Result();
  PrintTable(standings, run.comparison().frames());
  if (options.json.empty()) return {};
  const std::string json = ToText(ToJson(options.input, standings, run.comparison()));
  return WriteFile(options.json, {json.begin(), json.end()});
}

}  // namespace

Command AddCompare(CLI::App& app) {
  const auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare", "networks and what came before them, side by side on a clip, on photos or on a camera");
  command
      ->add_option("input", options->input,
                   "clip, folder of images (independent photos), or a live source as for `run`: camera, URL, test")
      ->required()
      ->type_name("INPUT");
  command
      ->add_option("--methods", options->methods,
                   "canny, gmg, knn, mog, mog2, edges, with parameters as in mog2:history=200,threshold=25, and "
                   "released models as in default or lite.int8; default: all")
      ->type_name("NAME");
  command->add_option("--model", options->models, "model files besides")->type_name("FILE");
  command
      ->add_option("--masks", options->masks,
                   "folder of true masks of some or all frames: STEM.png, for a clip 000000.png and so on")
      ->type_name("FOLDER");
  command
      ->add_option("-o,--output", options->output,
                   "picture (.jpg, .png): a contact sheet; .mp4, .mov, .mkv, window or another sink of `run`: a grid "
                   "video; default: none, live: window")
      ->type_name("OUT");
  command->add_option("--json", options->json, "all figures")->type_name("FILE");
  command->add_flag("--sequence", options->sequence, "the folder's images are consecutive frames of one clip");
  AddSizeOption(command, &options->mode, "of a live source's frames; default: about 1280x720");
  command->add_option("--frames", options->frames, "end after as many frames")->check(CLI::Range(1, 1 << 30));
  command->add_option("--duration", options->duration, "live: end after as many seconds")
      ->check(CLI::Range(0.001, 1e6));
  command->add_flag("-q,--quiet", options->quiet, "no progress on stderr");
  command->footer("Methods and their parameters:\n" + DescribePredecessors() + "\n" + command->get_footer());
  AddMatteOptions(command, &options->common);
  AddNetworkOptions(command, &options->common);
  return {command, [options] { return Compare(*options); }};
}

}  // namespace scrim::app
