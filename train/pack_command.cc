#include "pack_command.h"

#include <cstdio>
#include <set>

#include "augment/random.h"
#include "datasets/coco.h"
#include "datasets/folder.h"
#include "datasets/pack.h"
#include "datasets/supervisely.h"
#include "datasets/voc.h"

namespace scrim::train {
namespace {

StatusOr<Examples> ReadCocoArgument(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return InvalidArgument("--coco " + text + ": wanted is ANNOTATIONS=PHOTOS");
  return ReadCoco(text.substr(0, equals), text.substr(equals + 1));
}

class Splits {
 public:
  Status Read(const PackArguments& a) {
    val_share_ = a.val_split.empty() ? a.val_share : 0.;
    if (!a.train_split.empty()) {
      SCRIM_ASSIGN_OR_RETURN(train_, ReadSplit(a.train_split));
    }
    if (!a.val_split.empty()) {
      SCRIM_ASSIGN_OR_RETURN(val_, ReadSplit(a.val_split));
    }
    return {};
  }

  // A source that a split file names is split by the files; any other is for training, or, without files, split at
  // random.
  void Add(std::vector<Example> examples, std::vector<PackEntry>& entries) const {
    bool named = false;
    auto name = [](const Example& e) { return e.source + "/" + e.stem; };
    for (const Example& e : examples) named |= train_.count(name(e)) + val_.count(name(e)) > 0;
    Random random(1);
    for (Example& e : examples) {
      Split split = val_.count(name(e)) ? Split::kVal : Split::kTrain;
      if (named && split == Split::kTrain && !train_.empty() && !train_.count(name(e))) continue;
      if (e.role == Role::kPhoto && val_share_ > 0 && random.Chance(float(val_share_))) split = Split::kVal;
      entries.push_back({std::move(e), split});
    }
  }

 private:
  std::set<std::string> train_, val_;
  double val_share_ = 0;
};

}  // namespace

Status RunPack(const PackArguments& a) {
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
  SCRIM_RETURN_IF_ERROR(add(a.photos, folder(Role::kPhoto)));
  SCRIM_RETURN_IF_ERROR(add(a.coco, ReadCocoArgument));
  SCRIM_RETURN_IF_ERROR(add(a.voc, ReadVoc));
  SCRIM_RETURN_IF_ERROR(add(a.supervisely, ReadSupervisely));
  SCRIM_RETURN_IF_ERROR(add(a.foregrounds, folder(Role::kForeground)));
  SCRIM_RETURN_IF_ERROR(add(a.backgrounds, folder(Role::kBackground)));
  SCRIM_ASSIGN_OR_RETURN(const PackCounts counts, WritePack(entries, a.max_side, a.threads, a.output));
  for (const std::string& line : counts.broken) std::fprintf(stderr, "left out: %s\n", line.c_str());
  for (const auto& [reason, count] : counts.unsuitable)
    std::fprintf(stderr, "not used: %d with %s\n", count, reason.c_str());
  std::fprintf(stderr, "%s: %d pictures, %zu broken\n", a.output.c_str(), counts.written,
               broken + counts.broken.size());
  return {};
}

}  // namespace scrim::train
