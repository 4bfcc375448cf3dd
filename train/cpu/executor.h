// A network planned once for a size of input, run forwards and backwards on fixed memory with kernels of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/aligned.h"
#include "cpu/memory.h"
#include "cpu/step.h"
#include "graph/graph.h"

namespace scrim::train::cpu {

// Single precision, this machine's SIMD. One thread at a time. What needs no gradient by way of the input gets none:
// only weights do.
class Executor {
 public:
  // Whether all operations up to the logits, the input of the final sigmoid, are ones that there are steps for.
  static bool Supports(const graph::Graph& graph);

  // weights: by node; what they point to must outlive the executor. backward: whether Backward will be called; else
  // memory is reused as soon as may be.
  Executor(const graph::Graph& graph, const std::vector<NodeWeights>& weights, int n, int h, int w, bool backward);

  // input: n×c×h×w; logits: n×planes×h×w.
  void Forward(const float* input, Mode mode, float* logits);
  // Adds the gradients of the weights, for the last Forward and its mode. logits_gradient: as large as the logits.
  void Backward(const float* logits_gradient);

  struct Dropout {
    int channels;
    double rate;
  };
  // In node order.
  const std::vector<Dropout>& dropouts() const { return dropouts_; }
  // How often Forward has run.
  int64_t runs() const { return runs_; }
  int planes() const { return logits_.channels; }

 private:
  friend class Planner;
  struct PlannedStep {
    std::unique_ptr<Step> step;
    std::vector<Tensor> clear;  // gradients to set to zero before going back
  };
  AlignedFloats memory_, scratch_memory_;
  float* scratch_ = nullptr;
  Tensor input_, logits_, logits_gradient_;
  std::vector<std::unique_ptr<BatchNorm>> norms_;
  std::vector<PlannedStep> steps_;
  std::vector<Dropout> dropouts_;
  Mode mode_;
  int64_t runs_ = 0;
};

}  // namespace scrim::train::cpu
