// Decides what an Executor's steps are and where their values and gradients lie.
#pragma once

#include <vector>

#include "cpu/executor.h"

namespace scrim::train::cpu {

class Planner {
 public:
  Planner(const graph::Graph& graph, int n, int h, int w, bool backward);
  void Plan(const std::vector<NodeWeights>& weights, Executor* executor);

 private:
  // What one step does: a node, and batch norms before and behind it with their ReLUs.
  struct Unit {
    int node, output;
    int sums = -1;                           // of a depthwise convolution: the node itself
    int before = -1, after = -1;             // batch norms of a depthwise convolution
    std::vector<int> inputs;                 // that carry data: of a resize the first alone
    std::vector<bool> add;                   // while going back: whether this input's gradient is there already
    std::vector<std::pair<int, int>> clear;  // node, channel: gradients that nothing writes before they are added to
  };

  graph::Op OpOf(int node) const { return graph_.nodes[size_t(node)].op; }
  const Unit& MakerOf(int node) const { return units_[size_t(unit_of_[size_t(node)])]; }
  bool HasMaker(int node) const { return unit_of_[size_t(node)] >= 0; }
  bool IsDepthwise(int node) const;
  void FindNorms();
  void FindUnits();
  void FindLazyNorms();
  void PlaceConcatenations();
  void PlaceInPlaceValues();
  void PlaceGradients();
  void PlaceGradientsOfAdd(const Unit& unit, int time);
  void FindFirstWrites();
  void FindLives();
  bool OneReader(int node) const { return readers_[size_t(node)].size() == 1; }
  bool ReadBackwards(int node) const;
  bool MayTakeOver(int node, int unit) const;
  Tensor ValueOf(int node, float* memory) const;
  Tensor GradientOf(int node, float* memory) const;
  int BackwardTime(int unit) const { return 2 * int(units_.size()) - unit; }
  Operands OperandsOf(const Unit& unit, const std::vector<NodeWeights>& weights, float* memory, Executor* executor);

  const graph::Graph& graph_;
  const int n_;
  const bool backward_;
  const int logits_;
  std::vector<graph::Shape> shapes_;
  std::vector<std::vector<int>> node_readers_;  // by node: nodes
  std::vector<int> activation_;                 // by batch norm: the ReLU behind it, or itself
  std::vector<int> merged_;                     // by batch norm: the depthwise convolution whose step does it, or -1
  std::vector<Unit> units_;
  std::vector<int> unit_of_;               // by node: that which gives its value
  std::vector<std::vector<int>> readers_;  // by node: units, in order
  std::vector<int> lazy_;                  // by node: the batch norm whose activations its readers find, or -1
  std::vector<bool> wants_gradient_;       // by node
  std::vector<bool> shared_;               // by node: its gradient is, besides, that of a value that is asked for later
  std::vector<BatchNorm*> norms_;          // by batch norm
  Memory memory_;                          // node i: range i; its gradient: range nodes + i
};

}  // namespace scrim::train::cpu
