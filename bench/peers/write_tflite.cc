// write_tflite MODEL.scrim OUT.tflite: the same network as a TFLite file, to time it there. Channels-last as TFLite
// wants it, ReLUs fused into what feeds them as its own converter does.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "graph/model.h"
#include "tflite_generated.h"

namespace {

using namespace scrim;
using graph::Node;
using graph::Op;
using graph::Shape;

enum Code {
  kAddCode = 0,
  kConcatCode = 2,
  kConvCode = 3,
  kDepthwiseCode = 4,
  kDepthToSpaceCode = 5,
  kLogisticCode = 14,
  kMulCode = 18,
  kReluCode = 19,
  kResizeCode = 23,
  kPadCode = 34,
  kMeanCode = 40,
  kMaxCode = 82,
  kHardSwishCode = 117
};
constexpr int8_t kFloat32 = 0, kInt32 = 2, kSame = 0, kValid = 1, kRelu = 1;

class Writer {
 public:
  Writer(const graph::Model& model, const std::vector<Shape>& shapes) : model_(model), shapes_(shapes) {
    buffers_.push_back(tflite::CreateBuffer(b_));  // the first is empty by convention
  }

  StatusOr<std::vector<uint8_t>> Write() {
    const auto& nodes = model_.graph.nodes;
    std::vector<int> readers(nodes.size());
    for (const Node& node : nodes)
      for (int input : node.inputs) ++readers[static_cast<size_t>(input)];
    values_.resize(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      const Node& node = nodes[i];
      if (node.op == Op::kRelu && fused_.count(node.inputs[0]) != 0) {
        values_[i] = values_[static_cast<size_t>(node.inputs[0])];
        continue;
      }
      values_[i] = AddTensor(node.name, Dims(shapes_[i]), kFloat32, 0);
      bool relu = false;
      if (node.op == Op::kConv || node.op == Op::kAdd)
        for (const Node& next : nodes)
          relu = relu || (next.op == Op::kRelu && next.inputs[0] == static_cast<int>(i) && readers[i] == 1);
      if (relu) fused_.insert(static_cast<int>(i));
      SCRIM_RETURN_IF_ERROR(AddNode(i, relu));
    }
    const std::vector<int> inputs{values_[0]}, outputs{values_[static_cast<size_t>(model_.graph.output)]};
    const std::vector<flatbuffers::Offset<tflite::SubGraph>> graphs{
        tflite::CreateSubGraphDirect(b_, &tensors_, &inputs, &outputs, &operators_, "main")};
    tflite::FinishModelBuffer(b_, tflite::CreateModelDirect(b_, 3, &codes_, &graphs, model_.name.c_str(), &buffers_));
    return std::vector<uint8_t>(b_.GetBufferPointer(), b_.GetBufferPointer() + b_.GetSize());
  }

 private:
  static std::vector<int> Dims(const Shape& s) { return {1, s.h, s.w, s.c}; }

  int AddTensor(const std::string& name, const std::vector<int>& dims, int8_t type, uint32_t buffer) {
    tensors_.push_back(tflite::CreateTensorDirect(b_, &dims, type, buffer, name.c_str()));
    return static_cast<int>(tensors_.size()) - 1;
  }

  template <typename T>
  int AddConstant(const std::string& name, const std::vector<int>& dims, const std::vector<T>& values) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    b_.ForceVectorAlignment(values.size() * sizeof(T), 1, 16);
    buffers_.push_back(tflite::CreateBuffer(b_, b_.CreateVector(bytes, values.size() * sizeof(T))));
    return AddTensor(name, dims, sizeof(T) == 4 && std::is_same_v<T, float> ? kFloat32 : kInt32,
                     static_cast<uint32_t>(buffers_.size()) - 1);
  }

  template <typename Table = void>
  void AddOperator(Code code, const std::vector<int>& inputs, int output, tflite::Options type = tflite::Options::NONE,
                   flatbuffers::Offset<Table> options = 0) {
    auto [known, fresh] = code_index_.emplace(code, static_cast<uint32_t>(codes_.size()));
    if (fresh) {
      // Versions: dilated depthwise convolutions came with 2, half-pixel centres with 3.
      const int version = code == kResizeCode ? 3 : code == kDepthwiseCode ? 2 : 1;
      codes_.push_back(tflite::CreateOperatorCode(b_, static_cast<int8_t>(code), 0, version, code));
    }
    const std::vector<int> outputs{output};
    operators_.push_back(tflite::CreateOperatorDirect(b_, known->second, &inputs, &outputs, type, options.Union()));
  }

  // The convolution's padding in TFLite's words, with an operation of its own where those do not do.
  int8_t Pad(const Node& node, int* value) {
    const graph::ConvAttributes& a = node.conv;
    const Shape in = shapes_[static_cast<size_t>(node.inputs[0])];
    auto same = [&](int size, int kernel, int before, int behind) {
      const int total =
          std::max(((size + a.stride - 1) / a.stride - 1) * a.stride + (kernel - 1) * a.dilation + 1 - size, 0);
      return before == total / 2 && behind == total - total / 2;
    };
    if (a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0) return kValid;
    if (same(in.h, a.kernel_h, a.pad_top, a.pad_bottom) && same(in.w, a.kernel_w, a.pad_left, a.pad_right))
      return kSame;
    const std::vector<int> pads{0, 0, a.pad_top, a.pad_bottom, a.pad_left, a.pad_right, 0, 0};
    const Shape padded{in.c, in.h + a.pad_top + a.pad_bottom, in.w + a.pad_left + a.pad_right};
    const int to = AddTensor(node.name + ".padded", Dims(padded), kFloat32, 0);
    AddOperator(kPadCode, {*value, AddConstant(node.name + ".pads", {4, 2}, pads)}, to);
    *value = to;
    return kValid;
  }

