#include <onnx/onnx_pb.h>

#include <cstdlib>

#include "base/file.h"
#include "graph/onnx.h"

namespace scrim::graph {
namespace {

class Reader {
 public:
  Reader(const onnx::GraphProto& from, std::string what) : from_(from), what_(std::move(what)) {}

  Status Read(Model& model) {
    model.graph.name = from_.name().empty() ? "onnx" : from_.name();
    graph_ = &model.graph;
    weights_ = &model.weights;
    for (const onnx::TensorProto& t : from_.initializer()) initializers_[t.name()] = &t;
    SCRIM_RETURN_IF_ERROR(ReadInput(model));
    for (const onnx::NodeProto& node : from_.node()) SCRIM_RETURN_IF_ERROR(ReadNode(node));
    if (from_.output_size() != 1 || values_.count(from_.output(0).name()) == 0)
      return Unsupported(what_ + ": a network with one output is wanted");
    graph_->output = values_[from_.output(0).name()];
    return {};
  }

 private:
  Status Refuse(const onnx::NodeProto& node, const std::string& why) const {
    return Unsupported(what_ + ": node '" + node.name() + "' (" + node.op_type() + "): " + why);
  }

  Status ReadInput(Model& model) {
    const onnx::ValueInfoProto* input = nullptr;
    for (const onnx::ValueInfoProto& info : from_.input()) {
      if (initializers_.count(info.name())) continue;
      if (input) return Unsupported(what_ + ": a network with one input is wanted");
      input = &info;
    }
    if (!input || input->type().tensor_type().shape().dim_size() != 4)
      return Unsupported(what_ + ": the input must be 1 x channels x height x width");
    const auto& shape = input->type().tensor_type().shape();
    Node node;
    node.name = "input", node.op = Op::kInput;
    node.channels = static_cast<int>(shape.dim(1).dim_value());
    model.density = {static_cast<int>(shape.dim(3).dim_value()), static_cast<int>(shape.dim(2).dim_value())};
    if (node.channels < 1 || model.density.width < 1 || model.density.height < 1)
      return Unsupported(what_ + ": the input's size must be fixed");
    shapes_ = {{node.channels, model.density.height, model.density.width}};
    graph_->nodes.push_back(std::move(node));
    values_[input->name()] = 0;
    return {};
  }

  static const onnx::AttributeProto* Find(const onnx::NodeProto& node, const char* name) {
    for (const onnx::AttributeProto& a : node.attribute())
      if (a.name() == name) return &a;
    return nullptr;
  }
  static int64_t Int(const onnx::NodeProto& node, const char* name, int64_t fallback) {
    const auto* a = Find(node, name);
    return a ? a->i() : fallback;
  }
  static std::string Text(const onnx::NodeProto& node, const char* name, const char* fallback) {
    const auto* a = Find(node, name);
    return a ? a->s() : fallback;
  }
  static std::vector<int> Ints(const onnx::NodeProto& node, const char* name, std::vector<int> fallback) {
    const auto* a = Find(node, name);
    return a ? std::vector<int>(a->ints().begin(), a->ints().end()) : fallback;
  }

  StatusOr<Tensor> Weight(const onnx::NodeProto& node, int input) const {
    const auto it = input < node.input_size() ? initializers_.find(node.input(input)) : initializers_.end();
    if (it == initializers_.end()) return Refuse(node, "input " + std::to_string(input) + " must be a constant");
    const onnx::TensorProto& t = *it->second;
    if (t.data_type() != onnx::TensorProto::FLOAT || t.has_data_location())
      return Refuse(node, "the weights must be float32 inside the file");
    Tensor tensor;
    size_t size = 1;
    for (int64_t d : t.dims()) {
      if (d < 1 || d > (1 << 20)) return Refuse(node, "a weight's size is out of range");
      tensor.dims.push_back(static_cast<int>(d)), size *= static_cast<size_t>(d);
    }
    if (t.has_raw_data() && t.raw_data().size() == size * sizeof(float)) {
      tensor.data.resize(size);
      std::memcpy(tensor.data.data(), t.raw_data().data(), t.raw_data().size());
    } else {
      tensor.data.assign(t.float_data().begin(), t.float_data().end());
    }
    if (tensor.data.size() != size) return Refuse(node, "a weight has the wrong number of values");
    return tensor;
  }

