#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "commands/shared_options.h"
#include "io/image_io.h"
#include "io/interrupt.h"
#include "io/paths.h"
#include "options/background_option.h"
#include "options/session.h"

namespace scrim::app {
namespace {

struct ImageOptions {
  CommonOptions common;
  std::string input, output;
  std::vector<BackgroundOption> backgrounds;  // one
};

Status Image(const ImageOptions& options) {
  WatchForStandstill(options.input == "-" ? "" : options.input);
  std::string note;
  SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(options.input, &note));
  SCRIM_ASSIGN_OR_RETURN(Session session, OpenSession(options.common));
  SCRIM_RETURN_IF_ERROR(Apply(options.backgrounds[0], &session));
  const scrim_frame view = ToPublic(frame.view());
  SCRIM_RETURN_IF_ERROR(ToStatus(session.Process(view)));
  if (!note.empty()) std::fprintf(stderr, "scrim: %s\n", note.c_str());
  const bool transparent = options.backgrounds[0].transparent();
  return WriteImage(frame.view(), transparent, options.output);
}

}  // namespace

Command AddImage(CLI::App& app) {
  const auto options = std::make_shared<ImageOptions>();
  CLI::App* command = app.add_subcommand("image", "give a photo another background");
  command->add_option("input", options->input, "image file, or `-` (standard input)")->required()->type_name("IN");
  AddBackgroundOption(command, &options->backgrounds, kBackgroundHelp)->expected(1);
  command->add_option("-o,--output", options->output, "image file, or `-` (standard output, PNG); .png for transparent")
      ->required()
      ->type_name("OUT");
  AddMatteOptions(command, &options->common);
  AddDrawingOptions(command, &options->common);
  AddModelOptions(command, &options->common);
  command->callback([options] {
    const std::string extension = ExtensionOf(options->output);
    if (options->backgrounds[0].transparent() && options->output != "-" && extension != ".png" && extension != ".webp")
      throw CLI::ValidationError("--output " + options->output, "transparent needs .png or .webp");
  });
  return {command, [options] { return Image(*options); }};
}

}  // namespace scrim::app
