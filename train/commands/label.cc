// `scrim-train label`: hair and skin for photos where nobody has labelled them.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "commands/commands.h"
#include "datasets/folder.h"
#include "label_parts.h"

namespace scrim::train {
namespace {

struct LabelArguments {
  std::string model, output;
  std::vector<std::string> photos;
};

// Writes beside the target and renames, so that a stopped run leaves no half file.
Status WritePng(const cv::Mat& picture, const std::string& path) {
  const std::string aside = path + ".part.png";
  std::error_code error;
  if (cv::imwrite(aside, picture)) std::filesystem::rename(aside, path, error);
  return error || !std::filesystem::exists(path) ? IoError(path + ": cannot be written; is the disk full?") : Status();
}

Status LabelFolder(PartLabeller& labeller, const std::string& folder, const std::string& output) {
  SCRIM_ASSIGN_OR_RETURN(const Examples found, ReadFolder(folder, Role::kPhoto));
  const std::filesystem::path to = std::filesystem::path(output) / FolderName(folder);
  std::error_code error;
  std::filesystem::create_directories(to / "classes", error);
  if (error) return IoError(to.string() + ": the folder cannot be made");
  int labelled = 0;
  for (const Example& example : found.examples) {
    const cv::Mat photo = cv::imread(example.image, cv::IMREAD_COLOR);
    if (photo.empty()) continue;  // pack lists it
    const auto labels = example.labels(photo.size());
    if (!labels.ok()) continue;
    const cv::Mat classes = labeller.Label(photo, labels->person);
    if (classes.empty()) continue;
    SCRIM_RETURN_IF_ERROR(WritePng(classes, (to / "classes" / (example.stem + ".png")).string()));
    ++labelled;
  }
  std::ofstream json(to / "classes.json");
  json << PartLabeller::ClassesJson();
  json.close();
  if (!json) return IoError((to / "classes.json").string() + ": cannot be written");
  std::fprintf(stderr, "%s: %d of %zu photos\n", folder.c_str(), labelled, found.examples.size());
  return {};
}

Status Label(const LabelArguments& a) {
  SCRIM_ASSIGN_OR_RETURN(PartLabeller labeller, PartLabeller::Open(a.model));
  for (const std::string& folder : a.photos) SCRIM_RETURN_IF_ERROR(LabelFolder(labeller, folder, a.output));
  return {};
}

}  // namespace

void AddLabel(CLI::App& app, int* exit_status) {
  CLI::App* command = app.add_subcommand(
      "label", "find hair and skin in photos where nobody has labelled them, for --classes of 'pack'");
  const auto a = std::make_shared<LabelArguments>();
  command->add_option("--model", a->model, "a model file (*.scrim) that learned both on photos of heads")->required();
  command->add_option("--photos", a->photos, "folders with images/ and masks/ inside")->required();
  command->add_option("--output", a->output, "gets SOURCE/classes/STEM.png and SOURCE/classes.json")->required();
  command->callback([=] { *exit_status = Finish(Label(*a)); });
}

}  // namespace scrim::train
