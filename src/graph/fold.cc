#include "graph/fold.h"

#include <cmath>

namespace scrim::graph {
namespace {

void FoldInto(Node& conv, const std::string& norm, Weights& weights) {
  Tensor& weight = weights.at(conv.name + ".weight");
  const size_t channels = static_cast<size_t>(conv.conv.out_channels), taps = weight.data.size() / channels;
  Tensor& bias = weights[conv.name + ".bias"];
  if (!conv.conv.bias) bias = {{conv.conv.out_channels}, std::vector<float>(channels, 0.f)};
  conv.conv.bias = true;
  const auto& scale = weights.at(norm + ".scale").data;
  const auto& offset = weights.at(norm + ".offset").data;
  const auto& mean = weights.at(norm + ".mean").data;
  const auto& variance = weights.at(norm + ".variance").data;
  for (size_t c = 0; c < channels; ++c) {
    const float gain = scale[c] / std::sqrt(variance[c] + kBatchNormEpsilon);
    for (size_t k = 0; k < taps; ++k) weight.data[c * taps + k] *= gain;
    bias.data[c] = (bias.data[c] - mean[c]) * gain + offset[c];
  }
  for (const char* part : {".scale", ".offset", ".mean", ".variance"}) weights.erase(norm + part);
}

}  // namespace

void FoldForInference(Graph& graph, Weights& weights) {
  std::vector<int> readers(graph.nodes.size());
  for (const Node& node : graph.nodes)
    for (int input : node.inputs) ++readers[static_cast<size_t>(input)];
  ++readers[static_cast<size_t>(graph.output)];

  std::vector<Node> kept;
  std::vector<int> moved;  // where each old node's value is now
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node node = graph.nodes[i];
    const int source = node.inputs.empty() ? -1 : node.inputs[0];
    for (int& input : node.inputs) input = moved[static_cast<size_t>(input)];
    if (node.op == Op::kDropout) {
      moved.push_back(node.inputs[0]);
      continue;
    }
    if (node.op == Op::kBatchNorm && readers[static_cast<size_t>(source)] == 1) {
      Node& before = kept[static_cast<size_t>(node.inputs[0])];
      if (graph.nodes[static_cast<size_t>(source)].op == Op::kConv) {
        FoldInto(before, node.name, weights);
        moved.push_back(node.inputs[0]);
        continue;
      }
    }
    kept.push_back(std::move(node));
    moved.push_back(static_cast<int>(kept.size()) - 1);
  }
  graph.output = moved[static_cast<size_t>(graph.output)];
  graph.nodes = std::move(kept);
}

void RemoveUnused(Graph& graph, Weights& weights) {
  std::vector<bool> used(graph.nodes.size());
  used[0] = used[static_cast<size_t>(graph.output)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;)
    if (used[i])
      for (int input : graph.nodes[i].inputs) used[static_cast<size_t>(input)] = true;
  const auto specs = ListWeights(graph);
  if (!specs.ok()) return;
  for (const WeightSpec& spec : *specs)
    if (!used[static_cast<size_t>(spec.node)]) weights.erase(spec.name);
  std::vector<Node> kept;
  std::vector<int> moved;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    moved.push_back(static_cast<int>(kept.size()));
    if (!used[i]) continue;
    kept.push_back(std::move(graph.nodes[i]));
    for (int& input : kept.back().inputs) input = moved[static_cast<size_t>(input)];
  }
  graph.output = moved[static_cast<size_t>(graph.output)];
  graph.nodes = std::move(kept);
}

}  // namespace scrim::graph
