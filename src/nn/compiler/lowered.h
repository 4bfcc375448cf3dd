// A graph on its way to kernels: instructions over values, in the order of execution. The passes rewrite it; they look
// at structure alone, never at names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "graph/model.h"

namespace scrim::nn {

enum class Kind : uint8_t {
  kConv,
  kActivation,  // an activation that could not be fused
  kResize,
  kConcat,  // gone after PlaceConcats
  kAdd,
  kMul,            // equal shapes
  kGate,           // input 1 has one channel
  kScale,          // input 1 has one pixel; adds the residual
  kGlobalAvgPool,  // of one value, or of the sum of two
  kChannelStats,   // outputs: mean and max over channels; -1 where one is not wanted
  kMaxPool,        // window: conv
  kSelect,         // channels of a list
  kDepthToSpace,
  kToPlanar,        // change of layout
  kToChannelsLast,  // change of layout
  kCopy,            // same layout: into a slot of a joined value, or to the graph's output
  kQuantise,        // floats to bytes, same layout
  kDequantise,      // bytes to floats, same layout
};

enum class Activation : uint8_t { kNone, kRelu, kSigmoid, kHardSwish, kPRelu };
enum class Layout : uint8_t { kChannelsLast, kPlanar };
enum class ConvKernel : uint8_t { kGemm, kDepthwise, kPlanar, kDot };

struct Instruction {
  Kind kind = Kind::kConv;
  std::string name;  // the graph's nodes that it stands for, joined by '+'
  std::vector<int> inputs, outputs;
  Activation activation = Activation::kNone;  // the last thing that happens
  std::vector<float> slope;                   // kPRelu: of each channel

  // kConv, with batch norms folded in: activation(residual + limit(conv(input) + bias)).
  graph::ConvAttributes conv;
  ConvKernel kernel = ConvKernel::kGemm;
  std::vector<float> weight, bias;  // out × in/groups × kernel_h × kernel_w; out
  int residual = -1;
  bool relu_before_residual = false;
  int64_t macs = 0;

  // Runs on bytes (see AssignTypes). The weights are whole multiples of steps then.
  bool int8 = false;
  std::vector<float> step, in_step;  // of graph::Tensor
  // The value before a sigmoid that was fused; where bytes are gated, the gate holds it and the reader ends it.
  int before_sigmoid = -1;
  bool sigmoid_gate = false;  // kGate, int8: the sigmoid of input 1 is the gate

  bool align_corners = false;  // kResize
  std::vector<int> select;     // kSelect
  int block = 0;               // kDepthToSpace

  // A pointwise convolution may hold the depthwise one before it, whose rows it consumes as they are made. They pass
  // through outputs[1], which has room for a few.
  std::vector<Instruction> depthwise;
};

struct Border {  // zeros (bytes: zero points) around a value that convolutions read
  int top = 0, left = 0, bottom = 0, right = 0;
  bool any() const { return top > 0 || left > 0 || bottom > 0 || right > 0; }
};

// Bytes: real = scale * (byte - zero_point) for each channel.
struct Bytes {
  std::vector<float> scale;
  std::vector<uint8_t> zero_point;
  bool uniform() const;  // the same for all channels
};

struct Value {
  graph::Shape shape;
  int node = -1;  // of the graph: whose value it is
  // Floats where `bytes` has no scales. A planar value of bytes is made of quads: pictures whose pixels hold four
  // channels, 4 bytes; a channels-last value of at most four channels is one, too.
  Bytes bytes;
  bool is_bytes() const { return !bytes.scale.empty(); }
  Layout layout = Layout::kChannelsLast;
  Border border;         // of values that own memory
  bool gapless = false;  // no padding between channels, pixels and rows: what callers see

  // A channels-last value may be a slot of a joined one: channels from `first_channel` on of `joined`.
  int joined = -1, first_channel = 0;
  // A planar value may be the planes of others, one after the other. It owns no memory then.
  std::vector<int> members;
};

struct Lowered {
  std::vector<Value> values;
  std::vector<Instruction> instructions;
  int input = 0, output = 0;

  Value& value(int i) { return values[static_cast<size_t>(i)]; }
  const Value& value(int i) const { return values[static_cast<size_t>(i)]; }
  int AddValue(graph::Shape shape, Layout layout) {
    values.push_back({});
    values.back().shape = shape, values.back().layout = layout;
    return static_cast<int>(values.size()) - 1;
  }
  // A value like another one, with memory of its own.
  int AddValueLike(int i) {
    Value like = value(i);
    like.border = {}, like.gapless = false, like.joined = -1, like.first_channel = 0;
    like.members.clear();
    values.push_back(std::move(like));
    return static_cast<int>(values.size()) - 1;
  }
};

// Everything that an instruction reads: inputs and residual.
std::vector<int> ReadsOf(const Instruction& instruction);

// How many instructions read each value; the graph's output counts as read once more.
std::vector<int> CountReads(const Lowered& lowered);

// The value that owns the memory of a channels-last value.
int RootOf(const Lowered& lowered, int value);

// The values that own the planes of a planar value, in the order of its channels.
std::vector<int> PlaneOwners(const Lowered& lowered, int value);

// The passes, in order.

// One instruction for each node that the output depends on. Dropout vanishes; a batch norm becomes a depthwise 1×1
// convolution. Errors: kUnsupported names the node.
StatusOr<Lowered> Import(const graph::Graph& graph, const std::vector<graph::Shape>& shapes,
                         const graph::Weights& weights);

// Folds per-channel convolutions (batch norms) into the convolution before them, ReLU, hard swish and PReLU into what
// produces their input, an addition into the convolution or the scaling that produces one operand, and the mean and the
// maximum of one value into one instruction. The average of a sum is taken without writing the sum.
void Fuse(Lowered& lowered);

// Moves a pointwise convolution before the enlargement whose value it alone reads: the two commute, since weights of
// an interpolation sum to one, and there are fewer pixels before. For floats only.
void MoveBeforeResizes(Lowered& lowered);

// Chooses layouts and convolution kernels and inserts the changes of layout, then fuses sigmoids where a kernel can end
// with one.
void AssignLayouts(Lowered& lowered);

// Decides what runs on bytes, as the model's precision says and kernels exist, and inserts changes of type where bytes
// and floats meet. The graph's output stays float. Errors: kInvalidArgument where the steps of weights do not fit the
// ranges of what they multiply.
Status AssignTypes(Lowered& lowered, const std::vector<graph::Precision>& precision);

// Puts a depthwise convolution into the pointwise one behind it where what lies between is larger than a fast cache.
void FuseSeparable(Lowered& lowered);

// Makes concatenations disappear: their inputs are produced in slots of the joined value, or copied where that cannot
// be.
void PlaceConcats(Lowered& lowered);

// Gives the output its gapless value and every other value the border that its readers need.
void FinishValues(Lowered& lowered);

}  // namespace scrim::nn
