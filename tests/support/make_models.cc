// Writes models for the end-to-end tests into a folder: bright.scrim takes bright pixels for a person and needs no
// training, broken.scrim answers them with what is not a number, parts.scrim takes what is blue of them for hair
// and what is red for skin, random.scrim is the default network with random weights.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>

#include "graph/model.h"
#include "graph/scrimnet.h"

namespace {

using namespace scrim;

graph::Model BrightModel() {
  graph::Model model;
  model.name = "bright";
  model.description = "bright is person";
  model.licence = "Apache-2.0";
  graph::Node input, conv, sigmoid;
  input.name = "input", input.op = graph::Op::kInput, input.channels = 4;
  conv.name = "score", conv.op = graph::Op::kConv, conv.inputs = {0};
  conv.conv.out_channels = 1, conv.conv.bias = true;
  sigmoid.name = "mask", sigmoid.op = graph::Op::kSigmoid, sigmoid.inputs = {1};
  model.graph = {"bright", {input, conv, sigmoid}, 2};
  model.weights["score.weight"] = {{1, 4, 1, 1}, {10.f, 10.f, 10.f, 0.f}};
  model.weights["score.bias"] = {{1}, {0.f}};
  model.previous_mask = true;
  model.density = {128, 72};
  model.densities = {{128, 72}, {96, 96}, {64, 64}};
  return model;
}

graph::Model PartsModel() {
  graph::Model model = BrightModel();
  model.name = "parts";
  model.planes = {"person", "hair", "skin"};
  model.graph.nodes[1].conv.out_channels = 3;
  model.weights["score.weight"] = {{3, 4, 1, 1},
                                   {10.f, 10.f, 10.f, 0.f, -10.f, -10.f, 20.f, 0.f, 20.f, -10.f, -10.f, 0.f}};
  model.weights["score.bias"] = {{3}, {0.f, -2.f, -2.f}};
  return model;
}

// Every weight is finite, as a model's must be; the difference of two sums that overflow is no number. No sigmoid,
// which would make one of it.
graph::Model BrokenModel() {
  graph::Model model = BrightModel();
  model.name = "broken";
  graph::Node sums = model.graph.nodes[1], difference = sums;
  sums.name = "sums", sums.conv.out_channels = 2;
  difference.name = "score", difference.inputs = {1};
  model.graph = {"broken", {model.graph.nodes[0], sums, difference}, 2};
  const float most = 3e38f;
  model.weights["sums.weight"] = {{2, 4, 1, 1}, {most, most, most, 0.f, most, most, most, 0.f}};
  model.weights["sums.bias"] = {{2}, {0.f, 0.f}};
  model.weights["score.weight"] = {{1, 2, 1, 1}, {1.f, -1.f}};
  return model;
}

StatusOr<graph::Model> RandomModel() {
  graph::Model model;
  model.name = "random";
  model.description = "not trained";
  model.licence = "Apache-2.0";
  SCRIM_ASSIGN_OR_RETURN(const graph::ScrimnetConfig config, graph::ScrimnetPreset("default"));
  SCRIM_ASSIGN_OR_RETURN(model.graph, graph::Scrimnet(config));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::WeightSpec> specs, graph::ListWeights(model.graph));
  std::mt19937 random(1);
  for (const graph::WeightSpec& spec : specs) {
    graph::Tensor& tensor = model.weights[spec.name];
    tensor.dims = spec.dims;
    size_t size = 1;
    for (int d : spec.dims) size *= d;
    const float fan_in = spec.dims.size() == 4 ? float(spec.dims[1] * spec.dims[2] * spec.dims[3]) : 1.f;
    const bool variance = spec.name.ends_with(".variance"), scale = spec.name.ends_with(".scale");
    std::normal_distribution<float> value(0.f, spec.dims.size() == 4 ? 1 / std::sqrt(fan_in) : 0.1f);
    for (size_t i = 0; i < size; ++i) tensor.data.push_back(variance || scale ? 1.f : value(random));
  }
  model.previous_mask = true;
  model.density = {256, 144};
  model.densities = {{256, 144}};
  return model;
}

int Fail(const Status& status) {
  std::fprintf(stderr, "%s\n", status.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  if (Status s = graph::SaveModel(BrightModel(), graph::WeightType::kFloat32, folder + "/bright.scrim"); !s.ok())
    return Fail(s);
  if (Status s = graph::SaveModel(BrokenModel(), graph::WeightType::kFloat32, folder + "/broken.scrim"); !s.ok())
    return Fail(s);
  if (Status s = graph::SaveModel(PartsModel(), graph::WeightType::kFloat32, folder + "/parts.scrim"); !s.ok())
    return Fail(s);
  const StatusOr<graph::Model> random = RandomModel();
  if (!random.ok()) return Fail(random.status());
  if (Status s = graph::SaveModel(*random, graph::WeightType::kFloat16, folder + "/random.scrim"); !s.ok())
    return Fail(s);
  return 0;
}
