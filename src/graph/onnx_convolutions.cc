// Convolutions, pooling and what scrim makes convolutions of.
#include <algorithm>

#include "graph/onnx_reader.h"

namespace scrim::graph {
namespace {

constexpr int kMostInWindow = 1024;  // products of two and sums of some are still whole numbers

}  // namespace

Status OnnxReader::ReadGemm(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(from, 0));
  const Shape shape = ShapeOf(view.node);
  if (view.dims.size() != 2 || !view.dims[0].empty() || !IsWhole(view.dims[1], Axis::kChannel, shape.c))
    return Refuse(from, "only of the channels of one pixel");
  SCRIM_ASSIGN_OR_RETURN(Tensor weight, Floats(from, 1));
  const bool transposed = IntAttribute(from, "transB", 0) != 0;
  if (weight.dims.size() != 2 || weight.dims[transposed ? 1 : 0] != shape.c || IntAttribute(from, "transA", 0) != 0 ||
      FloatAttribute(from, "alpha", 1.f) != 1.f || FloatAttribute(from, "beta", 1.f) != 1.f)
    return Refuse(from, "only a plain matrix product");
  const int out = weight.dims[transposed ? 0 : 1];
  if (!transposed) {
    const Tensor old = weight;
    for (int o = 0; o < out; ++o)
      for (int i = 0; i < shape.c; ++i)
        weight.data[static_cast<size_t>(o * shape.c + i)] = old.data[static_cast<size_t>(i * out + o)];
  }
  weight.dims = {out, shape.c, 1, 1};
  Tensor bias;
  if (from.input_size() > 2) {
    SCRIM_ASSIGN_OR_RETURN(bias, Floats(from, 2));
    if (bias.data.size() != static_cast<size_t>(out)) return Refuse(from, "one bias for each output is wanted");
  }
  SCRIM_ASSIGN_OR_RETURN(const int node, EmitPointwise(from, view.node, std::move(weight), std::move(bias.data)));
  const View picture = PictureView(node, ShapeOf(node));
  Set(from, {node, {picture.dims[0], picture.dims[1]}});
  return {};
}

StatusOr<ConvAttributes> OnnxReader::ReadWindow(const onnx::NodeProto& from, std::vector<int> kernel) const {
  const std::string automatic = TextAttribute(from, "auto_pad", "NOTSET");
  if (automatic != "NOTSET" && automatic != "VALID")
    return Refuse(from, "automatic padding; export with explicit pads");
  kernel = IntsAttribute(from, "kernel_shape", std::move(kernel));
  const std::vector<int> strides = IntsAttribute(from, "strides", {1, 1}),
                         dilations = IntsAttribute(from, "dilations", {1, 1}),
                         pads = IntsAttribute(from, "pads", {0, 0, 0, 0});
  if (kernel.size() != 2 || strides.size() != 2 || strides[0] != strides[1] || dilations.size() != 2 ||
      dilations[0] != dilations[1] || pads.size() != 4 || IntAttribute(from, "ceil_mode", 0) != 0)
    return Refuse(from, "stride and dilation must be the same in both directions, sizes rounded down");
  const auto in_range = [](const std::vector<int>& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](int n) { return n >= 0 && n <= kMostInWindow; });
  };
  if (!in_range(kernel) || !in_range(strides) || !in_range(dilations) || !in_range(pads))
    return Refuse(from, "the window is out of range");
  ConvAttributes a;
  a.kernel_h = kernel[0], a.kernel_w = kernel[1], a.stride = strides[0], a.dilation = dilations[0];
  a.pad_top = pads[0], a.pad_left = pads[1], a.pad_bottom = pads[2], a.pad_right = pads[3];
  return a;
}

Status OnnxReader::ReadConv(const onnx::NodeProto& from) {
  Node node;
  node.op = Op::kConv;
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  node.inputs = {of};
  SCRIM_ASSIGN_OR_RETURN(Tensor weight, Floats(from, 1));
  if (weight.dims.size() != 4) return Refuse(from, "only two-dimensional convolutions");
  SCRIM_ASSIGN_OR_RETURN(node.conv, ReadWindow(from, {weight.dims[2], weight.dims[3]}));
  node.conv.out_channels = weight.dims[0];
  node.conv.groups = static_cast<int>(IntAttribute(from, "group", 1));
  node.conv.bias = from.input_size() > 2;
  Parts parts{{".weight", std::move(weight)}};
  if (node.conv.bias) {
    SCRIM_ASSIGN_OR_RETURN(Tensor bias, Floats(from, 2));
    parts.emplace_back(".bias", std::move(bias));
  }
  return EmitPicture(from, std::move(node), std::move(parts));
}

