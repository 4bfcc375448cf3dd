// `scrim-train eval`: quality of a checkpoint on photos of the cache.
#include <cstdio>
#include <opencv2/imgcodecs.hpp>

#include "checkpoint.h"
#include "commands/commands.h"
#include "evaluate.h"

namespace scrim::train {
Status Eval(const EvalArguments& a) {
  SCRIM_ASSIGN_OR_RETURN(const graph::ScrimnetConfig config, ParseNetwork(a.network, a.planes));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Density> densities, ParseDensities(a.densities));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<SourceGroup> groups, ParseGroups(a.groups));
  SCRIM_ASSIGN_OR_RETURN(const std::unique_ptr<Pack> pack, Pack::Open(a.pack));
  SCRIM_ASSIGN_OR_RETURN(const graph::Graph graph, graph::Scrimnet(config));
  SCRIM_ASSIGN_OR_RETURN(Network network, Network::Create(graph, torch::Device(a.device)));
  SCRIM_RETURN_IF_ERROR(RestoreAverage(a.checkpoint, network));
  const std::vector<const Record*> photos = PhotosOf(*pack, a.split == "val" ? Split::kVal : Split::kTrain);
  const Evaluation e = Evaluate(network, *pack, photos, densities, a.target, a.planes);
  auto print = [](const std::string& name, const Quality& q) {
    std::printf("%-22s %5d photos  IoU %.4f  below 0.8 %.3f  accuracy %.4f  BF %.4f  MAE %.4f\n", name.c_str(),
                q.photos, q.iou, q.below_080, q.accuracy, q.boundary_f, q.mae);
  };
  for (const auto& [name, q] : e.sources) print(name, q);
  for (const SourceGroup& group : groups) print(group.name, Combine(e, group.sources));
  print("all", e.all);
  for (const auto& [plane, sources] : e.planes)
    for (const auto& [name, q] : sources) print(plane + "." + name, q);
  for (int i = 0; i < a.worst && i < int(e.worst.size()); ++i)
    std::printf("%.4f %s\n", e.worst[size_t(i)].first, e.worst[size_t(i)].second.c_str());
  if (!a.sheet.empty()) {
    // Worst photos where asked for, else a regular sample.
    std::vector<const Record*> shown;
    if (a.worst > 0) {
      for (int i = 0; i < a.worst && i < int(e.worst.size()); ++i)
        for (const Record* r : photos)
          if (r->source + "/" + r->stem == e.worst[size_t(i)].second) shown.push_back(r);
    } else {
      for (size_t i = 0; i < photos.size(); i += std::max<size_t>(1, photos.size() / 24)) shown.push_back(photos[i]);
    }
    if (!cv::imwrite(a.sheet, ContactSheet(network, *pack, shown, densities[0].width, densities[0].height, 4)))
      return IoError(a.sheet + ": cannot be written");
  }
  return {};
}

void AddEval(CLI::App& app, int* exit_status) {
  CLI::App* command = app.add_subcommand("eval", "quality of a checkpoint on photos of the cache");
  const auto a = std::make_shared<EvalArguments>();
  command->add_option("--pack", a->pack)->required();
  command->add_option("--checkpoint", a->checkpoint)->required();
  AddInputSize(command, "", &a->densities, "the network's; each photo at the one of its shape");
  command->add_option("--split", a->split, "photos to look at; on train, the gap to val shows overfitting")
      ->check(CLI::IsMember({"train", "val"}))
      ->capture_default_str();
  command->add_option("--worst", a->worst, "list this many of the worst photos");
  command->add_option("--sheet", a->sheet, "write a picture of masks, PNG");
  command->add_option("--device", a->device)->capture_default_str();
  AddNetwork(command, &a->network, &a->planes);
  AddTarget(command, &a->target);
  AddGroups(command, &a->groups);
  command->callback([=] { *exit_status = Finish(Eval(*a)); });
}

}  // namespace scrim::train
