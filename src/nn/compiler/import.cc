#include <algorithm>
#include <cmath>

#include "nn/compiler/lowered.h"

namespace scrim::nn {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;

std::vector<bool> FindNeeded(const Graph& graph) {
  std::vector<bool> needed(graph.nodes.size());
  needed[static_cast<size_t>(graph.output)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const Node& node = graph.nodes[i];
    for (size_t k = 0; k < node.inputs.size(); ++k)
      if (node.op != Op::kResize || k == 0) needed[static_cast<size_t>(node.inputs[k])] = true;
  }
  return needed;
}

// Groups that no kernel runs one by one become one convolution with the zeros written out (see emit.cc); a small file
// must not ask for gigabytes that way.
bool FitsMemory(const graph::ConvAttributes& a, int in_channels) {
  constexpr int64_t kMaxWeights = int64_t{1} << 26;
  const bool depthwise = a.groups == in_channels && a.groups == a.out_channels;
  return a.groups == 1 || depthwise || int64_t{a.out_channels} * in_channels * a.kernel_h * a.kernel_w <= kMaxWeights;
}

Kind MulKind(const graph::Shape& in, const graph::Shape& factor) {
  if (factor == in) return Kind::kMul;
  return factor == graph::Shape{1, in.h, in.w} ? Kind::kGate : Kind::kScale;
}

void ImportConv(const Node& node, const graph::Weights& weights, Instruction& to) {
  to.kind = Kind::kConv;
  to.conv = node.conv;
  const graph::Tensor& weight = weights.at(node.name + ".weight");
  to.weight = weight.data, to.step = weight.step, to.in_step = weight.in_step;
  to.bias = node.conv.bias ? weights.at(node.name + ".bias").data
                           : std::vector<float>(static_cast<size_t>(node.conv.out_channels), 0.f);
}

void ImportBatchNorm(const Node& node, const graph::Weights& weights, int channels, Instruction& to) {
  to.kind = Kind::kConv;
  to.conv.out_channels = to.conv.groups = channels;
  auto data = [&](const char* suffix) -> const std::vector<float>& { return weights.at(node.name + suffix).data; };
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const float scale = data(".scale")[c] / std::sqrt(data(".variance")[c] + graph::kBatchNormEpsilon);
    to.weight.push_back(scale);
    to.bias.push_back(data(".offset")[c] - data(".mean")[c] * scale);
  }
}

}  // namespace

std::vector<int> ReadsOf(const Instruction& instruction) {
  std::vector<int> reads = instruction.inputs;
  if (instruction.residual >= 0) reads.push_back(instruction.residual);
  return reads;
}

std::vector<int> CountReads(const Lowered& lowered) {
  std::vector<int> counts(lowered.values.size());
  for (const Instruction& instruction : lowered.instructions)
    for (int value : ReadsOf(instruction)) ++counts[static_cast<size_t>(value)];
  ++counts[static_cast<size_t>(lowered.output)];
  return counts;
}

bool Bytes::uniform() const {
  return std::all_of(scale.begin(), scale.end(), [&](float s) { return s == scale[0]; }) &&
         std::all_of(zero_point.begin(), zero_point.end(), [&](uint8_t z) { return z == zero_point[0]; });
}

int RootOf(const Lowered& lowered, int value) {
  while (lowered.value(value).joined >= 0) value = lowered.value(value).joined;
  return value;
}

std::vector<int> PlaneOwners(const Lowered& lowered, int value) {
  if (lowered.value(value).members.empty()) return {RootOf(lowered, value)};
  std::vector<int> owners;
  for (int member : lowered.value(value).members)
    for (int owner : PlaneOwners(lowered, member)) owners.push_back(owner);
  return owners;
}

StatusOr<Lowered> Import(const Graph& graph, const std::vector<graph::Shape>& shapes, const graph::Weights& weights) {
  Lowered lowered;
  const std::vector<bool> needed = FindNeeded(graph);
  std::vector<int> value_of(graph.nodes.size(), -1);
  lowered.input = value_of[0] = lowered.AddValue(shapes[0], Layout::kChannelsLast);
  lowered.value(lowered.input).node = 0;
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    if (!needed[i]) continue;
    const Node& node = graph.nodes[i];
    auto in = [&](size_t k) { return value_of[static_cast<size_t>(node.inputs[k])]; };
    if (node.op == Op::kDropout) {
      value_of[i] = in(0);
      continue;
    }
    Instruction to;
    to.name = node.name;
    for (size_t k = 0; k < node.inputs.size(); ++k)
      if (node.op != Op::kResize || k == 0) to.inputs.push_back(in(k));
    const graph::Shape in_shape = lowered.value(in(0)).shape;
    value_of[i] = lowered.AddValue(shapes[i], Layout::kChannelsLast);
    to.outputs = {value_of[i]};
    lowered.value(value_of[i]).node = static_cast<int>(i);
    switch (node.op) {
      case Op::kConv:
        if (!FitsMemory(node.conv, in_shape.c))
          return Unsupported("graph '" + graph.name + "', node '" + node.name + "': no kernel runs a convolution of " +
                             std::to_string(node.conv.groups) + " groups of this size");
        ImportConv(node, weights, to);
        to.macs = shapes[i].size() * (in_shape.c / node.conv.groups) * node.conv.kernel_h * node.conv.kernel_w;
        break;
      case Op::kBatchNorm:
        ImportBatchNorm(node, weights, shapes[i].c, to);
        break;
      case Op::kRelu:
        to.kind = Kind::kActivation, to.activation = Activation::kRelu;
        break;
      case Op::kSigmoid:
        to.kind = Kind::kActivation, to.activation = Activation::kSigmoid;
        break;
      case Op::kHardSwish:
        to.kind = Kind::kActivation, to.activation = Activation::kHardSwish;
        break;
      case Op::kPRelu:
        to.kind = Kind::kActivation, to.activation = Activation::kPRelu;
        to.slope = weights.at(node.name + ".slope").data;
        break;
      case Op::kMaxPool:
        to.kind = Kind::kMaxPool, to.conv = node.conv;
        break;
      case Op::kSelect:
        to.kind = Kind::kSelect, to.select = node.select;
        break;
      case Op::kDepthToSpace:
        to.kind = Kind::kDepthToSpace, to.block = node.block;
        break;
      case Op::kResize:
        to.kind = Kind::kResize, to.align_corners = node.align_corners;
        break;
      case Op::kConcat:
        to.kind = Kind::kConcat;
        break;
      case Op::kAdd:
        to.kind = Kind::kAdd;
        break;
      case Op::kMul:
        to.kind = MulKind(shapes[i], lowered.value(to.inputs[1]).shape);
        break;
      case Op::kGlobalAvgPool:
        to.kind = Kind::kGlobalAvgPool;
        break;
      case Op::kChannelMean:
        to.kind = Kind::kChannelStats, to.outputs = {value_of[i], -1};
        break;
      case Op::kChannelMax:
        to.kind = Kind::kChannelStats, to.outputs = {-1, value_of[i]};
        break;
      default:
        return Unsupported("graph '" + graph.name + "', node '" + node.name + "': no kernel runs " +
                           graph::OpName(node.op));
    }
    lowered.instructions.push_back(std::move(to));
  }
  lowered.output = value_of[static_cast<size_t>(graph.output)];
  return lowered;
}

}  // namespace scrim::nn
