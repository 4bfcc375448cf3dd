#include "graph/graph.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace scrim::graph {
namespace {

constexpr int kMaxSide = 1 << 14;
constexpr int kMaxChannels = 1 << 14;
constexpr int64_t kMaxValues = int64_t{1} << 28;  // of one node: 1 GB of floats, which 32 bits of an address reach

Status NodeError(const Graph& graph, const Node& node, const std::string& what) {
  return InvalidArgument("graph '" + graph.name + "', node '" + node.name + "' (" + OpName(node.op) + "): " + what);
}

struct Arity {
  size_t min, max;
};
Arity ArityOf(Op op) {
  switch (op) {
    case Op::kInput:
      return {0, 0};
    case Op::kConcat:
      return {1, 64};
    case Op::kResize:
    case Op::kAdd:
    case Op::kMul:
      return {2, 2};
    default:
      return {1, 1};
  }
}

// Names, order and arity: what must hold before any shape can be computed.
Status ValidateStructure(const Graph& graph) {
  if (graph.nodes.empty() || graph.nodes[0].op != Op::kInput)
    return InvalidArgument("graph '" + graph.name + "': the first node must be the input");
  if (graph.nodes.size() > kMaxNodes) return InvalidArgument("graph '" + graph.name + "': too many nodes");
  if (graph.output < 0 || graph.output >= static_cast<int>(graph.nodes.size()))
    return InvalidArgument("graph '" + graph.name + "': the output is not a node");
  std::set<std::string> names;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.name.empty())
      return InvalidArgument("graph '" + graph.name + "': node " + std::to_string(i) + " has no name");
    if (!names.insert(node.name).second) return NodeError(graph, node, "the name is used twice");
    if (node.op > kLastOp) return NodeError(graph, node, "unknown operation");
    if (node.op == Op::kInput && i != 0) return NodeError(graph, node, "a graph has one input");
    const Arity arity = ArityOf(node.op);
    if (node.inputs.size() < arity.min || node.inputs.size() > arity.max)
      return NodeError(graph, node, "has " + std::to_string(node.inputs.size()) + " inputs");
    for (int input : node.inputs)
      if (input < 0 || input >= static_cast<int>(i))
        return NodeError(graph, node, "reads a node that does not come before it");
  }
  return {};
}

Status ValidateConv(const Graph& graph, const Node& node, int in_channels) {
  const ConvAttributes& a = node.conv;
  if (a.out_channels < 1 || a.out_channels > kMaxChannels)
    return NodeError(graph, node, "output channels out of range");
  if (a.kernel_h < 1 || a.kernel_w < 1 || a.kernel_h > 31 || a.kernel_w > 31)
    return NodeError(graph, node, "kernel size out of range");
  if (a.stride < 1 || a.stride > 16 || a.dilation < 1 || a.dilation > 64)
    return NodeError(graph, node, "stride or dilation out of range");
  if (a.groups < 1 || in_channels % a.groups || a.out_channels % a.groups)
    return NodeError(graph, node,
                     std::to_string(a.groups) + " groups do not divide " + std::to_string(in_channels) + " input and " +
                         std::to_string(a.out_channels) + " output channels");
  for (int pad : {a.pad_top, a.pad_left, a.pad_bottom, a.pad_right})
    if (pad < 0 || pad > 1024) return NodeError(graph, node, "padding out of range");
  return {};
}

int ConvExtent(int in, int kernel, const ConvAttributes& a, int pads) {
  return (in + pads - a.dilation * (kernel - 1) - 1) / a.stride + 1;
}

StatusOr<Shape> InferWindow(const Graph& graph, const Node& node, const Shape& in) {
  SCRIM_RETURN_IF_ERROR(ValidateConv(graph, node, in.c));
  const ConvAttributes& a = node.conv;
  const int reach_h = a.dilation * (a.kernel_h - 1) + 1, reach_w = a.dilation * (a.kernel_w - 1) + 1;
  if (in.h + a.pad_top + a.pad_bottom < reach_h || in.w + a.pad_left + a.pad_right < reach_w)
    return NodeError(graph, node, "the kernel is larger than its padded input " + ToString(in));
  return Shape{a.out_channels, ConvExtent(in.h, a.kernel_h, a, a.pad_top + a.pad_bottom),
               ConvExtent(in.w, a.kernel_w, a, a.pad_left + a.pad_right)};
}

