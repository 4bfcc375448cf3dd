#include "cpu/planner.h"

#include <algorithm>

namespace scrim::train::cpu {
namespace {

using graph::Node;
using graph::Op;

// What works on values one by one and needs, going back, its output at most.
bool IsUnary(Op op) { return op == Op::kRelu || op == Op::kSigmoid || op == Op::kDropout; }

// Whether going back writes over the output's gradient.
bool WritesOver(Op op) { return IsUnary(op) || op == Op::kHardSwish || op == Op::kMul; }

}  // namespace

Planner::Planner(const graph::Graph& graph, int n, int h, int w, bool backward)
    : graph_(graph),
      n_(n),
      backward_(backward),
      logits_(graph.nodes[size_t(graph.output)].inputs[0]),
      shapes_(*graph::InferShapes(graph, h, w)) {
  const size_t nodes = graph_.nodes.size();
  node_readers_.resize(nodes), readers_.resize(nodes);
  for (std::vector<int>* none : {&activation_, &merged_, &unit_of_, &lazy_}) none->assign(nodes, -1);
  wants_gradient_.assign(nodes, false), shared_.assign(nodes, false);
  norms_.assign(nodes, nullptr);
  for (int pass = 0; pass < 2; ++pass)
    for (const graph::Shape& s : shapes_)
      memory_.Add(size_t(s.c) * ChannelStride(size_t(n_) * size_t(s.h) * size_t(s.w)));
  FindNorms();
  FindUnits();
  FindLazyNorms();
  PlaceConcatenations();
  PlaceInPlaceValues();
  if (backward_) {
    PlaceGradients();
    FindFirstWrites();
  }
  FindLives();
}

bool Planner::IsDepthwise(int node) const {
  const Node& n = graph_.nodes[size_t(node)];
  return n.op == Op::kConv && IsDepthwiseStep(n.conv, shapes_[size_t(n.inputs[0])].c);
}

// Which ReLUs belong to batch norms, and which batch norms to depthwise convolutions: a channel is then read once.
void Planner::FindNorms() {
  for (int i = 1; i <= logits_; ++i)
    for (int input : graph_.nodes[size_t(i)].inputs) node_readers_[size_t(input)].push_back(i);
  const auto only_reader = [&](int node) {
    return node_readers_[size_t(node)].size() == 1 ? node_readers_[size_t(node)][0] : -1;
  };
  for (int i = 1; i <= logits_; ++i) {
    if (OpOf(i) != Op::kBatchNorm) continue;
    const int reader = only_reader(i);
    activation_[size_t(i)] = reader >= 0 && OpOf(reader) == Op::kRelu ? reader : i;
    if (IsDepthwise(graph_.nodes[size_t(i)].inputs[0]) && only_reader(graph_.nodes[size_t(i)].inputs[0]) == i)
      merged_[size_t(i)] = graph_.nodes[size_t(i)].inputs[0];
  }
  for (int i = 1; i <= logits_; ++i) {
    if (OpOf(i) != Op::kBatchNorm || merged_[size_t(i)] >= 0) continue;
    const int reader = only_reader(activation_[size_t(i)]), input = graph_.nodes[size_t(i)].inputs[0];
    if (reader >= 0 && IsDepthwise(reader) && only_reader(input) == i) merged_[size_t(i)] = reader;
  }
}

void Planner::FindUnits() {
  std::vector<bool> done(graph_.nodes.size());  // by another node's unit
  for (int i = 1; i <= logits_; ++i)
    if (OpOf(i) == Op::kBatchNorm)
      done[size_t(i)] = merged_[size_t(i)] >= 0, done[size_t(activation_[size_t(i)])] = true;
  for (int i = 1; i <= logits_; ++i)
    if (OpOf(i) == Op::kBatchNorm && merged_[size_t(i)] < 0) done[size_t(i)] = false;
  for (int i = 1; i <= logits_; ++i) {
    if (done[size_t(i)]) continue;
    const Node& node = graph_.nodes[size_t(i)];
    Unit unit;
    unit.node = unit.output = i, unit.inputs = node.inputs;
    if (node.op == Op::kResize) unit.inputs.resize(1);
    if (node.op == Op::kBatchNorm) unit.output = activation_[size_t(i)];
    if (IsDepthwise(i)) {
      unit.sums = i;
      for (int norm = 1; norm <= logits_; ++norm) {
        if (OpOf(norm) != Op::kBatchNorm || merged_[size_t(norm)] != i) continue;
        const int input = graph_.nodes[size_t(norm)].inputs[0];
        if (input == i)
          unit.after = norm, unit.output = activation_[size_t(norm)];
        else
          unit.before = norm, unit.inputs = {input};
      }
    }
    bool wants = node.op == Op::kConv || node.op == Op::kBatchNorm;
    for (int input : unit.inputs) {
      readers_[size_t(input)].push_back(int(units_.size()));
      wants = wants || wants_gradient_[size_t(input)];
    }
    wants_gradient_[size_t(unit.output)] = wants;
    unit_of_[size_t(unit.output)] = int(units_.size());
    units_.push_back(std::move(unit));
  }
}

// Batch norms that convolutions alone read: those find the activations again, sooner than they could read them.
void Planner::FindLazyNorms() {
  for (const Unit& unit : units_) {
    const int norm = unit.sums >= 0 ? unit.after : OpOf(unit.node) == Op::kBatchNorm ? unit.node : -1;
    if (norm < 0 || unit.output == logits_) continue;
    bool convolutions = true;
    for (int reader : readers_[size_t(unit.output)])
      convolutions = convolutions && OpOf(units_[size_t(reader)].node) == Op::kConv;
    const int input = graph_.nodes[size_t(norm)].inputs[0];
    if (!convolutions || (unit.sums < 0 && (!OneReader(input) || input == 0))) continue;
    lazy_[size_t(unit.output)] = norm;
    memory_.Place(unit.output, input, 0);
  }
}

// Parts lie side by side where they are made. Outer concatenations first: an inner one is part of them.
void Planner::PlaceConcatenations() {
  const int nodes = int(graph_.nodes.size());
  for (auto unit = units_.rbegin(); unit != units_.rend(); ++unit) {
    if (OpOf(unit->node) != Op::kConcat) continue;
    size_t at = 0;
    for (int part : unit->inputs) {
      const graph::Shape& s = shapes_[size_t(part)];
      if (!memory_.IsPlaced(part)) {
        memory_.Place(part, unit->output, at);
        memory_.Place(nodes + part, nodes + unit->output, at);
      }
      at += size_t(s.c) * ChannelStride(size_t(n_) * size_t(s.h) * size_t(s.w));
    }
  }
}

// Whether going back reads the node's value.
bool Planner::ReadBackwards(int node) const {
  if (!backward_) return false;
  const Op own = OpOf(node);
  if (HasMaker(node) && MakerOf(node).node == node &&
      (own == Op::kRelu || own == Op::kSigmoid || own == Op::kChannelMax))
    return true;
  for (int reader : readers_[size_t(node)]) switch (OpOf(units_[size_t(reader)].node)) {
      case Op::kConv:
      case Op::kBatchNorm:
      case Op::kMul:
      case Op::kChannelMax:
      case Op::kHardSwish:
        return true;
      default:
        break;
    }
  return false;
}

void Planner::PlaceInPlaceValues() {
  for (const Unit& unit : units_) {
    const Op op = OpOf(unit.node);
    if (unit.after >= 0 && !backward_ && lazy_[size_t(unit.output)] < 0) memory_.Place(unit.sums, unit.output, 0);
    if (lazy_[size_t(unit.output)] >= 0) continue;
    if (!IsUnary(op) && op != Op::kHardSwish && op != Op::kBatchNorm) continue;
    const int input = unit.inputs[0];
    if (input != 0 && OneReader(input) && !memory_.IsPlaced(input) && !ReadBackwards(input))
      memory_.Place(input, unit.output, 0);
  }
}

// Whether the node's gradient may lie where that of a unit's output does: nothing has been added to it before.
bool Planner::MayTakeOver(int node, int unit) const {
  const int nodes = int(graph_.nodes.size()), around = memory_.Outermost(nodes + units_[size_t(unit)].output) - nodes;
  return wants_gradient_[size_t(node)] && !memory_.IsPlaced(nodes + node) && readers_[size_t(node)].back() == unit &&
         OpOf(around) != Op::kConcat &&
         std::count(units_[size_t(unit)].inputs.begin(), units_[size_t(unit)].inputs.end(), node) == 1;
}

void Planner::PlaceGradients() {
  const int nodes = int(graph_.nodes.size());
  for (int u = int(units_.size()) - 1; u >= 0; --u) {
    const Unit& unit = units_[size_t(u)];
    const Op op = OpOf(unit.node);
    const int x = unit.inputs[0];
    if (op == Op::kAdd)
      PlaceGradientsOfAdd(unit, u);
    else if ((WritesOver(op) || op == Op::kBatchNorm) && !shared_[size_t(unit.output)] && MayTakeOver(x, u))
      memory_.Place(nodes + x, nodes + unit.output, 0);
  }
}

// Both terms have the sum's gradient. The one that is asked for first must be done with it, and leave it, before
// anything is added to the other's.
void Planner::PlaceGradientsOfAdd(const Unit& unit, int u) {
  const int nodes = int(graph_.nodes.size());
  if (shared_[size_t(unit.output)]) return;
  int a = unit.inputs[0], b = unit.inputs[1];
  if (unit_of_[size_t(a)] < unit_of_[size_t(b)]) std::swap(a, b);
  const bool take_a = MayTakeOver(a, u), take_b = MayTakeOver(b, u);
  bool both = take_a && take_b && OneReader(a);
  if (both) {
    const auto& readers = readers_[size_t(b)];
    const Op maker = OpOf(MakerOf(a).node);
    both = (readers.size() == 1 || readers[readers.size() - 2] < unit_of_[size_t(a)]) && !WritesOver(maker) &&
           maker != Op::kAdd;
  }
  shared_[size_t(a)] = both;
  if (take_b) memory_.Place(nodes + b, nodes + unit.output, 0);
  if (both || (take_a && !take_b)) memory_.Place(nodes + a, nodes + unit.output, 0);
}

// What the first writer of a gradient writes the others add to.
void Planner::FindFirstWrites() {
  const int nodes = int(graph_.nodes.size());
  auto written = std::vector<std::vector<bool>>(size_t(nodes));  // by outermost node and channel
  const auto channels_of = [&](int node) {
    size_t offset = 0;
    const int outermost = memory_.Outermost(nodes + node, &offset) - nodes;
    const graph::Shape& s = shapes_[size_t(node)];
    written[size_t(outermost)].resize(size_t(shapes_[size_t(outermost)].c));
    return written[size_t(outermost)].begin() +
           ptrdiff_t(offset / ChannelStride(size_t(n_) * size_t(s.h) * size_t(s.w)));
  };
  std::fill_n(channels_of(logits_), shapes_[size_t(logits_)].c, true);
  for (auto unit = units_.rbegin(); unit != units_.rend(); ++unit) {
    for (int input : unit->inputs) {
      size_t at = 0, output_at = 0;
      const bool in_place =
          memory_.Outermost(nodes + input, &at) == memory_.Outermost(nodes + unit->output, &output_at) &&
          at == output_at && OpOf(unit->node) != Op::kConcat;
      if (!wants_gradient_[size_t(input)] || in_place) {
        unit->add.push_back(false);
        continue;
      }
      const int channels = shapes_[size_t(input)].c;
      const auto begin = channels_of(input), end = begin + channels;
      const bool add = std::count(begin, end, true) > 0;
      for (int c = 0; add && c < channels; ++c)
        if (!begin[c]) unit->clear.emplace_back(input, c);
      unit->add.push_back(add);
      std::fill(begin, end, true);
    }
  }
}

void Planner::FindLives() {
  const int nodes = int(graph_.nodes.size()), steps = int(units_.size());
  for (int i = 0; i <= logits_; ++i) {
    if (i > 0 && !HasMaker(i)) continue;  // inside a unit
    const int made = i == 0 ? 0 : unit_of_[size_t(i)];
    memory_.UseAt(i, made);
    for (int reader : readers_[size_t(i)]) memory_.UseAt(i, reader);
    if (i == logits_) memory_.UseAt(i, steps);
    if (!backward_) continue;
    if (ReadBackwards(i)) {
      memory_.UseAt(i, BackwardTime(made));
      if (!readers_[size_t(i)].empty()) memory_.UseAt(i, BackwardTime(readers_[size_t(i)].front()));
    }
    if (!wants_gradient_[size_t(i)]) continue;
    memory_.UseAt(nodes + i, BackwardTime(made));
    memory_.UseAt(nodes + i, i == logits_ ? steps : BackwardTime(readers_[size_t(i)].back()));
  }
  for (const Unit& unit : units_) {
    if (unit.after < 0) continue;
    memory_.UseAt(unit.sums, unit_of_[size_t(unit.output)]);
    if (backward_) memory_.UseAt(unit.sums, BackwardTime(unit_of_[size_t(unit.output)]));
  }
}

Tensor Planner::ValueOf(int node, float* memory) const {
  const graph::Shape& s = shapes_[size_t(node)];
  const size_t count = size_t(n_) * size_t(s.h) * size_t(s.w);
  return {memory + memory_.offset(node), s.c, n_, s.h, s.w, ChannelStride(count)};
}

Tensor Planner::GradientOf(int node, float* memory) const {
  Tensor t = ValueOf(node, memory);
  t.data =
      wants_gradient_[size_t(node)] && backward_ ? memory + memory_.offset(int(graph_.nodes.size()) + node) : nullptr;
  return t;
}

Operands Planner::OperandsOf(const Unit& unit, const std::vector<NodeWeights>& weights, float* memory, Executor* e) {
  const auto norm_of = [&](int norm) {
    if (norm < 0) return static_cast<BatchNorm*>(nullptr);
    if (norms_[size_t(norm)] == nullptr) {
      const NodeWeights& w = weights[size_t(norm)];
      e->norms_.push_back(std::make_unique<BatchNorm>(
          shapes_[size_t(norm)].c, activation_[size_t(norm)] != norm,
          BatchNormWeights{w.weight, w.bias, w.mean, w.variance, w.weight_gradient, w.bias_gradient}));
      norms_[size_t(norm)] = e->norms_.back().get();
    }
    return norms_[size_t(norm)];
  };
  const Node& node = graph_.nodes[size_t(unit.node)];
  Operands o;
  for (size_t i = 0; i < unit.inputs.size(); ++i) {
    const int input = unit.inputs[i];
    o.in.push_back({ValueOf(input, memory), norm_of(lazy_[size_t(input)])});
    o.dx.push_back({GradientOf(input, memory), backward_ && unit.add[i]});
  }
  o.y = ValueOf(unit.output, memory), o.dy = GradientOf(unit.output, memory);
  if (unit.sums >= 0) o.sums = ValueOf(unit.after >= 0 ? unit.sums : unit.output, memory);
  if (lazy_[size_t(unit.output)] >= 0) o.y.data = nullptr;
  o.before = norm_of(unit.before), o.after = norm_of(unit.after);
  if (node.op == Op::kBatchNorm) o.norm = norm_of(unit.node);
  o.weights = weights[size_t(unit.node)];
  o.dropout = int(e->dropouts_.size());
  if (node.op == Op::kDropout) e->dropouts_.push_back({o.y.channels, node.rate});
  // Channels at the end of a concatenation that nothing wants a gradient of.
  if (node.op == Op::kConv && node.conv.groups == 1 && OpOf(unit.inputs[0]) == Op::kConcat) {
    const int last = graph_.nodes[size_t(unit.inputs[0])].inputs.back();
    if (!wants_gradient_[size_t(last)]) o.dx[0].to.channels -= shapes_[size_t(last)].c;
  }
  return o;
}

void Planner::Plan(const std::vector<NodeWeights>& weights, Executor* e) {
  // Copies read whole vectors, up to one behind the end.
  e->memory_ = AlignedFloats(memory_.Lay() + 64);
  float* memory = e->memory_.data();
  e->input_ = ValueOf(0, memory), e->logits_ = ValueOf(logits_, memory);
  e->logits_gradient_ = GradientOf(logits_, memory);
  size_t scratch = 0;
  for (const Unit& unit : units_) {
    Executor::PlannedStep step;
    for (const auto& [cleared, channel] : unit.clear) {
      Tensor t = GradientOf(cleared, memory);
      t.data = t.channel(channel), t.channels = 1;
      step.clear.push_back(t);
    }
    step.step = MakeStep(graph_.nodes[size_t(unit.node)], OperandsOf(unit, weights, memory, e), &e->scratch_);
    scratch = std::max(scratch, step.step->scratch_size());
    e->steps_.push_back(std::move(step));
  }
  e->scratch_memory_ = AlignedFloats(scratch);
  e->scratch_ = e->scratch_memory_.data();
}

}  // namespace scrim::train::cpu
