// From a clip to a clip, or to frames: as fast as it goes, every frame with its own mask, sound carried over.
#include "run_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <vector>

#include "contact_sheet.h"
#include "image_io.h"
#include "media.h"
#include "median.h"
#include "output_file.h"
#include "pipeline.h"
#include "progress.h"

namespace scrim::app {
namespace {

// What each stage cost, and the clip's own time to compare with. Medians, because decoder and encoder share the
// machine.
struct Stats {
  std::vector<double> sample, network, matte, compose, total;
  double clip_seconds = 0;

  void Add(const GstStructure* meta) {
    double sum = 0;
    const auto add = [&](const char* name, std::vector<double>* values) {
      double value = 0;
      gst_structure_get_double(meta, name, &value);
      values->push_back(value);
      sum += value;
    };
    add("sample-ms", &sample), add("network-ms", &network), add("matte-ms", &matte), add("compose-ms", &compose);
    total.push_back(sum);
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

std::string FrameName(const std::string& folder, int64_t index) {
  char name[32];
  std::snprintf(name, sizeof name, "%06lld.png", static_cast<long long>(index));
  return (std::filesystem::path(folder) / name).string();
}

// The alpha on a frame; kInternal where there is none.
Status AlphaOf(const GstStructure* meta, const image::FrameView& frame, image::Bytes* alpha) {
  alpha->Resize(frame.width, frame.height);
  GstBuffer* buffer = nullptr;
  if (meta == nullptr || !gst_structure_get(meta, "alpha", GST_TYPE_BUFFER, &buffer, nullptr))
    return Internal("a frame came without its alpha");
  const Owned<GstBuffer> owned(buffer);
  for (int y = 0; y < frame.height; ++y)
    gst_buffer_extract(buffer, gsize{1} * y * frame.width, alpha->row(y), frame.width);
  return {};
}

}  // namespace

Status RunFile(const RunOptions& options) {
  const bool transparent = options.backgrounds[0].transparent();
  FilterOptions filter = options.filter;
  SCRIM_ASSIGN_OR_RETURN(filter.common.model, FindModel(filter.common));
  filter.background = options.backgrounds[0].text;

  MediaOptions media;
  media.input = options.input;
  media.mirror = options.mirror;
  media.alpha = transparent;
  media.frames = options.frames, media.seconds = options.duration;
  std::optional<OutputFile> output;
  if (transparent) {
    SCRIM_RETURN_IF_ERROR(MakeFolder(options.output));
  } else {
    SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(options.output));
    output.emplace(std::move(file));
    media.output = output->part_path();
    media.output_name = options.output;
    media.container = std::filesystem::path(options.output).extension().string();
  }
  media.configure = [&](GstElement* element) {
    Configure(element, filter);
    g_object_set(element, "frame-meta", TRUE, nullptr);
  };

  Progress progress("frames", options.quiet);
  Stats stats;
  ContactSheet sheet;
  image::Bytes alpha;
  bool row = false;  // this frame is one of the sheet's
  media.on_frame = [&](const image::FrameView& frame, const FrameInfo& info) -> Status {
    row = !options.contact_sheet.empty() && sheet.Wants(info.seconds, info.clip_seconds);
    if (row) sheet.AddInput(frame);
    return {};
  };
  media.on_result = [&](const image::FrameView& frame, const GstStructure* meta, const FrameInfo& info) -> Status {
    if (meta != nullptr) stats.Add(meta);
    if (row) {
      SCRIM_RETURN_IF_ERROR(AlphaOf(meta, frame, &alpha));
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
  if (output) SCRIM_RETURN_IF_ERROR(output->Commit());
  if (!options.contact_sheet.empty()) SCRIM_RETURN_IF_ERROR(sheet.Write(options.contact_sheet));
  if (options.stats) stats.Print();
  return {};
}

}  // namespace scrim::app