// As InferShape, of any size.
StatusOr<Shape> ShapeBehind(const Graph& graph, const Node& node, const std::vector<Shape>& shapes) {
  auto in = [&](size_t i) -> const Shape& { return shapes[static_cast<size_t>(node.inputs[i])]; };
  switch (node.op) {
    case Op::kInput:
      break;  // handled by the caller
    case Op::kConv:
      return InferWindow(graph, node, in(0));
    case Op::kBatchNorm:
    case Op::kRelu:
    case Op::kSigmoid:
    case Op::kHardSwish:
    case Op::kPRelu:
      return in(0);
    case Op::kDropout:
      if (!(node.rate >= 0.f && node.rate < 1.f)) return NodeError(graph, node, "rate must be in [0, 1)");
      return in(0);
    case Op::kResize:
      return Shape{in(0).c, in(1).h, in(1).w};
    case Op::kConcat: {
      Shape out = in(0);
      for (size_t i = 1; i < node.inputs.size(); ++i) {
        if (in(i).h != out.h || in(i).w != out.w)
          return NodeError(graph, node,
                           "joins " + ToString(in(0)) + " with " + ToString(in(i)) + ": heights and widths differ");
        out.c += in(i).c;
      }
      if (out.c > kMaxChannels) return NodeError(graph, node, "too many channels");
      return out;
    }
    case Op::kAdd:
      if (in(0) != in(1)) return NodeError(graph, node, "adds " + ToString(in(0)) + " and " + ToString(in(1)));
      return in(0);
    case Op::kMul: {
      const Shape a = in(0), b = in(1);
      if (b != a && b != Shape{1, a.h, a.w} && b != Shape{a.c, 1, 1})
        return NodeError(graph, node, "multiplies " + ToString(a) + " by " + ToString(b));
      return a;
    }
    case Op::kGlobalAvgPool:
      return Shape{in(0).c, 1, 1};
    case Op::kChannelMean:
    case Op::kChannelMax:
      return Shape{1, in(0).h, in(0).w};
    case Op::kMaxPool: {
      Node window = node;
      window.conv.out_channels = in(0).c;
      const ConvAttributes& a = window.conv;
      if (a.groups != 1 || a.dilation != 1 || std::max(a.pad_top, a.pad_bottom) >= a.kernel_h ||
          std::max(a.pad_left, a.pad_right) >= a.kernel_w)
        return NodeError(graph, node, "padding, groups or dilation out of range");
      return InferWindow(graph, window, in(0));
    }
    case Op::kSelect:
      if (node.select.empty() || node.select.size() > kMaxChannels)
        return NodeError(graph, node, "selects " + std::to_string(node.select.size()) + " channels");
      for (int c : node.select)
        if (c < 0 || c >= in(0).c)
          return NodeError(graph, node, "there is no channel " + std::to_string(c) + " in " + ToString(in(0)));
      return Shape{static_cast<int>(node.select.size()), in(0).h, in(0).w};
    case Op::kDepthToSpace: {
      const int b = node.block;
      if (b < 1 || b > 16 || in(0).c % (b * b) != 0 || in(0).h > kMaxSide / b || in(0).w > kMaxSide / b)
        return NodeError(graph, node, "cannot make blocks of " + std::to_string(b) + " out of " + ToString(in(0)));
      return Shape{in(0).c / (b * b), in(0).h * b, in(0).w * b};
    }
  }
  return NodeError(graph, node, "unknown operation");
}

bool IsTooLarge(const Shape& s) { return s.h > kMaxSide || s.w > kMaxSide || s.size() > kMaxValues; }

}  // namespace

StatusOr<Shape> InferShape(const Graph& graph, const Node& node, const std::vector<Shape>& shapes) {
  SCRIM_ASSIGN_OR_RETURN(const Shape shape, ShapeBehind(graph, node, shapes));
  if (IsTooLarge(shape)) return NodeError(graph, node, "its " + ToString(shape) + " values are too many");
  return shape;
}

