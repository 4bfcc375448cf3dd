#include <onnx/onnx_pb.h>

#include "base/file.h"
#include "graph/onnx.h"

namespace scrim::graph {
namespace {

constexpr int kOpset = 13;

class Writer {
 public:
  Writer(const Model& model, std::vector<Shape> shapes, onnx::GraphProto& out)
      : model_(model), shapes_(std::move(shapes)), out_(out) {}

  void Write() {
    out_.set_name(model_.graph.name);
    Declare(*out_.add_input(), ValueName(0), shapes_[0]);
    Declare(*out_.add_output(), ValueName(model_.graph.output), shapes_[static_cast<size_t>(model_.graph.output)]);
    for (const auto& [name, tensor] : model_.weights) {
      onnx::TensorProto& to = *out_.add_initializer();
      to.set_name(name);
      to.set_data_type(onnx::TensorProto::FLOAT);
      for (int d : tensor.dims) to.add_dims(d);
      to.set_raw_data(tensor.data.data(), tensor.data.size() * sizeof(float));
    }
    for (size_t i = 1; i < model_.graph.nodes.size(); ++i) WriteNode(i);
  }

 private:
  std::string ValueName(int node) const {
    if (node == 0) return "input";
    return node == model_.graph.output ? "output" : model_.graph.nodes[static_cast<size_t>(node)].name;
  }
  static void Declare(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape) {
    info.set_name(name);
    onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (int d : {1, shape.c, shape.h, shape.w}) type.mutable_shape()->add_dim()->set_dim_value(d);
  }
  static void Ints(onnx::NodeProto& node, const char* name, std::initializer_list<int> values) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (int v : values) a.add_ints(v);
  }
  static void Int(onnx::NodeProto& node, const char* name, int value) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
  }
  static void Float(onnx::NodeProto& node, const char* name, float value) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(value);
  }
  static void Text(onnx::NodeProto& node, const char* name, const char* value) {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(value);
  }

  void WriteNode(size_t index) {
    const Node& node = model_.graph.nodes[index];
    const std::string& name = node.name;
    onnx::NodeProto& to = *out_.add_node();
    to.set_name(name);
    to.add_output(ValueName(static_cast<int>(index)));
    for (int input : node.inputs) to.add_input(ValueName(input));
    switch (node.op) {
      case Op::kInput:
        break;
      case Op::kConv: {
        const ConvAttributes& a = node.conv;
        to.set_op_type("Conv");
        to.add_input(name + ".weight");
        if (a.bias) to.add_input(name + ".bias");
        Ints(to, "kernel_shape", {a.kernel_h, a.kernel_w});
        Ints(to, "strides", {a.stride, a.stride});
        Ints(to, "dilations", {a.dilation, a.dilation});
        Ints(to, "pads", {a.pad_top, a.pad_left, a.pad_bottom, a.pad_right});
        Int(to, "group", a.groups);
        break;
      }
      case Op::kBatchNorm: {
        to.set_op_type("BatchNormalization");
        for (const char* part : {".scale", ".offset", ".mean", ".variance"}) to.add_input(name + part);
        Float(to, "epsilon", kBatchNormEpsilon);
        break;
      }
      case Op::kRelu:
        to.set_op_type("Relu");
        break;
      case Op::kSigmoid:
        to.set_op_type("Sigmoid");
        break;
      case Op::kResize:
        WriteResize(to, node, shapes_[index]);
        break;
      case Op::kConcat:
        to.set_op_type("Concat");
        Int(to, "axis", 1);
        break;
      case Op::kAdd:
        to.set_op_type("Add");
        break;
      case Op::kMul:
        to.set_op_type("Mul");
        break;
      case Op::kGlobalAvgPool:
        to.set_op_type("GlobalAveragePool");
        break;
      case Op::kChannelMean:
      case Op::kChannelMax:
        to.set_op_type(node.op == Op::kChannelMean ? "ReduceMean" : "ReduceMax");
        Ints(to, "axes", {1});
        Int(to, "keepdims", 1);
        break;
      case Op::kDropout:
        to.set_op_type("Identity");
        break;
      case Op::kHardSwish: {  // an operation of its own only from opset 14 on
        onnx::NodeProto factor;
        factor.set_op_type("HardSigmoid");
        factor.set_name(name + ".factor");
        factor.add_input(to.input(0));
        factor.add_output(factor.name());
        Float(factor, "alpha", 1 / 6.f);
        Float(factor, "beta", 0.5f);
        to.set_op_type("Mul");
        to.add_input(factor.name());
        onnx::NodeProto product = std::move(to);
        to = std::move(factor);
        *out_.add_node() = std::move(product);
        break;
      }
      case Op::kPRelu:
        to.set_op_type("PRelu");
        to.add_input(name + ".slope");
        break;
      case Op::kMaxPool: {
        const ConvAttributes& a = node.conv;
        to.set_op_type("MaxPool");
        Ints(to, "kernel_shape", {a.kernel_h, a.kernel_w});
        Ints(to, "strides", {a.stride, a.stride});
        Ints(to, "pads", {a.pad_top, a.pad_left, a.pad_bottom, a.pad_right});
        break;
      }
      case Op::kSelect:
        to.set_op_type("Gather");
        to.add_input(name + ".channels");
        Int(to, "axis", 1);
        Sizes(name + ".channels", node.select);
        break;
      case Op::kDepthToSpace:
        to.set_op_type("DepthToSpace");
        Int(to, "blocksize", node.block);
        Text(to, "mode", "CRD");
        break;
    }
  }

  // Inputs: the picture, no region, no scales, the size.
  void WriteResize(onnx::NodeProto& to, const Node& node, const Shape& shape) {
    to.set_op_type("Resize");
    to.clear_input();
    to.add_input(ValueName(node.inputs[0]));
    to.add_input("");
    to.add_input("");
    to.add_input(node.name + ".size");
    Text(to, "mode", "linear");
    Text(to, "coordinate_transformation_mode", node.align_corners ? "align_corners" : "half_pixel");
    Sizes(node.name + ".size", {1, shape.c, shape.h, shape.w});
  }

  void Sizes(const std::string& name, const std::vector<int>& values) {
    onnx::TensorProto& tensor = *out_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<int64_t>(values.size()));
    for (int v : values) tensor.add_int64_data(v);
  }

  const Model& model_;
  const std::vector<Shape> shapes_;
  onnx::GraphProto& out_;
};

