#include "datasets/pack.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "augment/random.h"
#include "commands/commands.h"
#include "datasets/classes.h"
#include "datasets/coco.h"
#include "datasets/folder.h"
#include "datasets/supervisely.h"
#include "datasets/voc.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

StatusOr<Examples> ReadCocoArgument(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return InvalidArgument("--coco " + text + ": wanted is ANNOTATIONS=PHOTOS");
  return ReadCoco(text.substr(0, equals), text.substr(equals + 1));
}

bool HasPairs(const fs::path& folder) {
  return fs::is_directory(folder / "images") && fs::is_directory(folder / "masks");
}

// A folder that holds no pairs itself stands for those in it that do, but for foregrounds and what is to be skipped.
std::vector<std::string> PhotoFolders(const PackArguments& a) {
  std::vector<std::string> folders;
  for (const std::string& argument : a.photos) {
    std::vector<std::string> inside;
    std::error_code error;
    if (!HasPairs(argument))
      for (const auto& entry : fs::directory_iterator(argument, error))
        if (HasPairs(entry.path())) inside.push_back(entry.path().string());
    std::sort(inside.begin(), inside.end());
    const auto named = [&](const std::string& folder) {
      const auto same = [&](const std::string& other) { return FolderName(other) == FolderName(folder); };
      return std::any_of(a.foregrounds.begin(), a.foregrounds.end(), same) ||
             std::any_of(a.skip.begin(), a.skip.end(), same);
    };
    if (inside.empty()) folders.push_back(argument);  // whatever is wrong with it is said when it is read
    for (const std::string& folder : inside)
      if (!named(folder)) folders.push_back(folder);
  }
  return folders;
}

class Splits {
 public:
  Status Read(const PackArguments& a) {
    val_share_ = a.val_share >= 0 ? a.val_share : a.val_split.empty() ? 0.1 : 0.;
    for (const auto& [files, split] : {std::pair(&a.train_split, &train_), {&a.val_split, &val_}})
      for (const std::string& file : *files) {
        SCRIM_ASSIGN_OR_RETURN(const std::set<std::string> lines, ReadSplit(file));
        split->insert(lines.begin(), lines.end());
      }
    return {};
  }

  // A source that a split file names is split by the files; of any other a share is drawn for validation, one photo of
  // several at least.
  void Add(std::vector<Example> examples, std::vector<PackEntry>& entries) const {
    bool named = false;
    auto name = [](const Example& e) { return e.source + "/" + e.stem; };
    for (const Example& e : examples) named |= train_.count(name(e)) + val_.count(name(e)) > 0;
    Random random(1);
    int drawn = 0;
    for (size_t i = 0; i < examples.size(); ++i) {
      Example& e = examples[i];
      Split split = val_.count(name(e)) ? Split::kVal : Split::kTrain;
      if (named && split == Split::kTrain && !train_.empty() && !train_.count(name(e))) continue;
      if (!named && e.role == Role::kPhoto && val_share_ > 0) {
        const bool last = i > 0 && i + 1 == examples.size();
        if (random.Chance(float(val_share_)) || (last && drawn == 0)) split = Split::kVal, ++drawn;
      }
      entries.push_back({std::move(e), split});
    }
  }

 private:
  std::set<std::string> train_, val_;
  double val_share_ = 0;
};

// Of training photos alone: what measures stays as people drew it.
Status ReplaceMasks(const std::string& folder, std::vector<PackEntry>& entries) {
  int replaced = 0;
  for (PackEntry& entry : entries)
    if (entry.example.role == Role::kPhoto && entry.split == Split::kTrain)
      replaced += UseMaskFrom(folder, entry.example);
  if (replaced == 0) return NotFound(folder + ": holds no mask SOURCE/STEM.png of any training photo");
  std::fprintf(stderr, "%s: masks of %d photos\n", folder.c_str(), replaced);
  return {};
}

// FOLDER is for the source of its own name.
Status AddClasses(const std::string& argument, std::vector<PackEntry>& entries) {
  const size_t equals = argument.find('=');
  const std::string folder = equals == std::string::npos ? argument : argument.substr(equals + 1),
                    source = equals == std::string::npos ? FolderName(folder) : argument.substr(0, equals);
  SCRIM_ASSIGN_OR_RETURN(const Classes classes, Classes::Read(folder));
  int added = 0;
  for (PackEntry& entry : entries)
    if (entry.example.role == Role::kPhoto && entry.example.source == source) added += classes.AddTo(entry.example);
  if (added == 0)
    return NotFound(folder + ": holds no classes/STEM.png of any photo of '" + source +
                    "'; --classes takes SOURCE=FOLDER for another source");
  std::fprintf(stderr, "%s: classes of %d photos\n", folder.c_str(), added);
  return {};
}

}  // namespace