  Status AddConv(const Node& node, int value, int output, int8_t activation) {
    const graph::ConvAttributes& a = node.conv;
    const int channels = shapes_[static_cast<size_t>(node.inputs[0])].c;
    const bool depthwise = a.groups > 1;
    if (depthwise && (a.groups != channels || a.out_channels != channels))
      return Unsupported("node '" + node.name + "': groups");
    const int8_t padding = Pad(node, &value);
    const graph::Tensor& weight = model_.weights.at(node.name + ".weight");
    const int taps = a.kernel_h * a.kernel_w, depth = depthwise ? 1 : channels;
    std::vector<float> last(weight.data.size());  // out × kh × kw × in, or 1 × kh × kw × out
    for (int o = 0, from = 0; o < a.out_channels; ++o)
      for (int c = 0; c < depth; ++c)
        for (int t = 0; t < taps; ++t, ++from)
          last[static_cast<size_t>(depthwise ? t * a.out_channels + o : (o * taps + t) * depth + c)] =
              weight.data[static_cast<size_t>(from)];
    const std::vector<int> dims = depthwise ? std::vector<int>{1, a.kernel_h, a.kernel_w, a.out_channels}
                                            : std::vector<int>{a.out_channels, a.kernel_h, a.kernel_w, depth};
    const std::vector<float> bias =
        a.bias ? model_.weights.at(node.name + ".bias").data : std::vector<float>(static_cast<size_t>(a.out_channels));
    const std::vector<int> inputs{value, AddConstant(node.name + ".weight", dims, last),
                                  AddConstant(node.name + ".bias", {a.out_channels}, bias)};
    if (depthwise) {
      AddOperator(
          kDepthwiseCode, inputs, output, tflite::Options::DepthwiseConv2D,
          tflite::CreateDepthwiseConv2D(b_, padding, a.stride, a.stride, 1, activation, a.dilation, a.dilation));
    } else {
      AddOperator(kConvCode, inputs, output, tflite::Options::Conv2D,
                  tflite::CreateConv2D(b_, padding, a.stride, a.stride, activation, a.dilation, a.dilation));
    }
    return {};
  }

  void Reduce(Code code, const Node& node, int value, int output, const std::vector<int>& axes) {
    AddOperator(code, {value, AddConstant(node.name + ".axes", {static_cast<int>(axes.size())}, axes)}, output,
                tflite::Options::Reducer, tflite::CreateReducer(b_, true));
  }

  Status AddNode(size_t index, bool relu) {
    const Node& node = model_.graph.nodes[index];
    const int output = values_[index];
    const int8_t activation = relu ? kRelu : int8_t{0};
    std::vector<int> in;
    for (int input : node.inputs) in.push_back(values_[static_cast<size_t>(input)]);
    const Shape& shape = shapes_[index];
    switch (node.op) {
      case Op::kInput:
        return {};
      case Op::kConv:
        return AddConv(node, in[0], output, activation);
      case Op::kRelu:
        return AddOperator(kReluCode, in, output), Status();
      case Op::kSigmoid:
        return AddOperator(kLogisticCode, in, output), Status();
      case Op::kHardSwish:
        return AddOperator(kHardSwishCode, in, output), Status();
      case Op::kAdd:
        return AddOperator(kAddCode, in, output, tflite::Options::Add, tflite::CreateAdd(b_, activation)), Status();
      case Op::kMul:
        return AddOperator(kMulCode, in, output, tflite::Options::Mul, tflite::CreateMul(b_)), Status();
      case Op::kConcat:
        return AddOperator(kConcatCode, in, output, tflite::Options::Concatenation, tflite::CreateConcatenation(b_, 3)),
               Status();
      case Op::kResize: {
        const int size = AddConstant(node.name + ".size", {2}, std::vector<int>{shape.h, shape.w});
        AddOperator(kResizeCode, {in[0], size}, output, tflite::Options::ResizeBilinear,
                    tflite::CreateResizeBilinear(b_, node.align_corners, !node.align_corners));
        return {};
      }
      case Op::kGlobalAvgPool:
        return Reduce(kMeanCode, node, in[0], output, {1, 2}), Status();
      case Op::kChannelMean:
        return Reduce(kMeanCode, node, in[0], output, {3}), Status();
      case Op::kChannelMax:
        return Reduce(kMaxCode, node, in[0], output, {3}), Status();
      case Op::kDepthToSpace:
        if (shape.c != 1) break;  // TFLite orders the channels otherwise
        AddOperator(kDepthToSpaceCode, in, output, tflite::Options::DepthToSpace,
                    tflite::CreateDepthToSpace(b_, node.block));
        return {};
      default:
        break;
    }
    return Unsupported("node '" + node.name + "': " + graph::OpName(node.op) + " cannot be written as TFLite here");
  }

  const graph::Model& model_;
  const std::vector<Shape>& shapes_;
  flatbuffers::FlatBufferBuilder b_;
  std::vector<flatbuffers::Offset<tflite::Buffer>> buffers_;
  std::vector<flatbuffers::Offset<tflite::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators_;
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> codes_;
  std::map<Code, uint32_t> code_index_;
  std::vector<int> values_;  // the tensor of every node
  std::set<int> fused_;      // nodes with the ReLU behind them
};

Status Run(const std::string& from, const std::string& to) {
  SCRIM_ASSIGN_OR_RETURN(const graph::Model model, graph::LoadModel(from));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                         graph::InferShapes(model.graph, model.density.height, model.density.width));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Writer(model, shapes).Write());
  return WriteFile(to, bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = argc == 3 ? Run(argv[1], argv[2]) : InvalidArgument("write_tflite MODEL.scrim OUT.tflite");
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
