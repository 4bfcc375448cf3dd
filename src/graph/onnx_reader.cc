#include "graph/onnx_reader.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>

#include "base/file.h"
#include "graph/fold.h"
#include "graph/onnx.h"

namespace scrim::graph {
namespace {

void ReadMetadata(const onnx::ModelProto& proto, Model& model) {
  for (const auto& entry : proto.metadata_props()) {
    if (entry.key() == "scrim.name") model.name = entry.value();
    if (entry.key() == "scrim.description") model.description = entry.value();
    if (entry.key() == "scrim.licence") model.licence = entry.value();
    if (entry.key() == "scrim.plane." + std::to_string(model.planes.size())) model.planes.push_back(entry.value());
    for (size_t c = 0; c < 3; ++c) {
      if (entry.key() == "scrim.input_scale." + std::to_string(c))
        model.input_scale[c] = std::strtof(entry.value().c_str(), nullptr);
      if (entry.key() == "scrim.input_offset." + std::to_string(c))
        model.input_offset[c] = std::strtof(entry.value().c_str(), nullptr);
    }
  }
}

}  // namespace

Status OnnxReader::Read(Model& model) {
  model.graph.name = from_.name().empty() ? "onnx" : from_.name();
  graph_ = &model.graph;
  weights_ = &model.weights;
  for (const onnx::TensorProto& t : from_.initializer()) constants_.Add(t.name(), t);
  SCRIM_RETURN_IF_ERROR(ReadInput(model));
  for (const onnx::NodeProto& node : from_.node()) SCRIM_RETURN_IF_ERROR(ReadNode(node));
  SCRIM_RETURN_IF_ERROR(ReadOutput(model));
  RemoveUnused(model.graph, model.weights);
  return {};
}

Status OnnxReader::ReadInput(Model& model) {
  const onnx::ValueInfoProto* input = nullptr;
  for (const onnx::ValueInfoProto& info : from_.input()) {
    if (constants_.Has(info.name())) continue;
    if (input) return Unsupported(what_ + ": a network with one input is wanted");
    input = &info;
  }
  if (!input || input->type().tensor_type().shape().dim_size() != 4)
    return Unsupported(what_ + ": the input must be 1 x channels x height x width");
  auto dim = [&](int i) {
    const int64_t size = input->type().tensor_type().shape().dim(i).dim_value();
    return size > 0 && size < (1 << 14) ? static_cast<int>(size) : 0;
  };
  const bool channels_last = dim(1) > 4 && dim(3) <= 4;
  const Shape shape = channels_last ? Shape{dim(3), dim(1), dim(2)} : Shape{dim(1), dim(2), dim(3)};
  if (shape.size() == 0 || dim(0) > 1) return Unsupported(what_ + ": the input must be one picture of fixed size");
  model.density = {shape.w, shape.h};
  Node node;
  node.name = "input", node.op = Op::kInput, node.channels = shape.c;
  names_.insert(node.name);
  shapes_ = {shape};
  graph_->nodes.push_back(std::move(node));
  values_[input->name()] = {channels_last ? ChannelsLastView(0, shape) : PictureView(0, shape), {}};
  return {};
}

Status OnnxReader::ReadOutput(const Model& model) {
  if (from_.output_size() != 1 || values_.count(from_.output(0).name()) == 0)
    return Unsupported(what_ + ": a network with one output is wanted");
  onnx::NodeProto end;
  end.set_name(from_.output(0).name());
  end.set_op_type("output");
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(end, from_.output(0).name()));
  const Shape shape = ShapeOf(view.node);
  Dimension pixels;
  for (const Dimension& dimension : view.dims)
    for (const Atom& atom : dimension)
      if (atom.axis != Axis::kChannel) pixels.push_back(atom);
  Dimension wanted;
  for (const Dimension& dimension : PictureView(view.node, {1, shape.h, shape.w}).dims)
    wanted.insert(wanted.end(), dimension.begin(), dimension.end());
  if (pixels != wanted) return Refuse(end, "its rows and columns are not those of a picture");
  graph_->output = view.node;
  const int planes = static_cast<int>(model.planes.size());
  if (planes > 1) {
    if (shape.c != planes)
      return Refuse(end, "has " + std::to_string(shape.c) + " channels, but names for " + std::to_string(planes));
  } else if (shape.c == 2) {
    const auto logits = logits_of_.find(view.node);
    SCRIM_ASSIGN_OR_RETURN(const int odds,
                           EmitDifference(end, logits == logits_of_.end() ? view.node : logits->second));
    SCRIM_ASSIGN_OR_RETURN(graph_->output, EmitUnary(end, Op::kSigmoid, odds));
  } else if (shape.c != 1) {
    return Refuse(end, "has " + std::to_string(shape.c) + " channels; one or two classes are wanted");
  }
  return {};
}

