// `scrim-train export`: from a checkpoint to a model file.
#include <cstdio>
#include <filesystem>

#include "augment/random.h"
#include "checkpoint.h"
#include "commands/commands.h"
#include "evaluate.h"
#include "graph/fold.h"
#include "graph/onnx.h"
#include "matte/mask_loop.h"
#include "nn/quantisation/quantise_model.h"

namespace scrim::train {
namespace {

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// model.scrim becomes model.int8.scrim.
std::string Int8Path(const std::string& path) {
  const std::string extension = ".scrim";
  return (EndsWith(path, extension) ? path.substr(0, path.size() - extension.size()) : path) + ".int8" + extension;
}

// Training photos of the model's shape, as the network takes them (height × width × channels).
StatusOr<std::vector<std::vector<float>>> CalibrationInputs(const Pack& pack, const graph::Model& model, int count) {
  SCRIM_ASSIGN_OR_RETURN(const Photos photos, ChoosePhotos(pack, {}));
  const Sampler sampler(pack, {}, {});
  const auto [width, height] = model.density;
  const size_t plane = size_t(width) * size_t(height), channels = size_t(model.graph.input().channels);
  std::vector<float> planar(4 * plane), truth(plane), weight(plane);
  std::vector<std::vector<float>> inputs;
  Random random(1);
  for (int i = 0; i < count; ++i) {
    sampler.Plain(photos.DrawFitting(random, model.density), {},
                  {planar.data(), truth.data(), weight.data(), width, height});
    std::vector<float>& input = inputs.emplace_back(plane * channels);
    for (size_t p = 0; p < plane; ++p)
      for (size_t c = 0; c < channels; ++c) input[p * channels + c] = planar[c * plane + p];
  }
  return inputs;
}

Status ExportInt8(const graph::Model& model, const Pack& pack, int photos, const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const auto inputs, CalibrationInputs(pack, model, photos));
  nn::QuantiseOptions options;
  options.show = [&](const std::vector<float>& mask) {
    return matte::ShownOfStill(model.previous_mask_rule, mask, model.density.width, model.density.height);
  };
  options.report = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  SCRIM_ASSIGN_OR_RETURN(const graph::Model quantised, nn::QuantiseModel(model, inputs, options));
  return graph::SaveModel(quantised, graph::WeightType::kFloat32, path);
}

}  // namespace

Status Export(const ExportArguments& a) {
  if (a.licence.empty()) return InvalidArgument("--licence is missing: the terms of the weights, one line");
  SCRIM_ASSIGN_OR_RETURN(const graph::ScrimnetConfig config, ParseNetwork(a.network, a.planes));
  graph::Model model;
  SCRIM_ASSIGN_OR_RETURN(model.density, graph::ParseDensity(a.density));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Density> others, ParseDensities(a.also_for));
  SCRIM_ASSIGN_OR_RETURN(model.graph, graph::Scrimnet(config));
  SCRIM_ASSIGN_OR_RETURN(Network network, Network::Create(model.graph, torch::kCPU));
  SCRIM_RETURN_IF_ERROR(RestoreAverage(a.checkpoint, network));
  model.name = a.name.empty() ? config.name : a.name;
  model.description = a.description, model.licence = a.licence;
  model.planes.insert(model.planes.end(), a.planes.begin(), a.planes.end());
  model.previous_mask = config.previous_mask;
  model.weights = network.ExportWeights();
  graph::FoldForInference(model.graph, model.weights);
  model.densities = {model.density};
  for (const graph::Density& other : others)
    if (!(other == model.density)) model.densities.push_back(other);
  std::unique_ptr<Pack> pack;
  if (!a.pack.empty()) {
    SCRIM_ASSIGN_OR_RETURN(pack, Pack::Open(a.pack));
    const Evaluation e =
        Evaluate(network, *pack, PhotosOf(*pack, Split::kVal), graph::ShapesOf(model), a.target, a.planes);
    model.figures.emplace_back("val_iou", e.all.iou);
    for (const auto& [source, q] : e.sources) model.figures.emplace_back("val_iou." + source, q.iou);
    for (const auto& [plane, sources] : e.planes)
      for (const auto& [source, q] : sources) model.figures.emplace_back("val_iou." + plane + "." + source, q.iou);
  }
  if (EndsWith(a.output, ".onnx")) {
    SCRIM_RETURN_IF_ERROR(graph::SaveOnnx(model, model.density, a.output));
  } else {
    const auto type = a.type == "f32" ? graph::WeightType::kFloat32 : graph::WeightType::kFloat16;
    SCRIM_RETURN_IF_ERROR(graph::SaveModel(model, type, a.output));
  }
  std::fprintf(stderr, "%s: %ju bytes\n", a.output.c_str(), std::uintmax_t(std::filesystem::file_size(a.output)));
  if (a.int8_photos == 0) return {};
  if (pack == nullptr) return InvalidArgument("--int8 wants --pack: photos to measure the network's values on");
  return ExportInt8(model, *pack, a.int8_photos, Int8Path(a.output));
}

void AddExportOptions(CLI::App* command, ExportArguments* a) {
  command->add_option("--checkpoint", a->checkpoint);
  command->add_option("--output", a->output);
  AddNetwork(command, &a->network, &a->planes);
  command->add_option("--name", a->name)->capture_default_str();
  command->add_option("--description", a->description, "one line");
  command->add_option("--licence", a->licence, "terms of the weights, one line");
  AddInputSize(command, "", &a->density, "the network's, that it is meant for");
  command->add_option("--also-for", a->also_for, "other input sizes that it was trained at");
  command->add_option("--type", a->type, "of the weights in a *.scrim file")
      ->check(CLI::IsMember({"f16", "f32"}))
      ->capture_default_str();
  command->add_option("--pack", a->pack, "evaluate on this cache's validation photos and store the figures");
  AddTarget(command, &a->target);
  command
      ->add_option("--int8", a->int8_photos,
                   "also write NAME.int8.scrim, its ranges measured on this many training photos of the cache")
      ->type_name("PHOTOS");
}

void AddExport(CLI::App& app, int* exit_status) {
  CLI::App* command = app.add_subcommand("export", "turn a checkpoint into a model file (*.scrim, or *.onnx)");
  const auto arguments = std::make_shared<ExportArguments>();
  AddExportOptions(command, arguments.get());
  for (const char* name : {"--checkpoint", "--output", "--licence"}) command->get_option(name)->required();
  command->callback([=] { *exit_status = Finish(Export(*arguments)); });
}

}  // namespace scrim::train
