// From a clip to a clip, or to frames: as fast as it goes, every frame with its own mask, sound carried over.
#include "commands/run_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "evaluation/contact_sheet.h"
#include "evaluation/median.h"
#include "gstreamer/filter.h"
#include "io/image_io.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/progress.h"
#include "live/sink.h"
#include "media/media.h"
#include "media/pipeline.h"

namespace scrim::app {
namespace {

// What each stage cost, and the clip's own time to compare with. Medians, because decoder and encoder share the
// machine.
struct Stats {
  std::vector<double> sample, network, matte, compose, total;
  double clip_seconds = 0;

  void Add(const scrim_times& times) {
    sample.push_back(times.sample), network.push_back(times.network), matte.push_back(times.matte);
    compose.push_back(times.compose);
    total.push_back(times.sample + times.network + times.matte + times.compose);
  }
  void Print() const {
    const double frame = Median(total);
    std::printf(
        "%zu frames, %.2f ms a frame without decoding and encoding (medians): input %.2f, network %.2f, matte %.2f, "
        "compose %.2f\n",
        total.size(), frame, Median(sample), Median(network), Median(matte), Median(compose));
    if (clip_seconds > 0 && frame > 0)
      std::printf("%.1f x real time on one core\n", clip_seconds * 1000 / (frame * total.size()));
  }
};

}  // namespace

Status RunFile(const RunOptions& options) {
  const BackgroundOption& background = options.backgrounds[0];
  const bool transparent = background.transparent();
  FilterOptions chosen = options.filter;
  SCRIM_ASSIGN_OR_RETURN(chosen.common.model, FindModel(chosen.common));
  chosen.background = background.text;
  SCRIM_RETURN_IF_ERROR(CheckClip(options.input));

  MediaOptions media;
  media.input = options.input;
  media.mirror = options.mirror;
  media.alpha = transparent;
  media.frames = options.frames, media.seconds = options.duration;
  std::optional<OutputFile> output;
  if (transparent) {
    SCRIM_RETURN_IF_ERROR(MakeFrameFolder(options.output));
  } else if (KindOfSink(options.output) == SinkKind::kStdout) {
    media.output = media.output_name = "-";
  } else {
    SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(options.output));
    output.emplace(std::move(file));
    media.output = output->part_path();
    media.output_name = options.output;
    media.container = ExtensionOf(options.output);
  }
  if (background.text == "screen") SCRIM_RETURN_IF_ERROR(StartGStreamer());
  gst::Filter filter;
  SCRIM_RETURN_IF_ERROR(Configure(&filter, chosen));
  if (const std::string problem = filter.Start(); !problem.empty()) return InvalidArgument(problem);

  Progress progress("frames", options.quiet);
  Stats stats;
  ContactSheet sheet;
  image::Bytes alpha;
  bool row = false;  // this frame is one of the sheet's
  media.draw = [&](const image::FrameView& frame, const image::FrameView& out, const FrameInfo& info) -> Status {
    row = !options.contact_sheet.empty() && sheet.Wants(info.middle(), info.clip_seconds);
    if (row) sheet.AddInput(frame);
    if (info.index == 0) filter.SetFormat(ToPublic(out));
    const auto time = static_cast<uint64_t>(std::max(0., info.seconds) * 1e9);
    const gst::Filter::Outcome outcome = filter.Process(ToPublic(frame), ToPublic(out), time);
    if (!outcome.problem.empty()) return InvalidArgument(outcome.problem);
    stats.Add(filter.times());
    return {};
  };
  media.on_drawn = [&](const image::FrameView& frame, const FrameInfo& info) -> Status {
    if (row) {
      alpha.Resize(frame.width, frame.height);
      filter.GetAlpha(frame.width, frame.height, alpha.data(), alpha.row_size());
      sheet.AddResult(alpha, frame);
    }
    if (transparent)
      SCRIM_RETURN_IF_ERROR(WriteImage(frame, /*with_alpha=*/true, FrameName(options.output, info.index)));
    stats.clip_seconds = info.seconds + (info.fps > 0 ? 1 / info.fps : 0);
    progress.Update(info.index + 1, std::llround(info.clip_seconds * info.fps));
    return {};
  };
  const StatusOr<int64_t> frames = RunMedia(media);
  progress.Finish();
  SCRIM_RETURN_IF_ERROR(frames.status());
  if (output && *frames > 0) SCRIM_RETURN_IF_ERROR(output->Commit());
  if (!options.contact_sheet.empty()) SCRIM_RETURN_IF_ERROR(sheet.Write(options.contact_sheet));
  if (options.stats) stats.Print();
  return {};
}

}  // namespace scrim::app
