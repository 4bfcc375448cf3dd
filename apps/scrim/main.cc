// scrim on the command line. Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 after
// Ctrl-C with everything written so far finished.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "commands/commands.h"
#include "commands/config_file.h"
#include "evaluation/contestant.h"
#include "io/errand.h"
#include "io/interrupt.h"
#include "live/live_commands.h"
#include "media/media.h"
#include "io/paths.h"
#include "live/sink.h"

namespace scrim::app {
namespace {

constexpr int kFailed = 1, kUsage = 2, kInterrupted = 130;

// Options of one command that are texts until they are checked.
struct Texts {
  std::string input_size, size;
  std::vector<std::string> backgrounds;
};

void AddMatte(CLI::App* command, CommonOptions* options) {
  command->add_flag("!--no-refine-edges", options->refine_edges,
                    "enlarge the mask without following the frame's edges");
  command->add_flag("!--bilinear", options->refine_edges)->group("")->configurable(false);  // its name in version 0.1
  command->add_flag("--no-stabiliser", options->raw,
                    "do not hold the mask still on still pixels, nor clean it of islands");
}

void AddDrawing(CLI::App* command, CommonOptions* options) {
  command->add_flag("--keep-room", options->keep_room,
                    "the other way round: the background goes where the person is; with blur the person vanishes");
  command
      ->add_option("--match-brightness", options->match_brightness,
                   "share of the difference between person's and background's brightness that goes, 0 to 1")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command->add_option("--light-wrap", options->light_wrap, "share of the background's light on the outline, 0 to 1")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command
      ->add_option("--person-size", options->person_size,
                   "the person smaller, on the lower edge: share of the frame's sides, 0.1 to 1; not before a blur")
      ->check(CLI::Range(0.1, 1.))
      ->capture_default_str();
  command
      ->add_option("--person-position", options->person_position,
                   "where a smaller person stands: 0 at the left edge to 1 at the right one")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command->add_flag("!--no-decontaminate-edges", options->decontaminate_edges,
                    "leave the old room's colour in the outline");
  command->add_flag("!--no-foreground", options->decontaminate_edges)
      ->group("")
      ->configurable(false);  // its name in version 0.1
}

void AddInputSize(CLI::App* command, std::string* text, const std::string& what) {
  CLI::Option* option = command->add_option("--input-size", *text, what)->type_name("WxH");
  // Its name in version 0.1.
  command->add_option("--density", *text)->group("")->check([option](const std::string&) {
    return option->count() > 0 ? "is --input-size, which is given, too" : "";
  });
}

void AddNetwork(CLI::App* command, CommonOptions* options, Texts* texts) {
  AddInputSize(command, &texts->input_size,
               "the network's input size; default: the model's own, in the shape nearest to the frame's");
  command->add_option("--threads", options->threads, "for the network; one is the cheapest, two the quicker")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--target", options->target, "SIMD target of the network, as in AVX2; default: the best")
      ->type_name("NAME");
}

void AddCommon(CLI::App* command, CommonOptions* options, Texts* texts) {
  command->add_option("--model", options->model, "model file; default: the released default model")->type_name("FILE");
  AddNetwork(command, options, texts);
}

template <typename Options>
void AddData(CLI::App* command, Options* options) {
  command
      ->add_option("data", options->data,
                   "folder with images/ and masks/, or with folders that have them; folders in images/ are clips")
      ->required()
      ->type_name("DATA");
  command->add_option("--split", options->split, "file that names the photos wanted, SOURCE/STEM a line")
      ->type_name("FILE");
  command->add_option("--sources", options->sources, "only these folders of DATA")->type_name("NAME");
  command->add_option("--group", options->groups, "also sum up these sources: NAME=SOURCE,SOURCE,...")
      ->type_name("GROUP");
  command->add_flag("-q,--quiet", options->quiet, "no progress on stderr");
  AddMatte(command, &options->common);
}

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

int Main(int argc, char** argv) {
  CLI::App app("scrim separates people from the room behind them and puts another background there");
  app.set_version_flag("--version", scrim_version());
  const std::string files =
      "An existing file is replaced once the new one is whole; a file that the command reads never is.";
  app.footer(files);  // of the commands, too
  Texts texts;
  app.set_config("--config", DefaultConfigPath(), "file with options, those of a command under its name: [run]")
      ->type_name("FILE");
  const auto config = std::make_shared<CommandConfig>(app);
  app.config_formatter(config);
  app.allow_config_extras(CLI::config_extras_mode::error);
  bool print_config = false;
  app.add_flag("--print-config", print_config, "print the options of `run` as they are, as a --config file, and end")
      ->configurable(false);

  RunOptions run;
  CLI::App* run_command = app.add_subcommand("run", "give a camera, a clip or anything else another background");
  run_command->add_option("-i,--input", run.input, kSourceHelp)->required()->type_name("SOURCE");
  run_command
      ->add_option("-b,--background", texts.backgrounds,
                   std::string(kBackgroundHelp) + "; several, to go through them with the keys n and p")
      ->required()
      ->type_name("WHAT");
  run_command->add_option("-o,--output", run.output, kSinkHelp)->required()->type_name("SINK");
  run_command
      ->add_option("--size", texts.size,
                   "of the camera's, the screen's or the test pattern's frames; default: about 1280x720")
      ->type_name("WxH");
  run_command->add_option("--rate", run.mode.rate, "their frames a second; default: about 30")
      ->check(CLI::Range(1., 240.));
  run_command->add_option("--frames", run.frames, "end after as many frames")->check(CLI::Range(1, 1 << 30));
  run_command->add_option("--duration", run.duration, "end after as many seconds")->check(CLI::Range(0.001, 1e6));
  run_command->add_option("--fit", run.filter.fit, "how a background picture or video fits: cover, contain or tile")
      ->check(CLI::IsMember({"cover", "contain", "tile"}))
      ->capture_default_str();
  run_command->add_flag("--mirror", run.mirror, "exchange left and right of the person, not of the background");
  run_command
      ->add_option("--budget", run.filter.budget, "live: what a frame may cost, Nms, or N% of one core; default: any")
      ->type_name("N");
  run_command
      ->add_option("--control", run.control, "live: socket for `scrim ctl`; default: scrim.sock in $XDG_RUNTIME_DIR")
      ->type_name("SOCKET");
  run_command->add_flag("!--no-keys", run.keys, "live: take no keys from the terminal");
  run_command
      ->add_option("--contact-sheet", run.contact_sheet,
                   "of a clip: also an image with rows of input, alpha and result")
      ->type_name("FILE");
  run_command->add_flag("--stats", run.stats, "print what each step cost a frame, decoding and encoding not counted");
  run_command->add_flag("-q,--quiet", run.quiet, "no progress on stderr");
  AddMatte(run_command, &run.filter.common);
  AddDrawing(run_command, &run.filter.common);
  AddCommon(run_command, &run.filter.common, &texts);

  DevicesOptions devices;
  CLI::App* devices_command = app.add_subcommand("devices", "list cameras with their modes, and loopback devices");
  devices_command->add_flag("--json", devices.json, "machine-readable");

  CtlOptions ctl;
  CLI::App* ctl_command = app.add_subcommand("ctl", "tell a live run what to do");
  ctl_command->add_option("command", ctl.words, CommandsHelp())->required()->type_name("COMMAND");
  ctl_command->add_option("--control", ctl.control, "the run's socket; default: scrim.sock in $XDG_RUNTIME_DIR")
      ->type_name("SOCKET");

  MatteOptions matte;
  CLI::App* matte_command = app.add_subcommand("matte", "write the alpha of photos or clips as 8-bit grey PNG");
  matte_command
      ->add_option(
          "input", matte.input,
          "image, folder of images (independent photos), clip (numbered frames from 000000.png), or `-` (a clip "
          "or an image on standard input, as stdin.png)")
      ->required()
      ->type_name("IMAGE|FOLDER|CLIP");
  matte_command
      ->add_option(
          "-o,--output", matte.output,
          "folder, made unless it exists; files get the input's stem and replace older ones, never an input; frames of "
          "a clip want a folder without others")
      ->required()
      ->type_name("FOLDER");
  matte_command->add_flag("--sequence", matte.sequence, "the folder's images are consecutive frames of one clip");
  matte_command->add_flag("-q,--quiet", matte.quiet, "no progress on stderr");
  AddMatte(matte_command, &matte.common);
  AddCommon(matte_command, &matte.common, &texts);

  ImageOptions image;
  CLI::App* image_command = app.add_subcommand("image", "give a photo another background");
  image_command->add_option("input", image.input, "image file, or `-` (standard input)")->required()->type_name("IN");
  image_command->add_option("-b,--background", texts.backgrounds, kBackgroundHelp)
      ->required()
      ->expected(1)
      ->type_name("WHAT");
  image_command
      ->add_option("-o,--output", image.output, "image file, or `-` (standard output, PNG); .png for transparent")
      ->required()
      ->type_name("OUT");
  AddMatte(image_command, &image.common);
  AddDrawing(image_command, &image.common);
  AddCommon(image_command, &image.common, &texts);

  CommonOptions info;
  CLI::App* info_command = app.add_subcommand("info", "describe a model");
  info_command->add_option("file", info.model, "model file; default: the released default model")->type_name("MODEL");
  AddCommon(info_command, &info, &texts);

  BenchOptions bench;
  CLI::App* bench_command = app.add_subcommand("bench", "time the network and every stage of the frame path at 720p");
  bench_command->add_flag("--json", bench.json, "machine-readable");
  bench_command->add_flag("--steps", bench.steps, "also the network, step by step");
  bench_command->add_flag("--live", bench.live,
                          "only: processor time and latency at 30 frames of 720p a second, as from a camera");
  bench_command
      ->add_option("--against", bench.against, "another model: both networks run in turn, and their ratio is printed")
      ->type_name("MODEL");
  AddMatte(bench_command, &bench.common);
  AddCommon(bench_command, &bench.common, &texts);

  EvalOptions eval;
  CLI::App* eval_command = app.add_subcommand(
      "eval", "how good the masks of a model, or of anything else, are on photos and clips with masks");
  AddData(eval_command, &eval);
  eval_command
      ->add_option("--predictions", eval.predictions,
                   "judge the masks in this folder instead, SOURCE/STEM.png or STEM.png, whoever made them")
      ->type_name("FOLDER");
  eval_command->add_option("--json", eval.json, "all figures, each photo's too")->type_name("FILE");
  eval_command->add_option("--plot", eval.plot, "share of photos below each IoU, .png or .svg (needs gnuplot)")
      ->type_name("FILE");
  eval_command->add_option("--worst", eval.worst, "name this many of the worst photos")->check(CLI::Range(1, 100000));
  eval_command->add_option("--sheet", eval.sheet, "picture of the worst photos beside what was found")
      ->type_name("FILE");
  AddCommon(eval_command, &eval.common, &texts);

  DensityOptions density;
  std::vector<std::string> densities{"64x64", "96x96", "128x128", "160x160", "192x192", "256x256", "256x144"};
  CLI::App* density_command =
      app.add_subcommand("density", "quality against speed at several input sizes of the network");
  AddData(density_command, &density);
  density_command->add_option("--sizes", densities, "the network's input sizes")
      ->type_name("WxH")
      ->capture_default_str();
  density_command->add_option("--csv", density.csv, "all figures")->type_name("FILE");
  density_command->add_option("--plot", density.plot, "the chart, .png or .svg (needs gnuplot)")->type_name("FILE");
  AddCommon(density_command, &density.common, &texts);

  CompareOptions compare;
  CLI::App* compare_command = app.add_subcommand(
      "compare", "networks and what came before them, side by side on a clip, on photos or on a camera");
  compare_command
      ->add_option("input", compare.input,
                   "clip, folder of images (independent photos), or a live source as for `run`: camera, URL, test")
      ->required()
      ->type_name("INPUT");
  compare_command
      ->add_option("--methods", compare.methods,
                   "canny, gmg, knn, mog, mog2, edges, with parameters as in mog2:history=200,threshold=25, and "
                   "released models as in default or lite.int8; default: all")
      ->type_name("NAME");
  compare_command->add_option("--model", compare.models, "model files besides")->type_name("FILE");
  compare_command
      ->add_option("--masks", compare.masks,
                   "folder of true masks of some or all frames: STEM.png, for a clip 000000.png and so on")
      ->type_name("FOLDER");
  compare_command
      ->add_option("-o,--output", compare.output,
                   "picture (.jpg, .png): a contact sheet; .mp4, .mov, .mkv, window or another sink of `run`: a grid "
                   "video; default: none, live: window")
      ->type_name("OUT");
  compare_command->add_option("--json", compare.json, "all figures")->type_name("FILE");
  compare_command->add_flag("--sequence", compare.sequence, "the folder's images are consecutive frames of one clip");
  compare_command->add_option("--size", texts.size, "of a live source's frames; default: about 1280x720")
      ->type_name("WxH");
  compare_command->add_option("--frames", compare.frames, "end after as many frames")->check(CLI::Range(1, 1 << 30));
  compare_command->add_option("--duration", compare.duration, "live: end after as many seconds")
      ->check(CLI::Range(0.001, 1e6));
  compare_command->add_flag("-q,--quiet", compare.quiet, "no progress on stderr");
  compare_command->footer("Methods and their parameters:\n" + DescribePredecessors() + "\n" + files);
  AddMatte(compare_command, &compare.common);
  AddNetwork(compare_command, &compare.common, &texts);

  ConvertOptions convert;
  CLI::App* convert_command = app.add_subcommand(
      "convert", "make a model of an ONNX network, or ONNX of a model; a network's preprocessing is named here once");
  convert_command->add_option("input", convert.input, "network.onnx or model.scrim")->required()->type_name("IN");
  convert_command->add_option("output", convert.output, "model.scrim or network.onnx")->required()->type_name("OUT");
  convert_command->add_option("--name", convert.name, "the model's name");
  convert_command->add_option("--description", convert.description, "one line");
  convert_command->add_option("--licence", convert.licence, "terms of the weights, one line");
  convert_command
      ->add_option("--scale", convert.scale,
                   "the network's input is scale * value + offset of 8-bit values: one scale, or R,G,B; default: 1/255")
      ->delimiter(',');
  convert_command->add_option("--offset", convert.offset, "one offset, or R,G,B; default: 0")->delimiter(',');
  convert_command->add_flag("--bgr", convert.bgr, "the network takes blue first");
  convert_command->add_flag("--half", convert.half, "store weights with 16 bits");
  convert_command->add_flag("--int8", convert.int8, "quantise: 8-bit weights and values; needs --calibrate");
  convert_command
      ->add_option("--calibrate", convert.calibrate,
                   "folders of photos such as the model will see; they decide ranges and what stays f32")
      ->type_name("FOLDER")
      ->delimiter(',');
  convert_command->add_option("--photos", convert.photos, "how many of them are used, evenly; default: 128")
      ->check(CLI::Range(1, 10000));
  convert_command
      ->add_option("--tolerance", convert.tolerance,
                   "how much masks may change, 1 - IoU, before layers go back to f32; default: 0.02")
      ->check(CLI::Range(0., 1.));
  convert_command->add_flag("--quiet", convert.quiet, "say nothing while quantising");
  AddInputSize(convert_command, &texts.input_size, "the network's input size; default: the model's own");

  const auto usage = [&](const std::string& message) {
    const std::string file = config->Concerns(message) ? app.get_config_ptr()->as<std::string>() + ": " : "";
    std::fprintf(stderr, "scrim: %s%s\n", file.c_str(), message.c_str());
    return kUsage;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage(std::string(error.what()) + " (scrim --help says more)");
  }

  if (print_config) {
    PrintConfig(run_command->config_to_str(/*default_also=*/true, /*write_description=*/true));
    return 0;
  }
  if (app.get_subcommands().empty())
    return usage(
        "a command is needed: run, devices, ctl, matte, image, info, bench, eval, density, compare or convert (scrim "
        "--help says more)");

  CommonOptions* commons[] = {&run.filter.common, &matte.common, &image.common,   &info,
                              &bench.common,      &eval.common,  &density.common, &compare.common};
  if (!texts.input_size.empty()) {
    const StatusOr<graph::Density> size = graph::ParseDensity(texts.input_size);
    if (!size.ok()) return usage("--input-size: " + size.status().message());
    for (CommonOptions* common : commons) common->input_size = *size;
    convert.input_size = *size;
  }
  for (const std::string& text : texts.backgrounds) {
    const StatusOr<BackgroundOption> background = ParseBackground(text);
    if (!background.ok()) return usage(background.status().message());
    run.backgrounds.push_back(*background);
    image.background = *background;
  }
  if (!texts.size.empty()) {
    const StatusOr<Mode> size = ParseSize(texts.size);
    if (!size.ok()) return usage("--size " + size.status().message());
    for (Mode* mode : {&run.mode, &compare.mode}) mode->width = size->width, mode->height = size->height;
  }
  for (const std::string& text : densities) {
    const StatusOr<graph::Density> parsed = graph::ParseDensity(text);
    if (!parsed.ok()) return usage("--sizes: " + parsed.status().message());
    density.densities.push_back(*parsed);
  }
  if (eval_command->parsed() && !eval.sheet.empty() && eval.worst == 0) eval.worst = 48;
  if (convert.int8 != !convert.calibrate.empty()) return usage("--int8 and --calibrate FOLDER go together");
  if (convert.int8 && convert.half) return usage("--half: int8 weights take 8 bits already; leave --half out");
  if (convert.int8 && ExtensionOf(convert.output) == ".onnx")
    return usage("--int8: ONNX gets float weights; give a .scrim file");
  if (convert_command->parsed() && !IsConvertible(convert.output))
    return usage(convert.output + ": the output's extension must be .scrim or .onnx");
  if (run_command->parsed()) {
    if (const std::string problem = Problem(run); !problem.empty()) return usage(problem);
  }
  if (image_command->parsed() && image.background.transparent()) {
    const std::string extension = ExtensionOf(image.output);
    if (image.output != "-" && extension != ".png" && extension != ".webp")
      return usage("--output " + image.output + ": transparent needs .png or .webp");
  }

  GuardInputs();
  WatchForInterrupt();
  signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error of write like a full disk
  signal(SIGPIPE, SIG_IGN);
  Status status;
  if (run_command->parsed()) status = Run(run);
  if (devices_command->parsed()) status = Devices(devices);
  if (ctl_command->parsed()) status = Ctl(ctl);
  if (matte_command->parsed()) status = Matte(matte);
  if (image_command->parsed()) status = Image(image);
  if (info_command->parsed()) status = Info(info);
  if (bench_command->parsed()) status = Bench(bench);
  if (eval_command->parsed()) status = Eval(eval);
  if (density_command->parsed()) status = DensityChart(density);
  if (compare_command->parsed()) status = Compare(compare);
  if (convert_command->parsed()) status = Convert(convert);
  if (!status.ok()) std::fprintf(stderr, "scrim: %s\n", status.message().c_str());
  const int exit_status = !status.ok() ? kFailed : Interrupted() ? kInterrupted : 0;
  if (!ErrandsEnd(std::chrono::milliseconds(0))) {  // a driver or a daemon hangs
    std::fflush(nullptr);
    _exit(exit_status);
  }
  return exit_status;
}

}  // namespace
}  // namespace scrim::app

int main(int argc, char** argv) {
  try {
    return scrim::app::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scrim: %s\n", error.what());
    return 1;
  }
}
