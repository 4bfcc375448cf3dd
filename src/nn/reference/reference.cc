// The scalar reference: one plain loop nest for each operation, in the order of the graph.
#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/program.h"

namespace scrim::nn {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Shape;
using graph::Weights;

// A channels-last picture without gaps.
struct Picture {
  Shape shape;
  std::vector<float> data;

  explicit Picture(const Shape& s) : shape(s), data(static_cast<size_t>(s.size())) {}
  size_t Index(int y, int x, int c) const {
    return (static_cast<size_t>(y) * static_cast<size_t>(shape.w) + static_cast<size_t>(x)) *
               static_cast<size_t>(shape.c) +
           static_cast<size_t>(c);
  }
  float& at(int y, int x, int c) { return data[Index(y, x, c)]; }
  float at(int y, int x, int c) const { return data[Index(y, x, c)]; }
  // Zero outside the picture.
  float padded(int y, int x, int c) const { return y < 0 || y >= shape.h || x < 0 || x >= shape.w ? 0.f : at(y, x, c); }
};

template <typename Function>  // f(y, x, c) is the value of one element
void Fill(Picture& out, Function f) {
  for (int y = 0; y < out.shape.h; ++y)
    for (int x = 0; x < out.shape.w; ++x)
      for (int c = 0; c < out.shape.c; ++c) out.at(y, x, c) = f(y, x, c);
}

const std::vector<float>& Find(const Weights& weights, const std::string& name) { return weights.at(name).data; }

void Conv(const Node& node, const Weights& weights, const Picture& in, Picture& out) {
  const graph::ConvAttributes& a = node.conv;
  const int in_channels = in.shape.c / a.groups, out_channels = a.out_channels / a.groups;
  const std::vector<float>& weight = Find(weights, node.name + ".weight");
  Fill(out, [&](int y, int x, int o) {
    double sum = a.bias ? Find(weights, node.name + ".bias")[static_cast<size_t>(o)] : 0.;
    size_t w = static_cast<size_t>(o) * static_cast<size_t>(in_channels * a.kernel_h * a.kernel_w);
    for (int i = 0; i < in_channels; ++i)
      for (int ky = 0; ky < a.kernel_h; ++ky)
        for (int kx = 0; kx < a.kernel_w; ++kx)
          sum += double{weight[w++]} * in.padded(y * a.stride - a.pad_top + ky * a.dilation,
                                                 x * a.stride - a.pad_left + kx * a.dilation,
                                                 o / out_channels * in_channels + i);
    return static_cast<float>(sum);
  });
}

void BatchNorm(const Node& node, const Weights& weights, const Picture& in, Picture& out) {
  const auto &scale = Find(weights, node.name + ".scale"), &offset = Find(weights, node.name + ".offset"),
             &mean = Find(weights, node.name + ".mean"), &variance = Find(weights, node.name + ".variance");
  Fill(out, [&](int y, int x, int c) {
    const auto i = static_cast<size_t>(c);
    return (in.at(y, x, c) - mean[i]) / std::sqrt(variance[i] + graph::kBatchNormEpsilon) * scale[i] + offset[i];
  });
}

// Half-pixel centres: the centre of output pixel i lies at (i + 0.5) * in / out of the input. Aligned corners: at
// i * (in - 1) / (out - 1) between the centres of the first and the last.
struct Neighbours {
  int first, second;
  float weight;  // of the second
};
Neighbours Bilinear(int i, int in, int out, bool align_corners) {
  float centre =
      std::max(0.f, (static_cast<float>(i) + 0.5f) * static_cast<float>(in) / static_cast<float>(out) - 0.5f);
  if (align_corners)
    centre = out == 1 ? 0.f : static_cast<float>(i) * static_cast<float>(in - 1) / static_cast<float>(out - 1);
  const int first = std::min(static_cast<int>(centre), in - 1);
  return {first, std::min(first + 1, in - 1), centre - static_cast<float>(first)};
}

void Resize(const Picture& in, bool align_corners, Picture& out) {
  Fill(out, [&](int y, int x, int c) {
    const Neighbours v = Bilinear(y, in.shape.h, out.shape.h, align_corners),
                     h = Bilinear(x, in.shape.w, out.shape.w, align_corners);
    const float top = (1 - h.weight) * in.at(v.first, h.first, c) + h.weight * in.at(v.first, h.second, c);
    const float bottom = (1 - h.weight) * in.at(v.second, h.first, c) + h.weight * in.at(v.second, h.second, c);
    return (1 - v.weight) * top + v.weight * bottom;
  });
}

void GlobalAvgPool(const Picture& in, Picture& out) {
  for (int c = 0; c < in.shape.c; ++c) {
    double sum = 0;
    for (int y = 0; y < in.shape.h; ++y)
      for (int x = 0; x < in.shape.w; ++x) sum += in.at(y, x, c);
    out.at(0, 0, c) = static_cast<float>(sum / in.shape.h / in.shape.w);
  }
}

// The factor's one channel or one pixel serves all.
void Mul(const Picture& in, const Picture& factor, Picture& out) {
  const Shape& s = factor.shape;
  const bool pixel = s.c == in.shape.c && s.h == 1 && s.w == 1;
  Fill(out,
       [&](int y, int x, int c) { return in.at(y, x, c) * factor.at(pixel ? 0 : y, pixel ? 0 : x, s.c == 1 ? 0 : c); });
}

void MaxPool(const graph::ConvAttributes& a, const Picture& in, Picture& out) {
  Fill(out, [&](int y, int x, int c) {
    float max = -std::numeric_limits<float>::infinity();
    const int top = y * a.stride - a.pad_top, left = x * a.stride - a.pad_left;
    for (int wy = std::max(top, 0); wy < std::min(top + a.kernel_h, in.shape.h); ++wy)
      for (int wx = std::max(left, 0); wx < std::min(left + a.kernel_w, in.shape.w); ++wx)
        max = std::max(max, in.at(wy, wx, c));
    return max;
  });
}

float ChannelMean(const Picture& in, int y, int x) {
  double sum = 0;
  for (int c = 0; c < in.shape.c; ++c) sum += in.at(y, x, c);
  return static_cast<float>(sum / in.shape.c);
}

float ChannelMax(const Picture& in, int y, int x) {
  float max = -std::numeric_limits<float>::infinity();
  for (int c = 0; c < in.shape.c; ++c) max = std::max(max, in.at(y, x, c));
  return max;
}

void Evaluate(const Node& node, const Weights& weights, const std::vector<Picture>& values, Picture& out) {
  auto in = [&](size_t i) -> const Picture& { return values[static_cast<size_t>(node.inputs[i])]; };
  switch (node.op) {
    case Op::kInput:
      return;  // given by the caller
    case Op::kConv:
      return Conv(node, weights, in(0), out);
    case Op::kBatchNorm:
      return BatchNorm(node, weights, in(0), out);
    case Op::kRelu:
      return Fill(out, [&](int y, int x, int c) { return std::max(0.f, in(0).at(y, x, c)); });
    case Op::kSigmoid:
      return Fill(out, [&](int y, int x, int c) { return 1.f / (1.f + std::exp(-in(0).at(y, x, c))); });
    case Op::kResize:
      return Resize(in(0), node.align_corners, out);
    case Op::kConcat: {
      int offset = 0;
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        for (int y = 0; y < out.shape.h; ++y)
          for (int x = 0; x < out.shape.w; ++x)
            for (int c = 0; c < in(i).shape.c; ++c) out.at(y, x, offset + c) = in(i).at(y, x, c);
        offset += in(i).shape.c;
      }
      return;
    }
    case Op::kAdd:
      return Fill(out, [&](int y, int x, int c) { return in(0).at(y, x, c) + in(1).at(y, x, c); });
    case Op::kMul:
      return Mul(in(0), in(1), out);
    case Op::kGlobalAvgPool:
      return GlobalAvgPool(in(0), out);
    case Op::kChannelMean:
      return Fill(out, [&](int y, int x, int) { return ChannelMean(in(0), y, x); });
    case Op::kChannelMax:
      return Fill(out, [&](int y, int x, int) { return ChannelMax(in(0), y, x); });
    case Op::kDropout:
      out.data = in(0).data;
      return;
    case Op::kHardSwish:
      return Fill(out, [&](int y, int x, int c) {
        const float v = in(0).at(y, x, c);
        return v * std::min(std::max(v / 6 + 0.5f, 0.f), 1.f);
      });
    case Op::kPRelu: {
      const std::vector<float>& slope = Find(weights, node.name + ".slope");
      return Fill(out, [&](int y, int x, int c) {
        const float v = in(0).at(y, x, c);
        return v > 0 ? v : v * slope[static_cast<size_t>(c)];
      });
    }
    case Op::kMaxPool:
      return MaxPool(node.conv, in(0), out);
    case Op::kSelect:
      return Fill(out, [&](int y, int x, int c) { return in(0).at(y, x, node.select[static_cast<size_t>(c)]); });
    case Op::kDepthToSpace: {
      const int b = node.block;
      return Fill(out, [&](int y, int x, int c) { return in(0).at(y / b, x / b, (c * b + y % b) * b + x % b); });
    }
  }
}

}  // namespace

StatusOr<std::vector<std::vector<float>>> RunReference(const Graph& graph, const Weights& weights, int height,
                                                       int width, const std::vector<float>& input) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, graph::InferShapes(graph, height, width));
  SCRIM_RETURN_IF_ERROR(graph::ValidateWeights(graph, weights));
  if (input.size() != static_cast<size_t>(shapes[0].size()))
    return InvalidArgument("graph '" + graph.name + "': the input holds " + std::to_string(input.size()) +
                           " values instead of " + std::to_string(shapes[0].size()));
  std::vector<Picture> values;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Picture out(shapes[i]);
    if (i == 0) out.data = input;
    Evaluate(graph.nodes[i], weights, values, out);
    values.push_back(std::move(out));
  }
  std::vector<std::vector<float>> result;
  result.reserve(values.size());
  for (Picture& value : values) result.push_back(std::move(value.data));
  return result;
}

}  // namespace scrim::nn
