// One operation of a network on fixed memory, forwards and backwards.
#pragma once

#include <memory>
#include <vector>

#include "cpu/batch_norm.h"
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
  struct Input {
    Tensor x;
    const BatchNorm* norm = nullptr;  // what is read are its activations of x
  };
  std::vector<Input> in;
  Tensor y, dy;
  std::vector<GradientTarget> dx;  // as many as inputs
  NodeWeights weights;
  int dropout = 0;  // which of the dropouts it is

  // Of a depthwise convolution. before: that of the input, which this step measures and goes back through, too: dx is
  // the gradient of its inputs. after: the batch norm behind; of its inputs, the sums, goes `sums`, and dy is the
  // gradient of its activations, which y gets unless its data is null.
  BatchNorm *before = nullptr, *after = nullptr;
  Tensor sums;
  // Of a batch norm; y.data is null where those who read it find the activations themselves.
  BatchNorm* norm = nullptr;
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

// scratch: where the pointer to the scratch will be by the time of Forward.
std::unique_ptr<Step> MakeStep(const graph::Node& node, Operands operands, float* const* scratch);

// Whether a convolution's step is one that takes `before` and `after`; channels: of its input.
bool IsDepthwiseStep(const graph::ConvAttributes& conv, int channels);

}  // namespace scrim::train::cpu