StatusOr<int> OnnxReader::EmitDifference(const onnx::NodeProto& from, int of) {
  Node node = graph_->nodes[static_cast<size_t>(of)];
  if (node.op == Op::kResize) {
    SCRIM_ASSIGN_OR_RETURN(node.inputs[0], EmitDifference(from, node.inputs[0]));
    return Emit(from, std::move(node), {});
  }
  if (node.op == Op::kConv && node.conv.groups == 1) {
    Tensor weight = weights_->at(node.name + ".weight"), bias;
    Subtract(weight);
    node.conv.out_channels = 1;
    Parts parts{{".weight", std::move(weight)}};
    if (node.conv.bias) {
      bias = weights_->at(node.name + ".bias");
      Subtract(bias);
      parts.emplace_back(".bias", std::move(bias));
    }
    return Emit(from, std::move(node), std::move(parts));
  }
  return EmitPointwise(from, of, {{1, 2, 1, 1}, {-1.f, 1.f}}, {});
}

void OnnxReader::Subtract(Tensor& rows) {
  if (rows.dims.empty()) return;  // refused when all weights are checked
  const size_t size = rows.data.size() / 2;
  for (size_t i = 0; i < size; ++i) rows.data[i] = rows.data[size + i] - rows.data[i];
  rows.data.resize(size);
  rows.dims[0] = 1;
}

Status OnnxReader::ReadNode(const onnx::NodeProto& from) {
  if (from.output_size() < 1 || from.output(0).empty()) return Refuse(from, "needs an output");
  const std::string& type = from.op_type();
  if (type == "Constant") return ReadConstant(from);
  if (type == "Shape" || (from.input_size() > 0 && constants_.Has(from.input(0)) &&
                          (type == "Slice" || type == "Concat" || type == "Identity")))
    return ReadSizes(from);
  if (type == "Identity" || type == "Dropout") return ReadAlias(from);
  if (type == "Reshape" || type == "Flatten" || type == "Transpose") return ReadChangeOfView(from);
  if (type == "Relu") return ReadUnary(from, Op::kRelu);
  if (type == "Sigmoid") return ReadUnary(from, Op::kSigmoid);
  if (type == "HardSwish") return ReadUnary(from, Op::kHardSwish);
  if (type == "PRelu") return ReadPRelu(from);
  if (type == "Clip") return ReadClip(from);
  if (type == "HardSigmoid") return ReadHardSigmoid(from);
  if (type == "Add" || type == "Sub" || type == "Mul" || type == "Div") return ReadArithmetic(from);
  if (type == "Softmax") return ReadSoftmax(from);
  if (type == "Gemm") return ReadGemm(from);
  if (type == "Conv") return ReadConv(from);
  if (type == "ConvTranspose") return ReadConvTranspose(from);
  if (type == "BatchNormalization") return ReadBatchNorm(from);
  if (type == "MaxPool") return ReadMaxPool(from);
  if (type == "AveragePool") return ReadAveragePool(from);
  if (type == "Concat") return ReadConcat(from);
  if (type == "Split") return ReadSplit(from);
  if (type == "Gather") return ReadGather(from);
  if (type == "Resize") return ReadResize(from);
  if (type == "Expand") return ReadExpand(from);
  Node node;
  if (type == "GlobalAveragePool") {
    node.op = Op::kGlobalAvgPool;
  } else if (type == "ReduceMean" || type == "ReduceMax") {
    node.op = type == "ReduceMean" ? Op::kChannelMean : Op::kChannelMax;
    if (IntsAttribute(from, "axes", {}) != std::vector<int>{1} || IntAttribute(from, "keepdims", 1) != 1)
      return Refuse(from, "only over channels, keeping the axis");
  } else if (type == "DepthToSpace") {
    node.op = Op::kDepthToSpace;
    node.block = static_cast<int>(IntAttribute(from, "blocksize", 0));
    if (TextAttribute(from, "mode", "DCR") != "CRD") return Refuse(from, "only in the order CRD");
  } else {
    return Refuse(from, "scrim has no such operation");
  }
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  node.inputs = {of};
  return EmitPicture(from, std::move(node), {});
}

