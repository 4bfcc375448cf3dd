// One operation of a network on fixed memory, forwards and backwards.
#pragma once

#include <memory>
#include <vector>

#include "cpu/tensor.h"
#include "graph/graph.h"

namespace scrim::train::cpu {

// A node's weights and where their gradients are added; null where it has none. Weights of a batch norm: its scale,
// bias: its offset.
struct NodeWeights {
  const float *weight = nullptr, *bias = nullptr;
  float *weight_gradient = nullptr, *bias_gradient = nullptr;
  float *mean = nullptr, *variance = nullptr;
};

// How Forward runs.
struct Mode {
  bool running = true;  // batch norms use the running statistics, and leave them
  double momentum = 0;  // of the running statistics
  // For each dropout in node order n×channels factors; empty: none is dropped.
  std::vector<std::vector<float>> dropout;
};

// Where the gradient of an input goes.
struct GradientTarget {
  Tensor to;         // data is null where it is not wanted
  bool add = false;  // to what is there; else what is there does not count
};

// What a step works on. dy.data is null where there is no going backwards.
struct Operands {
  std::vector<Tensor> x;
  Tensor y, dy;
  std::vector<GradientTarget> dx;  // as many as x
  NodeWeights weights;
  int dropout = 0;  // which of the dropouts it is
};

class Step {
 public:
  virtual ~Step() = default;
  virtual void Forward(const Mode& mode) = 0;
  // After Forward, with the same mode, x and y as they were. May write over dy.
  virtual void Backward(const Mode& mode) = 0;
  // Floats that the two want as scratch, which all steps share.
  virtual size_t scratch_size() const { return 0; }
};

// scratch: where the pointer to the scratch will be by the time of Forward. relu: of a batch norm, whether one follows.
std::unique_ptr<Step> MakeStep(const graph::Node& node, bool relu, Operands operands, float* const* scratch);

}  // namespace scrim::train::cpu
