#include "commands/commands.h"
#include "commands/run_file.h"
#include "commands/shared_options.h"
#include "io/paths.h"
#include "live/run_live.h"
#include "live/sink.h"
#include "media/media.h"

namespace scrim::app {
namespace {

// What does not go together in a run; empty: nothing.
std::string Problem(const RunOptions& run) {
  const std::string extension = ExtensionOf(run.output);
  const bool file = KindOfSink(run.output) == SinkKind::kFile, clip = KindOfSource(run.input) == SourceKind::kFile;
  bool transparent = false;
  for (const BackgroundOption& background : run.backgrounds) transparent |= background.transparent();
  const std::string output = "--output " + run.output + ": ";
  if (transparent && (!clip || run.backgrounds.size() > 1))
    return "--background transparent: is for clips, and has no other background beside it";
  if (transparent && (!file || IsKnownContainer(extension) || extension == ".webm"))
    return output + "transparent writes PNG frames into a folder; give a folder";
  if (!transparent && file && !IsKnownContainer(extension))
    return output + "the extension must be .mp4, .m4v, .mov or .mkv, or name a sink (scrim run --help says which)";
  if (!run.contact_sheet.empty() && !(clip && file)) return "--contact-sheet: is for clips that become clips";
  return "";
}

// Files need no hurry; everything else has a clock.
Status Run(const RunOptions& options) {
  for (const BackgroundOption& background : options.backgrounds) NoteInput(background.text);
  const SinkKind sink = KindOfSink(options.output);
  const bool clip =
      KindOfSource(options.input) == SourceKind::kFile && (sink == SinkKind::kFile || sink == SinkKind::kStdout);
  return clip || options.backgrounds[0].transparent() ? RunFile(options) : RunLive(options);
}

}  // namespace

Command AddRun(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "give a camera, a clip or anything else another background");
  command->add_option("-i,--input", options->input, kSourceHelp)->required()->type_name("SOURCE");
  AddBackgroundOption(command, &options->backgrounds,
                      std::string(kBackgroundHelp) + "; several, to go through them with the keys n and p");
  command->add_option("-o,--output", options->output, kSinkHelp)->required()->type_name("SINK");
  AddSizeOption(command, &options->mode,
                "of the camera's, the screen's or the test pattern's frames; default: about 1280x720");
  command->add_option("--rate", options->mode.rate, "their frames a second; default: about 30")
      ->check(CLI::Range(1., 240.));
  command->add_option("--frames", options->frames, "end after as many frames")->check(CLI::Range(1, 1 << 30));
  command->add_option("--duration", options->duration, "end after as many seconds")->check(CLI::Range(0.001, 1e6));
  command->add_option("--fit", options->filter.fit, "how a background picture or video fits: cover, contain or tile")
      ->check(CLI::IsMember({"cover", "contain", "tile"}))
      ->capture_default_str();
  command->add_flag("--mirror", options->mirror, "exchange left and right of the person, not of the background");
  command
      ->add_option("--budget", options->filter.budget,
                   "live: what a frame may cost, Nms, or N% of one core; default: any")
      ->type_name("N");
  command
      ->add_option("--control", options->control,
                   "live: socket for `scrim ctl`; default: scrim.sock in $XDG_RUNTIME_DIR")
      ->type_name("SOCKET");
  command->add_flag("!--no-keys", options->keys, "live: take no keys from the terminal");
  command
      ->add_option("--contact-sheet", options->contact_sheet,
                   "of a clip: also an image with rows of input, alpha and result")
      ->type_name("FILE");
  command->add_flag("--stats", options->stats, "print what each step cost a frame, decoding and encoding not counted");
  command->add_flag("-q,--quiet", options->quiet, "no progress on stderr");
  AddMatteOptions(command, &options->filter.common);
  AddDrawingOptions(command, &options->filter.common);
  AddModelOptions(command, &options->filter.common);
  command->callback([options] {
    if (const std::string problem = Problem(*options); !problem.empty()) throw CLI::ValidationError(problem);
  });
  return {command, [options] { return Run(*options); }};
}

}  // namespace scrim::app
