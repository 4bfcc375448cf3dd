#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <vector>

#include "commands/commands.h"
#include "commands/shared_options.h"
#include "common/byte_source.h"
#include "common/image_file.h"
#include "io/image_io.h"
#include "io/interrupt.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/progress.h"
#include "media/media.h"

namespace scrim::app {

namespace fs = std::filesystem;

namespace {

struct MatteOptions {
  CommonOptions common;
  std::string input, output;
  std::string plane = "person";
  bool sequence = false, quiet = false;
};

constexpr size_t kMostNames = 10;  // of a list in one line

Status WriteMatte(Session* session, const std::string& plane, const image::FrameView& frame, const std::string& path) {
  image::Bytes alpha(frame.width, frame.height);
  SCRIM_RETURN_IF_ERROR(ToStatus(session->Segment(ToPublic(frame), alpha.data(), alpha.row_size())));
  SCRIM_RETURN_IF_ERROR(
      ToStatus(session->GetPlaneAlpha(plane, frame.width, frame.height, alpha.data(), alpha.row_size())));
  return WriteGreyPng(alpha, path);
}

Status MatteOfImage(Session* session, const std::string& plane, const std::string& input, const std::string& output,
                    std::string* note) {
  SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(input, note));
  return WriteMatte(session, plane, frame.view(), output);
}

void Print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::fprintf(stderr, "scrim: %s\n", line.c_str());
}

fs::path OutputFor(const fs::path& folder, const fs::path& input) { return folder / (input.stem().string() + ".png"); }

// Before anything is written: no mask replaces a photo, and no two have one name.
Status CheckNames(const std::vector<fs::path>& images, const std::string& folder) {
  std::map<fs::path, fs::path> taken;
  for (const fs::path& image : images) {
    const fs::path output = OutputFor(folder, image);
    SCRIM_RETURN_IF_ERROR(CheckNoInput(output.string()));
    const auto [other, fresh] = taken.emplace(output, image);
    if (!fresh) {
      return InvalidArgument(other->second.string() + " and " + image.string() + " would both become " +
                             other->first.string());
    }
  }
  return {};
}

// Goes on after an image that cannot be read, and fails in the end, with a list of all of them.
Status MatteOfFolder(Session* session, const MatteOptions& options) {
  std::vector<std::string> left_out;
  SCRIM_ASSIGN_OR_RETURN(const std::vector<fs::path> images, ListImages(options.input, &left_out));
  SCRIM_RETURN_IF_ERROR(CheckNames(images, options.output));
  Progress progress("images", options.quiet);
  int64_t done = 0;
  std::vector<std::string> notes, failures;
  const FinishesOnInterrupt finishes;
  WatchForStandstill(options.input);
  for (const fs::path& image : images) {
    if (Interrupted()) break;
    if (!options.sequence) session->Reset();
    std::string note;
    Status status =
        MatteOfImage(session, options.plane, image.string(), OutputFor(options.output, image).string(), &note);
    if (status.code() == Code::kIo) return status;  // a full disk does not get better
    if (!status.ok()) failures.push_back(status.message());
    if (!note.empty()) notes.push_back(note);
    Moved();
    progress.Update(++done, static_cast<int64_t>(images.size()));
  }
  WatchForStandstill("");
  progress.Finish();
  Print(notes);
  if (!left_out.empty()) {
    std::string names = options.input + ": " + std::to_string(left_out.size()) +
                        (left_out.size() == 1 ? " file is no image: " : " files are no images: ");
    for (size_t i = 0; i < left_out.size() && i < kMostNames; ++i) names += (i > 0 ? ", " : "") + left_out[i];
    Print({names + (left_out.size() > kMostNames ? ", ..." : "")});
  }
  if (failures.empty()) return {};
  const std::string last = failures.back();
  failures.pop_back();
  Print(failures);
  return Corrupt(last);
}

Status MatteOfClip(Session* session, const MatteOptions& options) {
  SCRIM_RETURN_IF_ERROR(MakeFrameFolder(options.output));
  Progress progress("frames", options.quiet);
  MediaOptions media;
  media.input = options.input;
  media.on_frame = [&](const image::FrameView& frame, const FrameInfo& info) -> Status {
    SCRIM_RETURN_IF_ERROR(WriteMatte(session, options.plane, frame, FrameName(options.output, info.index)));
    progress.Update(info.index + 1, std::llround(info.clip_seconds * info.fps));
    return {};
  };
  return RunMedia(media).status();
}

Status Matte(const MatteOptions& options) {
  std::error_code error;
  if (options.input != "-" && !fs::exists(options.input, error))
    return NotFound(options.input + ": no such file or folder");
  SCRIM_ASSIGN_OR_RETURN(Session session, OpenSession(options.common));
  SCRIM_RETURN_IF_ERROR(ToStatus(session.WantPlane(options.plane, true)));
  SCRIM_RETURN_IF_ERROR(MakeFolder(options.output));
  if (fs::is_directory(options.input, error)) return MatteOfFolder(&session, options);
  const bool image =
      options.input == "-" ? LooksLikeImage(PeekStandardInput()) : KindOfImage(options.input) == ImageKind::kStill;
  if (!image) return MatteOfClip(&session, options);
  WatchForStandstill(options.input == "-" ? "" : options.input);
  std::string note;
  SCRIM_RETURN_IF_ERROR(MatteOfImage(&session, options.plane, options.input,
                                     OutputFor(options.output, options.input == "-" ? "stdin" : options.input).string(),
                                     &note));
  if (!note.empty()) Print({note});
  return {};
}

}  // namespace

Command AddMatte(CLI::App& app) {
  const auto options = std::make_shared<MatteOptions>();
  CLI::App* command = app.add_subcommand("matte", "write the alpha of photos or clips as 8-bit grey PNG");
  command
      ->add_option(
          "input", options->input,
          "image, folder of images (independent photos), clip (numbered frames from 000000.png), or `-` (a clip "
          "or an image on standard input, as stdin.png)")
      ->required()
      ->type_name("IMAGE|FOLDER|CLIP");
  command
      ->add_option(
          "-o,--output", options->output,
          "folder, made unless it exists; files get the input's stem and replace older ones, never an input; frames of "
          "a clip want a folder without others")
      ->required()
      ->type_name("FOLDER");
  command
      ->add_option("--plane", options->plane,
                   "what the alpha is of: person, or what else the model knows, as hair (scrim info says)")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--sequence", options->sequence, "the folder's images are consecutive frames of one clip");
  command->add_flag("-q,--quiet", options->quiet, "no progress on stderr");
  AddMatteOptions(command, &options->common);
  AddModelOptions(command, &options->common);
  return {command, [options] { return Matte(*options); }};
}

}  // namespace scrim::app
