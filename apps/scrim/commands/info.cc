#include <cstdio>

#include "commands/commands.h"
#include "commands/shared_options.h"
#include "nn/program.h"

namespace scrim::app {
namespace {

Status Info(const CommonOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::string path, FindModel(options));
  SCRIM_ASSIGN_OR_RETURN(const graph::Model model, graph::LoadModel(path));
  std::printf("model        %s (%s)\n", model.name.c_str(), path.c_str());
  if (!model.description.empty()) std::printf("description  %s\n", model.description.c_str());
  std::printf("licence      %s\n", model.licence.c_str());
  std::printf("input        RGB%s, %d nodes\n", model.previous_mask ? " and previous mask" : "",
              static_cast<int>(model.graph.nodes.size()));
  std::string planes;
  for (const std::string& plane : model.planes) planes += (planes.empty() ? "" : ", ") + plane;
  std::printf("output       %s\n", planes.c_str());
  std::printf("precision    %s\n", graph::PrecisionName(model).c_str());
  std::printf("parameters   %.1f k\n", graph::CountParameters(model.graph) / 1e3);
  std::vector<graph::Density> densities = model.densities;
  if (!(options.input_size == graph::Density{})) densities = {options.input_size};
  if (densities.empty()) densities = {model.density};
  std::printf("input size   MMAC     activations  weights (packed)\n");
  for (const graph::Density& density : densities) {
    SCRIM_ASSIGN_OR_RETURN(const auto program,
                           nn::Program::Compile(model, density, nn::ProgramOptions{options.target}));
    const std::string size = std::to_string(density.width) + "x" + std::to_string(density.height);
    std::printf("%-11s  %-7.1f  %7.2f MB   %7.2f MB%s\n", size.c_str(), program->macs() / 1e6,
                program->activation_bytes() / 1e6, program->weight_bytes() / 1e6,
                density == model.density ? "   (default)" : "");
  }
  for (const auto& [name, value] : model.figures) std::printf("%-28s %.4f\n", name.c_str(), value);
  return {};
}

}  // namespace

Command AddInfo(CLI::App& app) {
  const auto options = std::make_shared<CommonOptions>();
  CLI::App* command = app.add_subcommand("info", "describe a model");
  command->add_option("file", options->model, "model file; default: the released default model")->type_name("MODEL");
  AddModelOptions(command, options.get());
  return {command, [options] { return Info(*options); }};
}

}  // namespace scrim::app