const char* OpName(Op op) {
  switch (op) {
    case Op::kInput:
      return "input";
    case Op::kConv:
      return "conv";
    case Op::kBatchNorm:
      return "batch_norm";
    case Op::kRelu:
      return "relu";
    case Op::kSigmoid:
      return "sigmoid";
    case Op::kResize:
      return "resize";
    case Op::kConcat:
      return "concat";
    case Op::kAdd:
      return "add";
    case Op::kMul:
      return "mul";
    case Op::kGlobalAvgPool:
      return "global_avg_pool";
    case Op::kChannelMean:
      return "channel_mean";
    case Op::kChannelMax:
      return "channel_max";
    case Op::kDropout:
      return "dropout";
    case Op::kHardSwish:
      return "hard_swish";
    case Op::kPRelu:
      return "prelu";
    case Op::kMaxPool:
      return "max_pool";
    case Op::kSelect:
      return "select";
    case Op::kDepthToSpace:
      return "depth_to_space";
  }
  return "unknown";
}

std::string ToString(const Shape& s) {
  return std::to_string(s.c) + "x" + std::to_string(s.h) + "x" + std::to_string(s.w);
}

StatusOr<std::vector<Shape>> InferShapes(const Graph& graph, int height, int width) {
  SCRIM_RETURN_IF_ERROR(ValidateStructure(graph));
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide)
    return InvalidArgument("graph '" + graph.name + "': input size " + std::to_string(width) + "x" +
                           std::to_string(height) + " out of range");
  const int channels = graph.input().channels;
  if (channels < 1 || channels > kMaxChannels) return NodeError(graph, graph.input(), "channels out of range");
  std::vector<Shape> shapes{{channels, height, width}};
  if (IsTooLarge(shapes[0]))
    return NodeError(graph, graph.input(), "its " + ToString(shapes[0]) + " values are too many");
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    SCRIM_ASSIGN_OR_RETURN(Shape shape, InferShape(graph, graph.nodes[i], shapes));
    shapes.push_back(shape);
  }
  return shapes;
}

StatusOr<std::vector<WeightSpec>> ListWeights(const Graph& graph) {
  SCRIM_RETURN_IF_ERROR(ValidateStructure(graph));
  // Channel counts do not depend on the size of the picture, only on the graph.
  std::vector<int> channels;
  std::vector<WeightSpec> specs;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const int index = static_cast<int>(i);
    int c = node.inputs.empty() ? node.channels : channels[static_cast<size_t>(node.inputs[0])];
    if (node.op == Op::kConv) {
      SCRIM_RETURN_IF_ERROR(ValidateConv(graph, node, c));
      const ConvAttributes& a = node.conv;
      specs.push_back({node.name + ".weight", {a.out_channels, c / a.groups, a.kernel_h, a.kernel_w}, index});
      if (a.bias) specs.push_back({node.name + ".bias", {a.out_channels}, index});
      c = a.out_channels;
    } else if (node.op == Op::kBatchNorm) {
      for (const char* part : {".scale", ".offset", ".mean", ".variance"})
        specs.push_back({node.name + part, {c}, index});
    } else if (node.op == Op::kPRelu) {
      specs.push_back({node.name + ".slope", {c, 1, 1}, index});
    } else if (node.op == Op::kSelect) {
      c = static_cast<int>(node.select.size());
    } else if (node.op == Op::kDepthToSpace) {
      if (node.block < 1) return NodeError(graph, node, "block out of range");
      c /= node.block * node.block;
    } else if (node.op == Op::kConcat) {
      c = 0;
      for (int input : node.inputs) c += channels[static_cast<size_t>(input)];
    } else if (node.op == Op::kChannelMean || node.op == Op::kChannelMax) {
      c = 1;
    }
    channels.push_back(c);
  }
  return specs;
}

