// For tests: networks without training.
#pragma once

#include <cmath>
#include <random>

#include "graph/model.h"
#include "graph/scrimnet.h"

namespace scrim::graph {

// Weights that keep activations near unit size: convolutions with standard deviation 1/sqrt(fan-in), batch norms close
// to the identity but not equal to it.
inline Weights RandomWeights(const Graph& graph, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Weights weights;
  for (const WeightSpec& spec : *ListWeights(graph)) {
    const Node& node = graph.nodes[static_cast<size_t>(spec.node)];
    size_t size = 1;
    for (int d : spec.dims) size *= static_cast<size_t>(d);
    const std::string part = spec.name.substr(node.name.size());
    const bool conv = node.op == Op::kConv;
    const float fan_in = conv && part == ".weight" ? static_cast<float>(size) / static_cast<float>(spec.dims[0]) : 1.f;
    Tensor tensor{spec.dims, {}};
    for (size_t i = 0; i < size; ++i) {
      const float n = normal(random);
      if (part == ".weight")
        tensor.data.push_back(n / std::sqrt(fan_in));
      else if (part == ".scale" || part == ".variance")
        tensor.data.push_back(std::exp(0.2f * n));
      else
        tensor.data.push_back(0.2f * n);
    }
    weights[spec.name] = std::move(tensor);
  }
  return weights;
}

inline Model RandomModel(const ScrimnetConfig& config, unsigned seed) {
  Model model;
  model.name = "random";
  model.description = "random weights";
  model.licence = "none";
  model.graph = *Scrimnet(config);
  model.weights = RandomWeights(model.graph, seed);
  model.previous_mask = config.previous_mask;
  model.density = {256, 144};
  model.densities = {{256, 144}};
  return model;
}

// A network of every operation, those included that only foreign networks use.
inline Model EveryOperation(unsigned seed) {
  Graph g;
  g.name = "every_operation";
  auto add = [&g](Op op, std::vector<int> inputs) -> Node& {
    Node node;
    node.name = std::string(OpName(op)) + std::to_string(g.nodes.size());
    node.op = op, node.inputs = std::move(inputs);
    g.nodes.push_back(std::move(node));
    g.output = static_cast<int>(g.nodes.size()) - 1;
    return g.nodes.back();
  };
  auto conv = [&](int input, int channels, int kernel, int stride) {
    ConvAttributes& a = add(Op::kConv, {input}).conv;
    a.out_channels = channels, a.kernel_h = a.kernel_w = kernel, a.stride = stride, a.bias = true;
    a.pad_top = a.pad_left = (kernel - 1) / 2, a.pad_bottom = a.pad_right = kernel / 2;
    return g.output;
  };
  auto unary = [&](Op op, int input) {
    add(op, {input});
    return g.output;
  };
  add(Op::kInput, {}).channels = 4;
  const int half = unary(Op::kHardSwish, conv(0, 12, 3, 2));
  const int deep = conv(half, 12, 5, 1);
  g.nodes.back().conv.groups = 12;
  const int norm = unary(Op::kPRelu, unary(Op::kBatchNorm, deep));
  ConvAttributes window;
  window.kernel_h = 3, window.kernel_w = 2, window.stride = 2, window.pad_top = window.pad_left = 1;
  add(Op::kMaxPool, {norm}).conv = window;
  const int pooled = g.output;
  add(Op::kSelect, {pooled}).select = {11, 0, 10, 1, 9, 2, 8, 3, 3};
  const int mixed = unary(Op::kRelu, conv(g.output, 12, 1, 1));
  const int gain = unary(Op::kSigmoid, conv(unary(Op::kGlobalAvgPool, mixed), 12, 1, 1));
  add(Op::kMul, {mixed, gain});
  const int scaled = g.output;
  add(Op::kResize, {scaled, half}).align_corners = true;
  const int wide = g.output;
  add(Op::kAdd, {wide, norm});
  const int sum = unary(Op::kDropout, g.output);
  add(Op::kConcat, {unary(Op::kChannelMean, sum), unary(Op::kChannelMax, sum)});
  const int gate = unary(Op::kSigmoid, conv(g.output, 1, 3, 1));
  add(Op::kMul, {sum, gate});
  const int four = conv(g.output, 4, 1, 1);
  add(Op::kDepthToSpace, {four}).block = 2;
  const int fine = g.output;
  add(Op::kResize, {fine, 0});
  unary(Op::kSigmoid, g.output);

  Model model;
  model.name = g.name, model.description = "every operation", model.licence = "none";
  model.weights = RandomWeights(g, seed);
  model.graph = std::move(g);
  model.previous_mask = true;
  model.density = {64, 48};
  model.densities = {{64, 48}};
  return model;
}

}  // namespace scrim::graph
