#include "commands/commands.h"

#include <cstdio>
#include <map>

namespace scrim::train {
namespace {

StatusOr<SourceGroup> ParseGroup(const std::string& text) {
  SourceGroup group;
  const size_t equals = std::min(text.find('='), text.size());
  group.name = text.substr(0, equals);
  for (size_t begin = equals + 1; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    group.sources.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (group.name.empty() || group.sources.empty())
    return InvalidArgument("--group '" + text + "': wanted is NAME=SOURCE,SOURCE");
  return group;
}

}  // namespace

int Finish(const Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "scrim-train: %s\n", status.message().c_str());
  return 1;
}

void AddNetwork(CLI::App* command, std::string* network, std::vector<std::string>* planes) {
  command
      ->add_option("--network", *network,
                   "scrimnet preset, with changes behind a colon: default:squeeze=32,attention_gates=0")
      ->capture_default_str();
  command->add_option("--planes", *planes, "what it is to find beside the person, by the names in --classes of pack")
      ->type_name("NAME ...");
}

StatusOr<graph::ScrimnetConfig> ParseNetwork(const std::string& network, const std::vector<std::string>& planes) {
  SCRIM_ASSIGN_OR_RETURN(graph::ScrimnetConfig config, graph::ScrimnetPreset(network));
  if (config.planes != 1) return InvalidArgument("--network '" + network + "': planes are named by --planes");
  config.planes = 1 + static_cast<int>(planes.size());
  return config;
}

void AddTarget(CLI::App* command, Target* target) {
  command
      ->add_option("--target", *target, "what the network is to find: mask (the person), or edges (the outline alone)")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Target>{{"mask", Target::kMask}, {"edges", Target::kEdges}}))
      ->type_name("WHAT")
      ->default_str("mask");
}

void AddGroups(CLI::App* command, std::vector<std::string>* groups) {
  command->add_option("--group", *groups, "sources whose photos are also reported together")
      ->type_name("NAME=SOURCE,...");
}

StatusOr<std::vector<graph::Density>> ParseDensities(const std::vector<std::string>& texts) {
  std::vector<graph::Density> densities;
  for (const std::string& text : texts) {
    SCRIM_ASSIGN_OR_RETURN(const graph::Density density, graph::ParseDensity(text));
    densities.push_back(density);
  }
  return densities;
}

StatusOr<std::vector<SourceGroup>> ParseGroups(const std::vector<std::string>& texts) {
  std::vector<SourceGroup> groups;
  for (const std::string& text : texts) {
    SCRIM_ASSIGN_OR_RETURN(SourceGroup group, ParseGroup(text));
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace scrim::train