std::vector<int8_t> WholeNumbers(const std::vector<float>& weights, const std::vector<float>& step,
                                 const std::vector<float>& in_step) {
  // Added and taken away again, it rounds what is small to the nearest whole number. All that vectorises.
  // In this order of arguments what is no number, as with a step of next to nothing, becomes -128, which is refused.
  constexpr float kRound = 3 << 22;
  const size_t in = std::max<size_t>(1, in_step.size()), run = weights.size() / step.size() / in;
  std::vector<int8_t> whole(weights.size());
  const float* from = weights.data();
  int8_t* to = whole.data();
  for (float out : step) {
    for (size_t c = 0; c < in; ++c, from += run, to += run) {
      const float per_step = 1.f / (in_step.empty() ? out : out * in_step[c]);
      for (size_t i = 0; i < run; ++i)
        to[i] = static_cast<int8_t>(std::min(127.f, std::max(-128.f, from[i] * per_step)) + kRound - kRound);
    }
  }
  return whole;
}

namespace {

Status ValidateSteps(const std::string& name, const Tensor& tensor) {
  if (tensor.step.empty() && tensor.in_step.empty()) return {};
  const auto positive = [](float step) { return std::isfinite(step) && step > 0.f; };
  if (tensor.dims.size() != 4 || tensor.step.size() != static_cast<size_t>(tensor.dims[0]) ||
      (!tensor.in_step.empty() && tensor.in_step.size() != static_cast<size_t>(tensor.dims[1])) ||
      !std::all_of(tensor.step.begin(), tensor.step.end(), positive) ||
      !std::all_of(tensor.in_step.begin(), tensor.in_step.end(), positive))
    return InvalidArgument("weight '" + name + "' has not one positive step for each channel");
  int largest = 0;
  for (int8_t whole : WholeNumbers(tensor.data, tensor.step, tensor.in_step))
    largest = std::max(largest, std::abs(int{whole}));
  if (largest > kMaxQuantisedWeight)
    return InvalidArgument("weight '" + name + "' is " + std::to_string(largest) + " steps large, beyond " +
                           std::to_string(kMaxQuantisedWeight));
  return {};
}

}  // namespace

Status ValidateWeights(const Graph& graph, const Weights& weights) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<WeightSpec> specs, ListWeights(graph));
  for (const WeightSpec& spec : specs) {
    const auto it = weights.find(spec.name);
    if (it == weights.end()) return InvalidArgument("weight '" + spec.name + "' is missing");
    const Tensor& tensor = it->second;
    size_t size = 1;
    for (int d : spec.dims) size *= static_cast<size_t>(d);
    if (tensor.dims != spec.dims || tensor.data.size() != size)
      return InvalidArgument("weight '" + spec.name + "' does not have the shape that its node needs");
    bool finite = true;
    for (float v : tensor.data) finite &= std::isfinite(v);
    if (!finite) return InvalidArgument("weight '" + spec.name + "' holds a value that is not finite");
    SCRIM_RETURN_IF_ERROR(ValidateSteps(spec.name, tensor));
    if (graph.nodes[static_cast<size_t>(spec.node)].op == Op::kBatchNorm &&
        spec.name == graph.nodes[static_cast<size_t>(spec.node)].name + ".variance")
      for (float v : tensor.data)
        if (v < 0.f) return InvalidArgument("weight '" + spec.name + "' holds a negative variance");
  }
  if (weights.size() != specs.size())
    return InvalidArgument("there are weights that no node of graph '" + graph.name + "' uses");
  return {};
}

int64_t CountMacs(const Graph& graph, const std::vector<Shape>& shapes) {
  int64_t macs = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const Shape& out = shapes[i];
    if (node.op == Op::kConv) {
      const int in_channels = shapes[static_cast<size_t>(node.inputs[0])].c;
      macs += out.size() * (in_channels / node.conv.groups) * node.conv.kernel_h * node.conv.kernel_w;
    }
  }
  return macs;
}

int64_t CountParameters(const Graph& graph) {
  const auto specs = ListWeights(graph);
  if (!specs.ok()) return 0;
  int64_t count = 0;
  for (const WeightSpec& spec : specs.value()) {
    const Node& node = graph.nodes[static_cast<size_t>(spec.node)];
    if (node.op == Op::kBatchNorm && spec.name != node.name + ".offset") continue;
    int64_t size = 1;
    for (int d : spec.dims) size *= d;
    count += size;
  }
  return count;
}

}  // namespace scrim::graph