void AddMetadata(onnx::ModelProto& proto, const char* key, const std::string& value) {
  onnx::StringStringEntryProto& entry = *proto.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

}  // namespace

StatusOr<std::vector<uint8_t>> SerializeOnnx(const Model& model, Density density) {
  SCRIM_ASSIGN_OR_RETURN(std::vector<Shape> shapes, InferShapes(model.graph, density.height, density.width));
  SCRIM_RETURN_IF_ERROR(ValidateWeights(model.graph, model.weights));
  onnx::ModelProto proto;
  proto.set_ir_version(7);
  proto.set_producer_name("scrim");
  proto.add_opset_import()->set_version(kOpset);
  Writer(model, std::move(shapes), *proto.mutable_graph()).Write();
  AddMetadata(proto, "scrim.name", model.name);
  AddMetadata(proto, "scrim.description", model.description);
  AddMetadata(proto, "scrim.licence", model.licence);
  for (size_t c = 0; c < 3; ++c) {
    char scale[32], offset[32];
    std::snprintf(scale, sizeof scale, "%.9g", static_cast<double>(model.input_scale[c]));
    std::snprintf(offset, sizeof offset, "%.9g", static_cast<double>(model.input_offset[c]));
    AddMetadata(proto, ("scrim.input_scale." + std::to_string(c)).c_str(), scale);
    AddMetadata(proto, ("scrim.input_offset." + std::to_string(c)).c_str(), offset);
  }
  for (size_t p = 1; p < model.planes.size(); ++p)
    AddMetadata(proto, ("scrim.plane." + std::to_string(p)).c_str(), model.planes[p]);
  std::vector<uint8_t> bytes(proto.ByteSizeLong());
  if (!proto.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())))
    return Internal("the ONNX model cannot be serialised");
  return bytes;
}

Status SaveOnnx(const Model& model, Density density, const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, SerializeOnnx(model, density));
  return WriteFile(path, bytes.data(), bytes.size());
}

}  // namespace scrim::graph
