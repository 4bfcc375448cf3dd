// What treats elements or channels one by one: activations, arithmetic with constants, softmax.
#include <algorithm>

#include "graph/onnx_reader.h"

namespace scrim::graph {

Status OnnxReader::ReadUnary(const onnx::NodeProto& from, Op op, int input) {
  SCRIM_ASSIGN_OR_RETURN(View view, ViewOf(from, input));
  SCRIM_ASSIGN_OR_RETURN(view.node, EmitUnary(from, op, view.node));
  Set(from, std::move(view));
  return {};
}

Status OnnxReader::ReadPRelu(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(View view, ViewOf(from, 0));
  SCRIM_ASSIGN_OR_RETURN(const Tensor tensor, Floats(from, 1));
  auto slope = ForChannels(view, tensor);
  if (!slope) return Refuse(from, "only one slope, or one for each channel");
  const int channels = ShapeOf(view.node).c;
  Node node;
  node.op = Op::kPRelu, node.inputs = {view.node};
  SCRIM_ASSIGN_OR_RETURN(view.node, Emit(from, std::move(node), {{".slope", {{channels, 1, 1}, *std::move(slope)}}}));
  Set(from, std::move(view));
  return {};
}

StatusOr<float> OnnxReader::Limit(const onnx::NodeProto& from, int input, const char* attribute, float fallback) const {
  if (Input(from, input).empty()) return FloatAttribute(from, attribute, fallback);
  SCRIM_ASSIGN_OR_RETURN(const Tensor tensor, Floats(from, input));
  if (tensor.data.size() != 1) return Refuse(from, "a limit must be one number");
  return tensor.data[0];
}

Status OnnxReader::ReadClip(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const float low, Limit(from, 1, "min", -kInfinity));
  SCRIM_ASSIGN_OR_RETURN(const float high, Limit(from, 2, "max", kInfinity));
  SCRIM_ASSIGN_OR_RETURN(const Value* value, Unclipped(from, Input(from, 0)));
  Ramp ramp = value->ramp;
  ramp.low = low, ramp.high = high;
  Set(from, value->view, ramp);
  return {};
}

Status OnnxReader::ReadHardSigmoid(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(from, 0));
  Set(from, view, {FloatAttribute(from, "alpha", 0.2f), FloatAttribute(from, "beta", 0.5f), 0.f, 1.f, 1.f});
  return {};
}

Status OnnxReader::ReadArithmetic(const onnx::NodeProto& from) {
  const std::string a = Input(from, 0), b = Input(from, 1);
  if (constants_.Has(b)) return ReadWithConstant(from, a, 1);
  if (constants_.Has(a)) return ReadWithConstant(from, b, 0);
  const std::string& type = from.op_type();
  if (type == "Mul" && (IsHardSwish(a, b) || IsHardSwish(b, a)))
    return ReadUnary(from, Op::kHardSwish, IsHardSwish(a, b) ? 0 : 1);
  if (type != "Add" && type != "Mul") return Refuse(from, "only with a constant");
  Node node;
  node.op = type == "Add" ? Op::kAdd : Op::kMul;
  for (int i = 0; i < 2; ++i) {
    SCRIM_ASSIGN_OR_RETURN(const int input, Picture(from, i));
    node.inputs.push_back(input);
  }
  if (ShapeOf(node.inputs[0]).size() < ShapeOf(node.inputs[1]).size()) std::swap(node.inputs[0], node.inputs[1]);
  return EmitPicture(from, std::move(node), {});
}

bool OnnxReader::IsHardSwish(const std::string& x, const std::string& factor) const {
  const auto a = values_.find(x), b = values_.find(factor);
  return a != values_.end() && b != values_.end() && a->second.ramp.identity() && b->second.ramp.IsHardSigmoid() &&
         a->second.view.node == b->second.view.node && a->second.view.dims == b->second.view.dims;
}

Status OnnxReader::ReadWithConstant(const onnx::NodeProto& from, const std::string& x, int constant) {
  SCRIM_ASSIGN_OR_RETURN(const Tensor tensor, Floats(from, constant));
  const std::string& type = from.op_type();
  if (type == "Div" && constant == 0) return Refuse(from, "of a constant by a value");
  // The result is scale * x + offset.
  const bool sum = type == "Add" || type == "Sub";
  auto scale_of = [&](float c) {
    return sum ? (type == "Sub" && constant == 0 ? -1.f : 1.f) : type == "Mul" ? c : 1.f / c;
  };
  auto offset_of = [&](float c) { return !sum ? 0.f : type == "Sub" && constant == 1 ? -c : c; };
  if (tensor.data.size() == 1) {
    const float scale = scale_of(tensor.data[0]), offset = offset_of(tensor.data[0]);
    const auto it = values_.find(x);
    if (it != values_.end() && it->second.ramp.clipped() && offset == 0.f) {
      Ramp ramp = it->second.ramp;
      ramp.gain *= scale;
      Set(from, it->second.view, ramp);
      return {};
    }
    SCRIM_ASSIGN_OR_RETURN(const Value* value, Unclipped(from, x));
    Ramp ramp = value->ramp;
    ramp.scale *= scale, ramp.offset = ramp.offset * scale + offset;
    Set(from, value->view, ramp);
    return {};
  }
  SCRIM_ASSIGN_OR_RETURN(View view, ViewOf(from, x));
  const auto values = ForChannels(view, tensor);
  if (!values) return Refuse(from, "only with one number, or one for each channel");
  std::vector<float> scales, offsets;
  for (float c : *values) scales.push_back(scale_of(c)), offsets.push_back(offset_of(c));
  SCRIM_ASSIGN_OR_RETURN(view.node, EmitAffine(from, view.node, std::move(scales), std::move(offsets)));
  Set(from, std::move(view));
  return {};
}

Status OnnxReader::ReadSoftmax(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(View view, ViewOf(from, 0));
  const int rank = static_cast<int>(view.dims.size());
  int axis = static_cast<int>(IntAttribute(from, "axis", opset_ < 13 ? 1 : -1));
  if (axis < 0) axis += rank;
  const bool last = axis == rank - 1;  // before opset 13 the softmax went over all dimensions from the axis on
  if (axis < 0 || axis >= rank || (opset_ < 13 && !last) || ShapeOf(view.node).c != 2 ||
      !IsWhole(view.dims[static_cast<size_t>(axis)], Axis::kChannel, 2))
    return Refuse(from, "only over two channels");
  const int logits = view.node;
  SCRIM_ASSIGN_OR_RETURN(const int odds, EmitPointwise(from, logits, {{2, 2, 1, 1}, {1.f, -1.f, -1.f, 1.f}}, {}));
  SCRIM_ASSIGN_OR_RETURN(view.node, EmitUnary(from, Op::kSigmoid, odds));
  logits_of_[view.node] = logits;
  Set(from, std::move(view));
  return {};
}

}  // namespace scrim::graph