Status OnnxReader::ReadConstant(const onnx::NodeProto& from) {
  const auto* value = FindAttribute(from, "value");
  if (!value || !value->has_t()) return Refuse(from, "only constants that are tensors");
  constants_.Add(from.output(0), value->t());
  return {};
}

Status OnnxReader::ReadSizes(const onnx::NodeProto& from) {
  if (from.op_type() == "Shape") {
    const auto it = values_.find(Input(from, 0));
    if (it == values_.end()) return Refuse(from, "the value is not computed before it");
    constants_.Add(from.output(0), Extents(it->second.view));
    return {};
  }
  SCRIM_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, Sizes(from, 0));
  if (from.op_type() == "Concat") {
    for (int i = 1; i < from.input_size(); ++i) {
      SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> more, Sizes(from, i));
      sizes.insert(sizes.end(), more.begin(), more.end());
      if (sizes.size() > 64) return Refuse(from, "of more than 64 sizes");  // joined with themselves they double
    }
  } else if (from.op_type() == "Slice") {
    SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> starts, Sizes(from, 1));
    SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> ends, Sizes(from, 2));
    if (starts.size() != 1 || ends.size() != 1 || from.input_size() > 4) return Refuse(from, "of sizes, one run only");
    const auto count = static_cast<int64_t>(sizes.size());
    auto place = [&](int64_t i) { return std::min(std::max(i < 0 ? i + count : i, int64_t{0}), count); };
    const int64_t first = place(starts[0]), last = std::max(first, place(ends[0]));
    sizes = std::vector<int64_t>(sizes.begin() + first, sizes.begin() + last);
  }
  constants_.Add(from.output(0), std::move(sizes));
  return {};
}

Status OnnxReader::ReadAlias(const onnx::NodeProto& from) {
  const auto it = values_.find(Input(from, 0));
  if (it == values_.end()) return Refuse(from, "the value is not computed before it");
  Set(from, it->second.view, it->second.ramp);
  return {};
}

Status OnnxReader::ReadChangeOfView(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(from, 0));
  std::optional<View> changed;
  if (from.op_type() == "Transpose") {
    changed = Transpose(view, IntsAttribute(from, "perm", {}));
  } else if (from.op_type() == "Flatten") {
    if (IntAttribute(from, "axis", 1) != 1 || view.dims.empty())
      return Refuse(from, "only from the second dimension on");
    changed = Reshape(view, {Extent(view.dims[0]), -1});
  } else {
    SCRIM_ASSIGN_OR_RETURN(std::vector<int64_t> dims, Sizes(from, 1));
    changed = Reshape(view, std::move(dims));
  }
  if (!changed) return Refuse(from, "mixes channels and pixels in a way that scrim cannot follow");
  Set(from, *std::move(changed));
  return {};
}

Status OnnxReader::ReadConcat(const onnx::NodeProto& from) {
  if (!IsChannelAxis(IntAttribute(from, "axis", 0))) return Refuse(from, "only along channels");
  Node node;
  node.op = Op::kConcat;
  if (from.input_size() > 64) return Refuse(from, "of more than 64 values");
  for (int i = 0; i < from.input_size(); ++i) {
    SCRIM_ASSIGN_OR_RETURN(const int input, Picture(from, i));
    node.inputs.push_back(input);
  }
  return EmitPicture(from, std::move(node), {});
}

Status OnnxReader::ReadSplit(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(from, 0));
  const auto order = ChannelOrder(view, ShapeOf(view.node));
  if (!order || !IsChannelAxis(IntAttribute(from, "axis", 0))) return Refuse(from, "only along channels");
  const int outputs = from.output_size(), channels = static_cast<int>(order->size());
  std::vector<int> sizes = IntsAttribute(from, "split", {});
  if (from.input_size() > 1) {
    SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> given, Sizes(from, 1));
    sizes.assign(given.begin(), given.end());
  } else if (sizes.empty() && channels % outputs == 0) {
    sizes.assign(static_cast<size_t>(outputs), channels / outputs);
  }
  int64_t sum = 0;
  for (int size : sizes) sum += size < 1 ? channels + 1 : size;
  if (static_cast<int>(sizes.size()) != outputs || sum != channels) return Refuse(from, "the parts are not the whole");
  auto first = order->begin();
  for (int i = 0; i < outputs; ++i) {
    const auto last = first + sizes[static_cast<size_t>(i)];
    SCRIM_ASSIGN_OR_RETURN(const int node, EmitSelect(from, view.node, std::vector<int>(first, last)));
    SetPicture(from, node, i);
    first = last;
  }
  return {};
}

