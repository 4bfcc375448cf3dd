// Helpers of the tests and benchmarks: random models and graphs made by hand.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/model.h"
#include "nn/program.h"

namespace scrim::nn {

inline std::vector<float> RandomFloats(size_t count, unsigned seed, float low = -1.f, float high = 1.f) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(count);
  for (float& v : values) v = uniform(random);
  return values;
}

// Weights that keep activations near one: variance 1/fan_in, batch norms near the identity.
inline graph::Model RandomModel(const graph::Graph& graph, unsigned seed) {
  graph::Model model;
  model.graph = graph;
  const auto specs = graph::ListWeights(graph);
  for (const graph::WeightSpec& spec : specs.value()) {
    size_t size = 1;
    for (int d : spec.dims) size *= static_cast<size_t>(d);
    graph::Tensor& tensor = model.weights[spec.name];
    tensor.dims = spec.dims;
    const float fan_in = static_cast<float>(size) / static_cast<float>(spec.dims[0]);
    float low = -0.3f, high = 0.3f;
    if (spec.dims.size() == 4) low = -std::sqrt(3.f / fan_in), high = -low;
    if (spec.name.ends_with(".scale") || spec.name.ends_with(".variance")) low = 0.7f, high = 1.3f;
    tensor.data = RandomFloats(size, ++seed, low, high);
  }
  return model;
}

inline void WriteInput(const std::vector<float>& values, const TensorView& input) {
  size_t i = 0;
  for (int y = 0; y < input.height; ++y)
    for (int x = 0; x < input.width; ++x)
      for (int c = 0; c < input.channels; ++c)
        input.data[static_cast<size_t>(y) * input.row_stride + static_cast<size_t>(x) * input.pixel_stride +
                   static_cast<size_t>(c)] = values[i++];
}

// Channels-last values as planes, one after another.
inline std::vector<float> Planar(const std::vector<float>& values, int planes) {
  const size_t count = static_cast<size_t>(planes), pixels = values.size() / count;
  std::vector<float> planar(values.size());
  for (size_t i = 0; i < pixels; ++i)
    for (size_t c = 0; c < count; ++c) planar[c * pixels + i] = values[i * count + c];
  return planar;
}

// The largest difference; infinite where a value is not a number.
inline float LargestError(const std::vector<float>& expected, const float* actual) {
  float largest = 0.f;
  for (size_t i = 0; i < expected.size(); ++i) {
    const float error = std::abs(expected[i] - actual[i]);
    if (!(error <= largest)) largest = std::isnan(error) ? INFINITY : error;
  }
  return largest;
}

// Adds nodes one after another; each method returns the new node's index, and the last node is the output.
class GraphBuilder {
 public:
  GraphBuilder(const std::string& name, int input_channels) {
    graph_.name = name;
    AddNode(graph::Op::kInput, {});
    graph_.nodes[0].channels = input_channels;
    channels_[0] = input_channels;
  }

  int ConvOf(int input, const graph::ConvAttributes& attributes) {
    const int node = AddNode(graph::Op::kConv, {input});
    graph_.nodes.back().conv = attributes;
    channels_.back() = attributes.out_channels;
    return node;
  }
  int ConvStride(int input, int out_channels, int kernel, int stride) {
    graph::ConvAttributes a;
    a.out_channels = out_channels, a.kernel_h = a.kernel_w = kernel, a.stride = stride, a.bias = true;
    a.pad_top = a.pad_left = a.pad_bottom = a.pad_right = kernel / 2;
    return ConvOf(input, a);
  }
  int Conv(int input, int out_channels, int kernel) { return ConvStride(input, out_channels, kernel, 1); }
  int Depthwise(int input, int kernel) {
    const int node = Conv(input, channels_[static_cast<size_t>(input)], kernel);
    graph_.nodes.back().conv.groups = channels_[static_cast<size_t>(input)];
    return node;
  }
  int BatchNorm(int input) { return Unary(graph::Op::kBatchNorm, input); }
  int Unary(graph::Op op, int input) {
    const int node = AddNode(op, {input});
    channels_.back() =
        op == graph::Op::kChannelMean || op == graph::Op::kChannelMax ? 1 : channels_[static_cast<size_t>(input)];
    return node;
  }
  int Binary(graph::Op op, int a, int b) {
    const int node = AddNode(op, {a, b});
    channels_.back() = channels_[static_cast<size_t>(a)];
    return node;
  }
  int Add(int a, int b) { return Binary(graph::Op::kAdd, a, b); }
  int Mul(int a, int b) { return Binary(graph::Op::kMul, a, b); }
  int Resize(int a, int like) { return Binary(graph::Op::kResize, a, like); }
  int Select(int input, std::vector<int> channels) {
    const int node = AddNode(graph::Op::kSelect, {input});
    channels_.back() = static_cast<int>(channels.size());
    graph_.nodes.back().select = std::move(channels);
    return node;
  }
  int Concat(std::vector<int> inputs) {
    int sum = 0;
    for (int input : inputs) sum += channels_[static_cast<size_t>(input)];
    const int node = AddNode(graph::Op::kConcat, std::move(inputs));
    channels_.back() = sum;
    return node;
  }

  graph::Graph& graph() { return graph_; }

 private:
  int AddNode(graph::Op op, std::vector<int> inputs) {
    graph::Node node;
    node.name = graph::OpName(op) + std::to_string(graph_.nodes.size());
    node.op = op;
    node.inputs = std::move(inputs);
    graph_.nodes.push_back(std::move(node));
    channels_.push_back(0);
    graph_.output = static_cast<int>(graph_.nodes.size()) - 1;
    return graph_.output;
  }

  graph::Graph graph_;
  std::vector<int> channels_;
};

}  // namespace scrim::nn