  StatusOr<std::vector<int64_t>> Constants(const onnx::NodeProto& node, int input) const {
    const auto it = input < node.input_size() ? initializers_.find(node.input(input)) : initializers_.end();
    if (it == initializers_.end() || it->second->data_type() != onnx::TensorProto::INT64)
      return Refuse(node, "the size must be a constant");
    const onnx::TensorProto& t = *it->second;
    std::vector<int64_t> values(t.int64_data().begin(), t.int64_data().end());
    if (values.empty()) {
      values.resize(t.raw_data().size() / sizeof(int64_t));
      std::memcpy(values.data(), t.raw_data().data(), values.size() * sizeof(int64_t));
    }
    return values;
  }

  StatusOr<int> Value(const onnx::NodeProto& node, int input) const {
    const auto it = input < node.input_size() ? values_.find(node.input(input)) : values_.end();
    if (it == values_.end())
      return Refuse(node, "input " + std::to_string(input) + " is not a value computed before it");
    return it->second;
  }
  const Shape& ShapeOf(int value) const { return shapes_[static_cast<size_t>(value)]; }

  Status ReadNode(const onnx::NodeProto& from) {
    if (from.output_size() < 1 || from.name().empty()) return Refuse(from, "needs a name and an output");
    Node node;
    node.name = from.name();
    SCRIM_ASSIGN_OR_RETURN(const int first, Value(from, 0));
    node.inputs = {first};
    const std::string& type = from.op_type();
    if (type == "Identity" || type == "Dropout") {
      values_[from.output(0)] = first;
      return {};
    }
    if (type == "Conv") {
      SCRIM_RETURN_IF_ERROR(ReadConv(from, node));
    } else if (type == "BatchNormalization") {
      SCRIM_RETURN_IF_ERROR(ReadBatchNorm(from, node));
    } else if (type == "Relu") {
      node.op = Op::kRelu;
    } else if (type == "Sigmoid") {
      node.op = Op::kSigmoid;
    } else if (type == "GlobalAveragePool") {
      node.op = Op::kGlobalAvgPool;
    } else if (type == "ReduceMean" || type == "ReduceMax") {
      node.op = type == "ReduceMean" ? Op::kChannelMean : Op::kChannelMax;
      if (Ints(from, "axes", {}) != std::vector<int>{1} || Int(from, "keepdims", 1) != 1)
        return Refuse(from, "only over channels, keeping the axis");
    } else if (type == "Concat") {
      node.op = Op::kConcat;
      if (Int(from, "axis", 0) != 1) return Refuse(from, "only along channels");
      SCRIM_RETURN_IF_ERROR(AddInputs(from, node));
    } else if (type == "Add" || type == "Mul") {
      node.op = type == "Add" ? Op::kAdd : Op::kMul;
      SCRIM_RETURN_IF_ERROR(AddInputs(from, node));
      if (node.op == Op::kMul && node.inputs.size() == 2 && ShapeOf(node.inputs[0]).c == 1)
        std::swap(node.inputs[0], node.inputs[1]);
    } else if (type == "Resize") {
      SCRIM_RETURN_IF_ERROR(ReadResize(from, node));
    } else {
      return Refuse(from, "scrim has no such operation");
    }
    graph_->nodes.push_back(std::move(node));
    values_[from.output(0)] = graph_->output = static_cast<int>(graph_->nodes.size()) - 1;
    auto shapes = InferShapes(*graph_, shapes_[0].h, shapes_[0].w);
    if (!shapes.ok()) return Refuse(from, shapes.status().message());
    shapes_ = std::move(shapes).value();
    return {};
  }

  Status AddInputs(const onnx::NodeProto& from, Node& node) const {
    for (int i = 1; i < from.input_size(); ++i) {
      SCRIM_ASSIGN_OR_RETURN(const int value, Value(from, i));
      node.inputs.push_back(value);
    }
    return {};
  }

