#include "evaluation/contestant.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "classic/predecessor.h"

namespace scrim::app {
namespace {

namespace fs = std::filesystem;

constexpr char kEdgeModel[] = "edges.scrim";

StatusOr<Contestant> OpenNetwork(const std::string& name, const std::string& path, CommonOptions options) {
  options.model = path;
  SCRIM_ASSIGN_OR_RETURN(Session opened, OpenSession(options));
  auto session = std::make_shared<Session>(std::move(opened));
  return Contestant{name, true,
                    [session](const image::FrameView& frame, image::Bytes* mask) {
                      mask->Resize(frame.width, frame.height);
                      return ToStatus(session->Segment(ToPublic(frame), mask->data(), mask->row_size()));
                    },
                    [session] { session->Reset(); }};
}

StatusOr<Contestant> OpenPredecessor(const std::string& name, const std::string& edge_model) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<classic::Predecessor> created, classic::Create(name, edge_model));
  std::shared_ptr<classic::Predecessor> method = std::move(created);
  return Contestant{
      name, false, [method](const image::FrameView& frame, image::Bytes* mask) { return method->Process(frame, mask); },
      [method] { method->Reset(); }};
}

// Stems of the models in the folder, sorted.
std::vector<std::string> ReleasedModels(const fs::path& folder) {
  std::vector<std::string> stems;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".scrim" && entry.path().filename() != kEdgeModel)
      stems.push_back(entry.path().stem().string());
  std::sort(stems.begin(), stems.end());
  return stems;
}

bool IsPredecessor(const std::string& name) {
  const std::string method = name.substr(0, name.find(':'));
  return std::any_of(classic::Methods().begin(), classic::Methods().end(),
                     [&](const classic::Method& m) { return method == m.name; });
}

}  // namespace

StatusOr<std::vector<Contestant>> OpenContestants(const std::vector<std::string>& names,
                                                  const std::vector<std::string>& models,
                                                  const CommonOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::string default_model, FindModel(CommonOptions()));
  const fs::path folder = fs::path(default_model).parent_path();
  const std::vector<std::string> released = ReleasedModels(folder);
  std::vector<std::string> wanted = names;
  if (wanted.empty() && models.empty()) {
    for (const classic::Method& method : classic::Methods()) wanted.emplace_back(method.name);
    wanted.insert(wanted.end(), released.begin(), released.end());
  }
  std::vector<Contestant> contestants;
  for (const std::string& name : wanted) {
    if (IsPredecessor(name)) {
      SCRIM_ASSIGN_OR_RETURN(Contestant contestant, OpenPredecessor(name, (folder / kEdgeModel).string()));
      contestants.push_back(std::move(contestant));
      continue;
    }
    if (std::find(released.begin(), released.end(), name) == released.end()) {
      std::string problem = "--methods " + name + ": there is no such method; there are ";
      for (const classic::Method& method : classic::Methods()) problem.append(method.name).append(", ");
      for (const std::string& model : released) problem.append(model).append(", ");
      return NotFound(problem + "and any model file with --model");
    }
    SCRIM_ASSIGN_OR_RETURN(Contestant contestant, OpenNetwork(name, (folder / (name + ".scrim")).string(), options));
    contestants.push_back(std::move(contestant));
  }
  for (const std::string& model : models) {
    SCRIM_ASSIGN_OR_RETURN(Contestant contestant, OpenNetwork(fs::path(model).filename().string(), model, options));
    contestants.push_back(std::move(contestant));
  }
  return contestants;
}

std::string DescribePredecessors() {
  std::string text;
  char line[256];
  for (const classic::Method& method : classic::Methods()) {
    text += std::string(method.name) + ": " + method.title + "\n";
    for (const classic::Parameter& p : method.parameters) {
      std::snprintf(line, sizeof line, "    %-10s %-6g %s\n", p.name, p.value, p.meaning);
      text += line;
    }
  }
  return text;
}

}  // namespace scrim::app
