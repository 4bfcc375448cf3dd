#include "graph/onnx_values.h"

#include <algorithm>
#include <cmath>

namespace scrim::graph {

Status OnnxValues::Refuse(const onnx::NodeProto& node, const std::string& why) const {
  const std::string& name = node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
  return Unsupported(what_ + ": node '" + name + "' (" + node.op_type() + "): " + why);
}

StatusOr<View> OnnxValues::ViewOf(const onnx::NodeProto& from, const std::string& name) {
  const auto it = values_.find(name);
  if (it == values_.end()) return Refuse(from, "'" + name + "' is not a value computed before it");
  Value& value = it->second;
  if (value.ramp.identity()) return value.view;
  const Ramp ramp = value.ramp;
  if (ramp.clipped() && !(ramp.low == 0.f && ramp.high == kInfinity && ramp.gain >= 0.f))
    return Refuse(from, "reads a clipped value; scrim knows clipping as ReLU and in hard swish alone");
  const auto channels = static_cast<size_t>(ShapeOf(value.view.node).c);
  const float gain = ramp.gain;
  if (ramp.scale * gain != 1.f || ramp.offset != 0.f) {
    SCRIM_ASSIGN_OR_RETURN(value.view.node,
                           EmitAffine(from, value.view.node, std::vector<float>(channels, ramp.scale * gain),
                                      std::vector<float>(channels, ramp.offset * gain)));
  }
  if (ramp.clipped()) {
    SCRIM_ASSIGN_OR_RETURN(value.view.node, EmitUnary(from, Op::kRelu, value.view.node));
  }
  value.ramp = {};
  return value.view;
}

StatusOr<OnnxValues::Value*> OnnxValues::Unclipped(const onnx::NodeProto& from, const std::string& name) {
  const auto it = values_.find(name);
  if (it == values_.end() || it->second.ramp.clipped()) {
    SCRIM_RETURN_IF_ERROR(ViewOf(from, name).status());
  }
  return &values_[name];
}

StatusOr<int> OnnxValues::Picture(const onnx::NodeProto& from, int input) {
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(from, input));
  const auto order = ChannelOrder(view, ShapeOf(view.node));
  if (!order)
    return Refuse(from, "input " + std::to_string(input) + " is not laid out as 1 x channels x height x width");
  int node = view.node;
  if (!std::is_sorted(order->begin(), order->end())) {
    SCRIM_ASSIGN_OR_RETURN(node, EmitSelect(from, node, *order));
    values_[Input(from, input)].view = PictureView(node, ShapeOf(node));
  }
  return node;
}

std::optional<std::vector<float>> OnnxValues::ForChannels(const View& view, const Tensor& tensor) const {
  const int channels = ShapeOf(view.node).c;
  if (tensor.data.size() == 1) return std::vector<float>(static_cast<size_t>(channels), tensor.data[0]);
  if (tensor.dims.size() > view.dims.size()) return std::nullopt;
  const size_t first = view.dims.size() - tensor.dims.size();
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    const bool along = IsWhole(view.dims[first + i], Axis::kChannel, channels);
    if (tensor.dims[i] != 1 && !(along && tensor.dims[i] == channels)) return std::nullopt;
  }
  if (tensor.data.size() != static_cast<size_t>(channels)) return std::nullopt;
  return tensor.data;
}

StatusOr<int> OnnxValues::Emit(const onnx::NodeProto& from, Node node, Parts parts) {
  if (graph_->nodes.size() >= kMaxNodes) return Refuse(from, "the network has too many nodes");
  const std::string base = from.name().empty() ? from.output(0) : from.name();
  node.name = base;
  for (size_t copy = graph_->nodes.size(); !names_.insert(node.name).second; ++copy)
    node.name = base + "#" + std::to_string(copy);
  auto shape = InferShape(*graph_, node, shapes_);
  if (!shape.ok()) return Refuse(from, shape.status().message());
  shapes_.push_back(*shape);
  for (const auto& [part, tensor] : parts) weight_count_ += tensor.data.size();
  if (weight_count_ > kMaxWeights) return Refuse(from, "the network has too many weights");
  for (auto& [part, tensor] : parts) (*weights_)[node.name + part] = std::move(tensor);
  graph_->nodes.push_back(std::move(node));
  return static_cast<int>(graph_->nodes.size()) - 1;
}

StatusOr<int> OnnxValues::EmitUnary(const onnx::NodeProto& from, Op op, int of) {
  Node node;
  node.op = op, node.inputs = {of};
  return Emit(from, std::move(node), {});
}

StatusOr<int> OnnxValues::EmitPointwise(const onnx::NodeProto& from, int of, Tensor weight, std::vector<float> bias) {
  Node node;
  node.op = Op::kConv, node.inputs = {of};
  node.conv.out_channels = weight.dims[0];
  node.conv.bias = !bias.empty();
  Parts parts{{".weight", std::move(weight)}};
  if (node.conv.bias) parts.emplace_back(".bias", Tensor{{node.conv.out_channels}, std::move(bias)});
  return Emit(from, std::move(node), std::move(parts));
}

StatusOr<int> OnnxValues::EmitSelect(const onnx::NodeProto& from, int of, std::vector<int> channels) {
  Node node;
  node.op = Op::kSelect, node.inputs = {of}, node.select = std::move(channels);
  return Emit(from, std::move(node), {});
}

StatusOr<int> OnnxValues::EmitAffine(const onnx::NodeProto& from, int of, std::vector<float> scale,
                                     std::vector<float> offset) {
  const Node before = graph_->nodes[static_cast<size_t>(of)];
  if (before.op == Op::kDepthToSpace) {  // first, where the engine folds it into the convolution
    const int repeats = before.block * before.block;
    std::vector<float> scales, offsets;
    for (size_t c = 0; c < scale.size(); ++c)
      for (int i = 0; i < repeats; ++i) scales.push_back(scale[c]), offsets.push_back(offset[c]);
    SCRIM_ASSIGN_OR_RETURN(const int inner, EmitAffine(from, before.inputs[0], std::move(scales), std::move(offsets)));
    Node node = before;
    node.inputs = {inner};
    return Emit(from, std::move(node), {});
  }
  const int channels = ShapeOf(of).c;
  const auto size = static_cast<size_t>(channels);
  Node node;
  node.op = Op::kBatchNorm, node.inputs = {of};
  return Emit(from, std::move(node),
              {{".scale", {{channels}, std::move(scale)}},
               {".offset", {{channels}, std::move(offset)}},
               {".mean", {{channels}, std::vector<float>(size, 0.f)}},
               {".variance", {{channels}, std::vector<float>(size, 1.f - kBatchNormEpsilon)}}});
}

Status OnnxValues::EmitPicture(const onnx::NodeProto& from, Node node, Parts parts) {
  SCRIM_ASSIGN_OR_RETURN(const int emitted, Emit(from, std::move(node), std::move(parts)));
  SetPicture(from, emitted);
  return {};
}

}  // namespace scrim::graph
