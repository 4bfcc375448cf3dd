#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <vector>

#include "commands.h"
#include "contact_sheet.h"
#include "image_io.h"
#include "media.h"
#include "median.h"
#include "output_file.h"
#include "progress.h"

namespace scrim::app {
namespace {

// What each stage cost, and the clip's own time to compare with. Medians, because decoder and encoder share the
// machine.
struct Stats {
  std::vector<double> sample, network, matte, compose, total;
  double clip_seconds = 0;

  void Add(const scrim_times& t) {
    sample.push_back(t.sample), network.push_back(t.network), matte.push_back(t.matte), compose.push_back(t.compose);
    total.push_back(t.sample + t.network + t.matte + t.compose);
  }
  void Print() const {
    const double frame = Median(total);
    std::printf(
        "%zu frames, %.2f ms a frame without decoding and encoding (medians): input %.2f, network %.2f, matte %.2f, "
        "compose "
        "%.2f\n",
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

}  // namespace

Status Run(const RunOptions& options) {
  const bool transparent = options.background.transparent();
  SCRIM_ASSIGN_OR_RETURN(Session session, OpenSession(options.common));
  SCRIM_RETURN_IF_ERROR(Apply(options.background, &session));

  MediaOptions media;
  media.input = options.input;
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

  Progress progress("frames", options.quiet);
  Stats stats;
  ContactSheet sheet;
  image::Bytes alpha;
  const auto process = [&](const image::FrameView& frame, const FrameInfo& info) -> Status {
    const bool row = !options.contact_sheet.empty() && sheet.Wants(info.seconds, info.clip_seconds);
    if (row) sheet.AddInput(frame);
    image::Frame cut_out;
    image::FrameView result = frame;
    if (transparent) {
      cut_out = image::Frame(image::PixelFormat::kRgba, frame.width, frame.height);
      result = cut_out.view();
    }
    SCRIM_RETURN_IF_ERROR(ToStatus(session.Process(ToPublic(frame), ToPublic(result))));
    stats.Add(session.times());
    if (row) {
      alpha.Resize(frame.width, frame.height);
      SCRIM_RETURN_IF_ERROR(ToStatus(session.GetAlpha(frame.width, frame.height, alpha.data(), alpha.row_size())));
      sheet.AddResult(alpha, result);
    }
    if (transparent)
      SCRIM_RETURN_IF_ERROR(WriteImage(result, /*with_alpha=*/true, FrameName(options.output, info.index)));
    stats.clip_seconds = info.seconds + (info.fps > 0 ? 1 / info.fps : 0);
    progress.Update(info.index + 1, std::llround(info.clip_seconds * info.fps));
    return {};
  };
  const StatusOr<int64_t> frames = RunMedia(media, process);
  progress.Finish();
  SCRIM_RETURN_IF_ERROR(frames.status());
  if (output) SCRIM_RETURN_IF_ERROR(output->Commit());
  if (!options.contact_sheet.empty()) SCRIM_RETURN_IF_ERROR(sheet.Write(options.contact_sheet));
  if (options.stats) stats.Print();
  return {};
}

}  // namespace scrim::app
