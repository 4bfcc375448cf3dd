// The commands of scrim-train. Each Add… registers one with its options; once the command line is parsed, the command
// that was chosen runs, prints its errors to stderr, and leaves its exit status.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "datasets/photos.h"
#include "graph/scrimnet.h"
#include "trainer.h"

namespace scrim::train {

void AddPack(CLI::App& app, int* exit_status);
void AddRun(CLI::App& app, int* exit_status);
void AddOverfit(CLI::App& app, int* exit_status);
void AddLabel(CLI::App& app, int* exit_status);
void AddEval(CLI::App& app, int* exit_status);
void AddExport(CLI::App& app, int* exit_status);

// The options of `pack`, of `run` and of `export` as they stand on a command line; a recipe's tables have them as keys.
struct PackArguments {
  std::vector<std::string> photos, foregrounds, backgrounds;  // folders
  std::vector<std::string> skip;                              // names of folders in `photos`
  std::vector<std::string> coco;                              // ANNOTATIONS=PHOTOS
  std::vector<std::string> voc, supervisely;                  // folders
  std::string masks_from;  // folder of SOURCE/STEM.png that stand in for training photos' own masks; empty: none
  std::vector<std::string> classes;                 // FOLDER, or SOURCE=FOLDER
  std::vector<std::string> train_split, val_split;  // files
  std::string output;
  double val_share =
      -1;  // of the photos of sources that no split file names; negative: 0.1 without val_split, else none
  int max_side = 320, threads = 2;
};
struct RunArguments {
  TrainOptions options;
  std::vector<std::string> densities{"160x96"}, eval_densities{"256x144"}, sources, groups, starts, planes;
  std::string network = "default", start_network;
};
struct ExportArguments {
  std::string checkpoint, output, name, description, licence, pack;
  std::string type = "f16", density = "256x144", network = "default";
  std::vector<std::string> also_for, planes;
  int int8_photos = 0;  // 0: no int8 model
  Target target = Target::kMask;
};
struct EvalArguments {
  std::string pack, checkpoint, sheet, device = "cpu", split = "val", network = "default";
  std::vector<std::string> densities{"256x144"}, groups, planes;
  int worst = 0;
  Target target = Target::kMask;
};
void AddPackOptions(CLI::App* command, PackArguments* arguments);
void AddRunOptions(CLI::App* command, RunArguments* arguments);
void AddExportOptions(CLI::App* command, ExportArguments* arguments);

// Fills arguments.options from the texts. Errors name the option.
Status Resolve(RunArguments& arguments);
// What pack left out, and why, goes to stderr.
Status PackPhotos(const PackArguments& arguments);
Status Export(const ExportArguments& arguments);
// A table of figures goes to stdout.
Status Eval(const EvalArguments& arguments);

// Makes a model as a recipe says: packs the photos of the folder `data`, runs every stage in a folder of `output` by
// the stage's name, exports `output`/NAME.scrim and prints its figures. What is done already is not done again, and a
// stage that was stopped goes on. Errors name the file and the line or table.
Status RunRecipe(const std::string& recipe, const std::string& data, const std::string& output, int threads);

// --PREFIXinput-size, and the name that it had in version 0.1, --PREFIXdensity.
template <typename Value>
void AddInputSize(CLI::App* command, const std::string& prefix, Value* value, const std::string& help) {
  CLI::Option* option = command->add_option("--" + prefix + "input-size", *value, help)->capture_default_str();
  command->add_option("--" + prefix + "density", *value)->group("")->check([option](const std::string&) {
    return option->count() > 0 ? "is " + option->get_name() + ", which is given, too" : std::string();
  });
}

// Options that several commands have.
void AddNetwork(CLI::App* command, std::string* network, std::vector<std::string>* planes);
void AddTarget(CLI::App* command, Target* target);
void AddGroups(CLI::App* command, std::vector<std::string>* groups);
// A preset with as many planes as are named; none: the person alone, which always is the first.
StatusOr<graph::ScrimnetConfig> ParseNetwork(const std::string& network, const std::vector<std::string>& planes);
StatusOr<std::vector<graph::Density>> ParseDensities(const std::vector<std::string>& texts);
StatusOr<std::vector<SourceGroup>> ParseGroups(const std::vector<std::string>& texts);

// Prints the error, if it is one, and returns the exit status.
int Finish(const Status& status);

}  // namespace scrim::train