  Status ReadConv(const onnx::NodeProto& from, Node& node) {
    node.op = Op::kConv;
    SCRIM_ASSIGN_OR_RETURN(Tensor weight, Weight(from, 1));
    if (weight.dims.size() != 4) return Refuse(from, "only two-dimensional convolutions");
    if (Text(from, "auto_pad", "NOTSET") != "NOTSET")
      return Refuse(from, "automatic padding; export with explicit pads");
    const std::vector<int> strides = Ints(from, "strides", {1, 1}), dilations = Ints(from, "dilations", {1, 1}),
                           pads = Ints(from, "pads", {0, 0, 0, 0});
    if (strides.size() != 2 || strides[0] != strides[1] || dilations.size() != 2 || dilations[0] != dilations[1] ||
        pads.size() != 4)
      return Refuse(from, "stride and dilation must be the same in both directions");
    node.conv = {weight.dims[0],
                 weight.dims[2],
                 weight.dims[3],
                 strides[0],
                 dilations[0],
                 static_cast<int>(Int(from, "group", 1)),
                 pads[0],
                 pads[1],
                 pads[2],
                 pads[3],
                 from.input_size() > 2};
    (*weights_)[node.name + ".weight"] = std::move(weight);
    if (node.conv.bias) {
      SCRIM_ASSIGN_OR_RETURN((*weights_)[node.name + ".bias"], Weight(from, 2));
    }
    return {};
  }

  Status ReadBatchNorm(const onnx::NodeProto& from, Node& node) {
    node.op = Op::kBatchNorm;
    const auto* epsilon = Find(from, "epsilon");
    const float e = epsilon ? epsilon->f() : 1e-5f;
    int input = 1;
    for (const char* part : {".scale", ".offset", ".mean", ".variance"}) {
      SCRIM_ASSIGN_OR_RETURN((*weights_)[node.name + part], Weight(from, input++));
    }
    for (float& v : (*weights_)[node.name + ".variance"].data) v += e - kBatchNormEpsilon;
    return {};
  }

  Status ReadResize(const onnx::NodeProto& from, Node& node) {
    node.op = Op::kResize;
    if (Text(from, "mode", "nearest") != "linear" ||
        Text(from, "coordinate_transformation_mode", "half_pixel") != "half_pixel")
      return Refuse(from, "only linear with half-pixel centres");
    SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> size, Constants(from, 3));
    if (size.size() != 4) return Refuse(from, "the size must have four values");
    // Any earlier value of that size tells it.
    for (size_t i = 0; i < shapes_.size(); ++i)
      if (shapes_[i].h == size[2] && shapes_[i].w == size[3]) {
        node.inputs.push_back(static_cast<int>(i));
        return {};
      }
    return Refuse(from, "to a size that no earlier value has");
  }

  const onnx::GraphProto& from_;
  const std::string what_;
  Graph* graph_ = nullptr;
  Weights* weights_ = nullptr;
  std::map<std::string, const onnx::TensorProto*> initializers_;
  std::map<std::string, int> values_;
  std::vector<Shape> shapes_;
};

void ReadMetadata(const onnx::ModelProto& proto, Model& model) {
  for (const auto& entry : proto.metadata_props()) {
    if (entry.key() == "scrim.name") model.name = entry.value();
    if (entry.key() == "scrim.description") model.description = entry.value();
    if (entry.key() == "scrim.licence") model.licence = entry.value();
    for (size_t c = 0; c < 3; ++c) {
      if (entry.key() == "scrim.input_scale." + std::to_string(c))
        model.input_scale[c] = std::strtof(entry.value().c_str(), nullptr);
      if (entry.key() == "scrim.input_offset." + std::to_string(c))
        model.input_offset[c] = std::strtof(entry.value().c_str(), nullptr);
    }
  }
}

}  // namespace

StatusOr<Model> ParseOnnx(const uint8_t* bytes, size_t size, const std::string& what) {
  onnx::ModelProto proto;
  if (size == 0 || !proto.ParseFromArray(bytes, static_cast<int>(size)) || !proto.has_graph())
    return Corrupt(what + ": is not an ONNX model, or was cut off");
  Model model;
  model.input_scale.fill(1.f / 255.f);
  model.input_offset.fill(0.f);
  model.name = proto.graph().name().empty() ? "onnx" : proto.graph().name();
  ReadMetadata(proto, model);
  SCRIM_RETURN_IF_ERROR(Reader(proto.graph(), what).Read(model));
  model.previous_mask = model.graph.input().channels == 4;
  model.densities = {model.density};
  SCRIM_RETURN_IF_ERROR(ValidateWeights(model.graph, model.weights));
  return model;
}

StatusOr<Model> LoadOnnx(const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path));
  return ParseOnnx(bytes.data(), bytes.size(), path);
}

}  // namespace scrim::graph