Status OnnxReader::ReadGather(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> channels, Sizes(from, 1));
  if (!IsChannelAxis(IntAttribute(from, "axis", 0)) || channels.empty()) return Refuse(from, "only channels");
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  SCRIM_ASSIGN_OR_RETURN(const int node, EmitSelect(from, of, std::vector<int>(channels.begin(), channels.end())));
  SetPicture(from, node);
  return {};
}

StatusOr<std::vector<int64_t>> OnnxReader::ResizedTo(const onnx::NodeProto& from, const Shape& shape) const {
  if (!Input(from, 3).empty()) return Sizes(from, 3);
  SCRIM_ASSIGN_OR_RETURN(const Tensor scales, Floats(from, opset_ < 11 ? 1 : 2));
  const int64_t extents[] = {1, shape.c, shape.h, shape.w};
  std::vector<int64_t> size;
  if (scales.data.size() == 4) {
    for (size_t i = 0; i < 4; ++i) {
      const float scaled = std::floor(static_cast<float>(extents[i]) * scales.data[i]);
      if (!(scaled >= 0.f && scaled <= 1 << 20)) return Refuse(from, "the scale is out of range");
      size.push_back(static_cast<int64_t>(scaled));
    }
  }
  return size;
}

Status OnnxReader::ReadResize(const onnx::NodeProto& from) {
  Node node;
  node.op = Op::kResize;
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  const Shape shape = ShapeOf(of);
  SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> size, ResizedTo(from, shape));
  if (size.size() != 4 || size[0] != 1 || size[1] != shape.c) return Refuse(from, "only heights and widths");
  const std::string how =
      TextAttribute(from, "coordinate_transformation_mode", opset_ < 11 ? "asymmetric" : "half_pixel");
  node.align_corners = how == "align_corners";
  const bool half_pixel = how == "half_pixel" || (how == "pytorch_half_pixel" && size[2] > 1 && size[3] > 1);
  if (TextAttribute(from, "mode", "nearest") != "linear" || (!half_pixel && !node.align_corners))
    return Refuse(from, "only linear with half-pixel centres or aligned corners");
  // Any earlier value of that size tells it.
  for (size_t i = 0; i < shapes_.size(); ++i) {
    if (shapes_[i].h != size[2] || shapes_[i].w != size[3]) continue;
    node.inputs = {of, static_cast<int>(i)};
    return EmitPicture(from, std::move(node), {});
  }
  return Refuse(from, "to a size that no earlier value has");
}

Status OnnxReader::ReadExpand(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<int64_t> size, Sizes(from, 1));
  const Shape shape = ShapeOf(of);
  const size_t rank = size.size();
  auto fits = [&](size_t from_last, int extent) {
    return rank < from_last || size[rank - from_last] == extent || size[rank - from_last] == 1;
  };
  const int64_t channels = rank < 3 ? 1 : size[rank - 3];
  if (rank > 4 || shape.c != 1 || channels < 1 || channels > (1 << 14) || !fits(1, shape.w) || !fits(2, shape.h) ||
      !fits(4, 1))
    return Refuse(from, "only one plane to several");
  const int out = static_cast<int>(channels);
  SCRIM_ASSIGN_OR_RETURN(
      const int node, EmitPointwise(from, of, {{out, 1, 1, 1}, std::vector<float>(static_cast<size_t>(out), 1.f)}, {}));
  SetPicture(from, node);
  return {};
}

StatusOr<Model> ParseOnnx(const uint8_t* bytes, size_t size, const std::string& what) {
  onnx::ModelProto proto;
  if (size == 0 || size > INT_MAX || !proto.ParseFromArray(bytes, static_cast<int>(size)) || !proto.has_graph())
    return Corrupt(what + ": is not an ONNX model, or was cut off");
  Model model;
  model.input_scale.fill(1.f / 255.f);
  model.input_offset.fill(0.f);
  model.name = proto.graph().name().empty() ? "onnx" : proto.graph().name();
  ReadMetadata(proto, model);
  int opset = 1;
  for (const auto& set : proto.opset_import())
    if (set.domain().empty()) opset = static_cast<int>(set.version());
  SCRIM_RETURN_IF_ERROR(OnnxReader(proto.graph(), opset, what).Read(model));
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
