#include "cpu/executor.h"

#include <algorithm>

#include "cpu/elementwise.h"
#include "cpu/planner.h"

namespace scrim::train::cpu {

using graph::Op;

bool Executor::Supports(const graph::Graph& graph) {
  const int logits = graph.nodes[size_t(graph.output)].inputs[0];
  const auto shapes = graph::InferShapes(graph, 64, 64);
  if (!shapes.ok() || logits < 1) return false;
  std::vector<bool> read(graph.nodes.size());
  for (int i = 1; i <= logits; ++i)
    for (int input : graph.nodes[size_t(i)].inputs) read[size_t(input)] = true;
  if (std::count(read.begin(), read.begin() + logits, false) > 0) return false;  // nobody would write their gradient
  for (int i = 1; i <= logits; ++i) switch (graph.nodes[size_t(i)].op) {
      case Op::kInput:
      case Op::kPRelu:
      case Op::kMaxPool:
      case Op::kSelect:
      case Op::kDepthToSpace:
        return false;
      default:
        break;
    }
  return true;
}

Executor::Executor(const graph::Graph& graph, const std::vector<NodeWeights>& weights, int n, int h, int w,
                   bool backward) {
  Planner(graph, n, h, w, backward).Plan(weights, this);
}

void Executor::Forward(const float* input, Mode mode, float* logits) {
  mode_ = std::move(mode);
  ++runs_;
  for (int i = 0; i < input_.n; ++i)
    for (int c = 0; c < input_.channels; ++c, input += input_.plane())
      std::copy_n(input, input_.plane(), input_.channel(c) + size_t(i) * input_.plane());
  for (const PlannedStep& s : steps_) s.step->Forward(mode_);
  for (int i = 0; i < logits_.n; ++i)
    for (int c = 0; c < logits_.channels; ++c, logits += logits_.plane())
      std::copy_n(logits_.channel(c) + size_t(i) * logits_.plane(), logits_.plane(), logits);
}

void Executor::Backward(const float* logits_gradient) {
  const Tensor& to = logits_gradient_;
  for (int i = 0; i < to.n; ++i)
    for (int c = 0; c < to.channels; ++c, logits_gradient += to.plane())
      std::copy_n(logits_gradient, to.plane(), to.channel(c) + size_t(i) * to.plane());
  for (auto s = steps_.rbegin(); s != steps_.rend(); ++s) {
    for (const Tensor& t : s->clear) Clear(t);
    s->step->Backward(mode_);
  }
}

}  // namespace scrim::train::cpu
