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

}  // namespace scrim::graph
