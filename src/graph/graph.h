// A network as plain data: the one description that the trainer, the engine and the ONNX writer all read.
// Nothing else in scrim knows what a network looks like. C++17 (see base/status.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::graph {

// Every operation has one output. Pictures are c×h×w; a batch, where there is one, is the runner's. The values are part
// of the model file: new ones go to the end.
enum class Op : uint8_t {
  kInput,      // the picture: attribute channels
  kConv,       // kernel, stride, dilation, groups, pads, optional bias; zero padding
  kBatchNorm,  // over channels, epsilon 1e-5
  kRelu,
  kSigmoid,
  kResize,  // bilinear, edges clamped, no antialiasing: input 0 to the height and width of input 1; align_corners
  kConcat,  // along channels
  kAdd,     // equal shapes
  kMul,     // equal shapes, or input 1 has one channel (a spatial gate) or one pixel (a gain for each channel)
  kGlobalAvgPool,  // c×h×w to c×1×1
  kChannelMean,    // c×h×w to 1×h×w
  kChannelMax,     // c×h×w to 1×h×w
  kDropout,        // drops whole channels with probability rate while training, the identity otherwise
  kHardSwish,      // x * clip(x / 6 + 1/2, 0, 1)
  kPRelu,          // x where x > 0, else slope * x; a slope for each channel
  kMaxPool,        // kernel, stride, pads of conv; what lies outside does not count
  kSelect,         // the channels of a list, in its order: slices and shuffles
  kDepthToSpace,  // c·b²×h×w to c×h·b×w·b, b = block: channel (c·b + y)·b + x is pixel (y, x) of a block of channel c
};
inline constexpr Op kLastOp = Op::kDepthToSpace;
const char* OpName(Op op);

struct Shape {
  int c = 0, h = 0, w = 0;
  bool operator==(const Shape& o) const { return c == o.c && h == o.h && w == o.w; }
  bool operator!=(const Shape& o) const { return !(*this == o); }
  int64_t size() const { return int64_t{c} * h * w; }
};
std::string ToString(const Shape& shape);  // "24x36x64" in c×h×w

struct ConvAttributes {
  int out_channels = 0;
  int kernel_h = 1, kernel_w = 1;
  int stride = 1, dilation = 1, groups = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool bias = false;
};

// How the trainer fills a node's weights before the first step; the other readers ignore it.
struct Initializer {
  float weight_std = 0.f;  // normal distribution; 0: the default for the operation
  float bias = 0.f;        // of a convolution
  float scale = 1.f;       // of a batch norm
};

struct Node {
  std::string name;  // unique; its weights are called "<name>.weight" and so on
  Op op = Op::kInput;
  std::vector<int> inputs;     // indices of earlier nodes
  int channels = 0;            // kInput
  ConvAttributes conv;         // kConv; kMaxPool its kernel, stride and pads
  float rate = 0.f;            // kDropout
  bool align_corners = false;  // kResize: the centres of corner pixels coincide, rather than half-pixel centres
  std::vector<int> select;     // kSelect
  int block = 0;               // kDepthToSpace
  Initializer init;
};

// Nodes in topological order. Node 0 is the only input; `output` names the node whose value is the result.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  int output = 0;

  const Node& input() const { return nodes.front(); }
};

// Weights by name, row-major. Convolution: "<node>.weight" out×(in/groups)×kh×kw, "<node>.bias" out.
// Batch norm: "<node>.scale", "<node>.offset", "<node>.mean", "<node>.variance". PReLU: "<node>.slope" c×1×1.
struct Tensor {
  std::vector<int> dims = {};
  std::vector<float> data = {};

  // Of a convolution's weights that are whole multiples of steps (see Precision): a value is its whole number, at most
  // kMaxQuantisedWeight in size, times the step of its output channel, times the step of its input channel. Both empty
  // where the values are any floats; in_step empty where it is 1.
  std::vector<float> step = {}, in_step = {};
};
// Products of two such weights with 8-bit activations add up to at most 15 bits and a sign.
inline constexpr int kMaxQuantisedWeight = 63;
// The whole numbers of weights with steps, in their order; the steps are a tensor's.
std::vector<int8_t> WholeNumbers(const std::vector<float>& weights, const std::vector<float>& step,
                                 const std::vector<float>& in_step);
using Weights = std::map<std::string, Tensor>;

inline constexpr size_t kMaxNodes = 1 << 14;

// The shape of one more node behind others whose shapes are known: sides of at most 16384, 2^28 values in all. Errors
// name the node.
StatusOr<Shape> InferShape(const Graph& graph, const Node& node, const std::vector<Shape>& shapes);

// Shapes of every node for an input of h×w pixels; doubles as validation of the structure. Errors name the node.
StatusOr<std::vector<Shape>> InferShapes(const Graph& graph, int height, int width);

// Name and dimensions of every weight that the graph needs, in node order.
struct WeightSpec {
  std::string name;
  std::vector<int> dims;
  int node = 0;
};
StatusOr<std::vector<WeightSpec>> ListWeights(const Graph& graph);

// Checks that weights holds exactly what the graph needs, with finite values and positive variances.
Status ValidateWeights(const Graph& graph, const Weights& weights);

// Multiply-accumulates of all convolutions, as the field counts them, for shapes from InferShapes.
int64_t CountMacs(const Graph& graph, const std::vector<Shape>& shapes);

// Trainable parameters as deployed: convolution weights and biases, batch norms counted as one bias a channel.
int64_t CountParameters(const Graph& graph);

inline constexpr float kBatchNormEpsilon = 1e-5f;

}  // namespace scrim::graph