Status PackPhotos(const PackArguments& a) {
  Splits splits;
  SCRIM_RETURN_IF_ERROR(splits.Read(a));
  std::vector<PackEntry> entries;
  size_t broken = 0;
  auto add = [&](const std::vector<std::string>& arguments, const auto& read) -> Status {
    for (const std::string& argument : arguments) {
      SCRIM_ASSIGN_OR_RETURN(Examples found, read(argument));
      for (const std::string& line : found.broken) std::fprintf(stderr, "left out: %s\n", line.c_str());
      broken += found.broken.size();
      splits.Add(std::move(found.examples), entries);
    }
    return {};
  };
  auto folder = [](Role role) { return [role](const std::string& path) { return ReadFolder(path, role); }; };
  SCRIM_RETURN_IF_ERROR(add(PhotoFolders(a), folder(Role::kPhoto)));
  SCRIM_RETURN_IF_ERROR(add(a.coco, ReadCocoArgument));
  SCRIM_RETURN_IF_ERROR(add(a.voc, ReadVoc));
  SCRIM_RETURN_IF_ERROR(add(a.supervisely, ReadSupervisely));
  SCRIM_RETURN_IF_ERROR(add(a.foregrounds, folder(Role::kForeground)));
  SCRIM_RETURN_IF_ERROR(add(a.backgrounds, folder(Role::kBackground)));
  if (!a.masks_from.empty()) SCRIM_RETURN_IF_ERROR(ReplaceMasks(a.masks_from, entries));
  for (const std::string& argument : a.classes) SCRIM_RETURN_IF_ERROR(AddClasses(argument, entries));
  SCRIM_ASSIGN_OR_RETURN(const PackCounts counts, WritePack(entries, a.max_side, a.threads, a.output));
  for (const std::string& line : counts.broken) std::fprintf(stderr, "left out: %s\n", line.c_str());
  for (const auto& [reason, count] : counts.unsuitable)
    std::fprintf(stderr, "not used: %d with %s\n", count, reason.c_str());
  std::fprintf(stderr, "%s: %d pictures, %zu broken\n", a.output.c_str(), counts.written,
               broken + counts.broken.size());
  return {};
}

void AddPackOptions(CLI::App* command, PackArguments* a) {
  command->add_option("--photos", a->photos, "folders with images/ and masks/ inside, or folders of such folders");
  command->add_option("--skip", a->skip, "names of folders in those that are left out");
  command->add_option("--coco", a->coco, "MS COCO, as instances_train2017.json=train2017")
      ->type_name("ANNOTATIONS=PHOTOS");
  command->add_option("--voc", a->voc, "Pascal VOC with segmentation, as VOCdevkit/VOC2012");
  command->add_option("--supervisely", a->supervisely, "projects in Supervisely's format");
  command->add_option("--foregrounds", a->foregrounds, "the same, to be cut out and put before other backgrounds only");
  command->add_option("--backgrounds", a->backgrounds, "folders of photos without people");
  command->add_option("--train-split", a->train_split, "files that name the training photos, FOLDER/STEM a line");
  command->add_option("--val-split", a->val_split, "files that name the validation photos");
  command
      ->add_option(
          "--val-share", a->val_share,
          "share drawn for validation of each source that no split file names [0.1 without --val-split, else 0]")
      ->check(CLI::Range(0., 1.));
  command->add_option("--masks-from", a->masks_from,
                      "folder of SOURCE/STEM.png: masks that stand in for training photos' own");
  command
      ->add_option("--classes", a->classes,
                   "folders of classes/STEM.png with classes.json: planes beside the person's, of the photos of the "
                   "source of the folder's name, or of another")
      ->type_name("[SOURCE=]FOLDER ...");
  command->add_option("--max-side", a->max_side, "shrink larger photos to this many pixels")->capture_default_str();
  command->add_option("--threads", a->threads)->capture_default_str();
  command->add_option("--output", a->output, "the cache file");
}

void AddPack(CLI::App& app, int* exit_status) {
  CLI::App* command = app.add_subcommand("pack", "decode folders of photos and masks into one cache file");
  const auto arguments = std::make_shared<PackArguments>();
  AddPackOptions(command, arguments.get());
  command->get_option("--output")->required();
  command->callback([=] { *exit_status = Finish(PackPhotos(*arguments)); });
}

}  // namespace scrim::train
