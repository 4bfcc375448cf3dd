#include "commands/shared_options.h"

#include "common/color.h"

namespace scrim::app {

void AddInputSizeOption(CLI::App* command, graph::Density* size, const std::string& what) {
  const auto parse = [size](const std::string& text) {
    const StatusOr<graph::Density> parsed = graph::ParseDensity(text);
    if (!parsed.ok()) throw CLI::ValidationError("--input-size", parsed.status().message());
    *size = *parsed;
  };
  CLI::Option* option = command->add_option_function<std::string>("--input-size", parse, what)
                            ->type_name("WxH")
                            ->run_callback_for_default();  // without it --print-config leaves the option out
  // Its name in version 0.1.
  command->add_option_function<std::string>("--density", parse)->group("")->check([option](const std::string&) {
    return option->count() > 0 ? "is --input-size, which is given, too" : "";
  });
}

void AddSizeOption(CLI::App* command, Mode* mode, const std::string& what) {
  const auto parse = [mode](const std::string& text) {
    const StatusOr<Mode> size = ParseSize(text);
    if (!size.ok()) throw CLI::ValidationError("--size " + size.status().message());
    mode->width = size->width, mode->height = size->height;
  };
  command->add_option_function<std::string>("--size", parse, what)->type_name("WxH")->run_callback_for_default();
}

CLI::Option* AddBackgroundOption(CLI::App* command, std::vector<BackgroundOption>* backgrounds,
                                 const std::string& what) {
  const auto parse = [backgrounds](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const StatusOr<BackgroundOption> background = ParseBackground(text);
      if (!background.ok()) throw CLI::ValidationError(background.status().message());
      backgrounds->push_back(*background);
    }
  };
  return command->add_option_function<std::vector<std::string>>("-b,--background", parse, what)
      ->required()
      ->type_name("WHAT");
}

void AddMatteOptions(CLI::App* command, CommonOptions* options) {
  command->add_flag("!--no-refine-edges", options->refine_edges,
                    "enlarge the mask without following the frame's edges");
  command->add_flag("!--bilinear", options->refine_edges)->group("")->configurable(false);  // its name in version 0.1
  command->add_flag("--no-stabiliser", options->raw,
                    "do not hold the mask still on still pixels, nor clean it of islands");
}

void AddDrawingOptions(CLI::App* command, CommonOptions* options) {
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
  command
      ->add_option("--hair-color", options->hair_color,
                   "#rrggbb: hair of this colour, as if dyed; the model must know hair (scrim info says)")
      ->check([](const std::string& text) { return text.empty() || ParseColor(text) ? "" : NoColor(text); })
      ->type_name("COLOUR");
  command->add_option("--hair-strength", options->hair_strength, "how far hair goes to that colour, 0 to 1")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command
      ->add_option("--smooth-skin", options->smooth_skin,
                   "how far small wrinkles and blemishes of the face go, 0 to 1; the model must know skin")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command->add_flag("!--no-decontaminate-edges", options->decontaminate_edges,
                    "leave the old room's colour in the outline");
  command->add_flag("!--no-foreground", options->decontaminate_edges)
      ->group("")
      ->configurable(false);  // its name in version 0.1
}

void AddNetworkOptions(CLI::App* command, CommonOptions* options) {
  AddInputSizeOption(command, &options->input_size,
                     "the network's input size; default: the model's own, in the shape nearest to the frame's");
  command->add_option("--threads", options->threads, "for the network; one is the cheapest, two the quicker")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--target", options->target, "SIMD target of the network, as in AVX2; default: the best")
      ->type_name("NAME");
}

void AddModelOptions(CLI::App* command, CommonOptions* options) {
  command->add_option("--model", options->model, "model file; default: the released default model")->type_name("FILE");
  AddNetworkOptions(command, options);
}

void AddDataOptions(CLI::App* command, DataOptions* options) {
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
}

}  // namespace scrim::app
