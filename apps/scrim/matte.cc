#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <vector>

#include "commands.h"
#include "image_io.h"
#include "interrupt.h"
#include "media.h"
#include "output_file.h"
#include "progress.h"

namespace scrim::app {

namespace fs = std::filesystem;

namespace {

Status WriteMatte(Session* session, const image::FrameView& frame, const std::string& path) {
  image::Bytes alpha(frame.width, frame.height);
  SCRIM_RETURN_IF_ERROR(ToStatus(session->Segment(ToPublic(frame), alpha.data(), alpha.row_size())));
  return WriteGreyPng(alpha, path);
}

Status MatteOfImage(Session* session, const std::string& input, const std::string& output) {
  SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(input));
  return WriteMatte(session, frame.view(), output);
}

fs::path OutputFor(const fs::path& folder, const fs::path& input) { return folder / (input.stem().string() + ".png"); }

// Goes on after an image that cannot be read, and fails in the end.
Status MatteOfFolder(Session* session, const MatteOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<fs::path> images, ListImages(options.input));
  std::map<fs::path, fs::path> taken;
  for (const fs::path& image : images) {
    const auto [other, fresh] = taken.emplace(OutputFor(options.output, image), image);
    if (!fresh) {
      return InvalidArgument(other->second.string() + " and " + image.string() + " would both become " +
                             other->first.string());
    }
  }
  Progress progress("images", options.quiet);
  int64_t done = 0;
  std::vector<std::string> failures;
  for (const fs::path& image : images) {
    if (Interrupted()) break;
    if (!options.sequence) session->Reset();
    Status status = MatteOfImage(session, image.string(), OutputFor(options.output, image).string());
    if (status.code() == Code::kIo) return status;  // a full disk does not get better
    if (!status.ok()) failures.push_back(status.message());
    progress.Update(++done, static_cast<int64_t>(images.size()));
  }
  progress.Finish();
  if (failures.empty()) return {};
  for (size_t i = 0; i + 1 < failures.size(); ++i) std::fprintf(stderr, "scrim: %s\n", failures[i].c_str());
  return Corrupt(failures.back());
}

Status MatteOfClip(Session* session, const MatteOptions& options) {
  Progress progress("frames", options.quiet);
  MediaOptions media;
  media.input = options.input;
  media.on_frame = [&](const image::FrameView& frame, const FrameInfo& info) -> Status {
    char name[32];
    std::snprintf(name, sizeof name, "%06lld.png", static_cast<long long>(info.index));
    SCRIM_RETURN_IF_ERROR(WriteMatte(session, frame, (fs::path(options.output) / name).string()));
    progress.Update(info.index + 1, std::llround(info.clip_seconds * info.fps));
    return {};
  };
  return RunMedia(media).status();
}

}  // namespace

Status Matte(const MatteOptions& options) {
  std::error_code error;
  if (!fs::exists(options.input, error)) return NotFound(options.input + ": no such file or folder");
  SCRIM_ASSIGN_OR_RETURN(Session session, OpenSession(options.common));
  SCRIM_RETURN_IF_ERROR(MakeFolder(options.output));
  if (fs::is_directory(options.input, error)) return MatteOfFolder(&session, options);
  if (IsImageFile(options.input)) {
    return MatteOfImage(&session, options.input, OutputFor(options.output, options.input).string());
  }
  return MatteOfClip(&session, options);
}

Status Image(const ImageOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(Session session, OpenSession(options.common));
  SCRIM_RETURN_IF_ERROR(Apply(options.background, &session));
  SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(options.input));
  const scrim_frame view = ToPublic(frame.view());
  SCRIM_RETURN_IF_ERROR(ToStatus(session.Process(view)));
  const bool transparent = options.background.transparent();
  return WriteImage(frame.view(), transparent, options.output);
}

}  // namespace scrim::app
