// The Executors of a network, and what libtorch sees of them: one differentiable operation.
#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "cpu/executor.h"

namespace scrim::train::cpu {

class Executors {
 public:
  // weights: by node, as Executor wants them. The graph must be one that Executor supports.
  Executors(const graph::Graph& graph, std::vector<NodeWeights> weights)
      : graph_(graph), weights_(std::move(weights)) {}

  // Logits, n×planes×h×w, of input, n×c×h×w, in single precision. training: dropout, and where libtorch records
  // gradients the result's backward() adds those of the weights; only the last call's result may be asked for them,
  // else it throws, as libtorch does. running and momentum: see Mode.
  torch::Tensor Forward(const torch::Tensor& input, bool training, bool running, double momentum);

 private:
  Executor& For(const torch::Tensor& input, bool backward);

  const graph::Graph graph_;
  const std::vector<NodeWeights> weights_;
  // By n, height, width and whether it goes backwards. Few: their memory is kept.
  std::map<std::tuple<int64_t, int64_t, int64_t, bool>, std::unique_ptr<Executor>> executors_;
};

}  // namespace scrim::train::cpu