Status OnnxReader::ReadConvTranspose(const onnx::NodeProto& from) {
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  SCRIM_ASSIGN_OR_RETURN(const Tensor kernel, Floats(from, 1));
  if (kernel.dims.size() != 4) return Refuse(from, "only two-dimensional convolutions");
  SCRIM_ASSIGN_OR_RETURN(const ConvAttributes a, ReadWindow(from, {kernel.dims[2], kernel.dims[3]}));
  const int in = ShapeOf(of).c, out = kernel.dims[1], block = a.stride;
  const std::vector<int> size{ShapeOf(of).h * block, ShapeOf(of).w * block};
  if (a.kernel_h != block || a.kernel_w != block || kernel.dims[0] != in || kernel.dims[2] != block ||
      kernel.dims[3] != block || a.dilation != 1 || a.pad_top + a.pad_left + a.pad_bottom + a.pad_right != 0 ||
      IntAttribute(from, "group", 1) != 1 || IntsAttribute(from, "output_padding", {0, 0}) != std::vector<int>{0, 0} ||
      IntsAttribute(from, "output_shape", size) != size)
    return Refuse(from, "only where the kernel is as large as the stride, without groups and padding");
  const int pixels = block * block;
  Tensor weight{{out * pixels, in, 1, 1}, std::vector<float>(kernel.data.size())};
  for (int i = 0; i < in; ++i)
    for (int o = 0; o < out * pixels; ++o)
      weight.data[static_cast<size_t>(o * in + i)] = kernel.data[static_cast<size_t>(i * out * pixels + o)];
  std::vector<float> biases;
  if (from.input_size() > 2) {
    SCRIM_ASSIGN_OR_RETURN(const Tensor bias, Floats(from, 2));
    for (float b : bias.data) biases.insert(biases.end(), static_cast<size_t>(pixels), b);
    if (biases.size() != static_cast<size_t>(out * pixels)) return Refuse(from, "one bias for each output is wanted");
  }
  Node node;
  node.op = Op::kDepthToSpace, node.block = block;
  SCRIM_ASSIGN_OR_RETURN(const int conv, EmitPointwise(from, of, std::move(weight), std::move(biases)));
  node.inputs = {conv};
  return EmitPicture(from, std::move(node), {});
}

Status OnnxReader::ReadBatchNorm(const onnx::NodeProto& from) {
  Node node;
  node.op = Op::kBatchNorm;
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  node.inputs = {of};
  const float epsilon = FloatAttribute(from, "epsilon", 1e-5f);
  Parts parts;
  int input = 1;
  for (const char* part : {".scale", ".offset", ".mean", ".variance"}) {
    SCRIM_ASSIGN_OR_RETURN(Tensor tensor, Floats(from, input++));
    parts.emplace_back(part, std::move(tensor));
  }
  for (float& v : parts.back().second.data) v += epsilon - kBatchNormEpsilon;
  return EmitPicture(from, std::move(node), std::move(parts));
}

Status OnnxReader::ReadMaxPool(const onnx::NodeProto& from) {
  if (from.output_size() > 1) return Refuse(from, "only the maxima, not where they are");
  SCRIM_ASSIGN_OR_RETURN(const ConvAttributes window, ReadWindow(from, {}));
  SCRIM_ASSIGN_OR_RETURN(const View view, ViewOf(from, 0));
  if (view.dims.size() == 4 && IsMaxOverChannels(view, window)) {
    SCRIM_ASSIGN_OR_RETURN(const int node, EmitUnary(from, Op::kChannelMax, view.node));
    Set(from, {node, {view.dims[0], view.dims[1], {}, {}}});
    return {};
  }
  Node node;
  node.op = Op::kMaxPool, node.conv = window;
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  node.inputs = {of};
  return EmitPicture(from, std::move(node), {});
}

bool OnnxReader::IsMaxOverChannels(const View& view, const ConvAttributes& a) const {
  Dimension window = view.dims[2];
  window.insert(window.end(), view.dims[3].begin(), view.dims[3].end());
  for (const Atom& atom : window)
    if (atom.axis != Axis::kChannel) return false;
  const int h = Extent(view.dims[2]), w = Extent(view.dims[3]);
  return h * w == ShapeOf(view.node).c && h * w > 1 && a.kernel_h == h && a.kernel_w == w && a.dilation == 1 &&
         a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0;
}

Status OnnxReader::ReadAveragePool(const onnx::NodeProto& from) {
  Node node;
  SCRIM_ASSIGN_OR_RETURN(node.conv, ReadWindow(from, {}));
  SCRIM_ASSIGN_OR_RETURN(const int of, Picture(from, 0));
  node.inputs = {of};
  ConvAttributes& a = node.conv;
  const bool padded = a.pad_top + a.pad_left + a.pad_bottom + a.pad_right != 0;
  if (padded && IntAttribute(from, "count_include_pad", 0) == 0)
    return Refuse(from, "only where the padding counts, or there is none");
  const Shape shape = ShapeOf(of);
  if (!padded && a.kernel_h == shape.h && a.kernel_w == shape.w) {
    node.op = Op::kGlobalAvgPool, node.conv = {};
    return EmitPicture(from, std::move(node), {});
  }
  const int taps = a.kernel_h * a.kernel_w;
  if (taps < 1 || taps > 1024) return Refuse(from, "the kernel's size is out of range");
  node.op = Op::kConv, a.out_channels = a.groups = shape.c;
  Parts parts;
  parts.emplace_back(".weight",
                     Tensor{{shape.c, 1, a.kernel_h, a.kernel_w},
                            std::vector<float>(static_cast<size_t>(shape.c * taps), 1.f / static_cast<float>(taps))});
  return EmitPicture(from, std::move(node), std::move(parts));
}

}  // namespace scrim::graph
