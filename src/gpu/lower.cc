#include "gpu/lower.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "base/aligned.h"
#include "base/half.h"
#include "gpu/kernel_text.h"
#include "gpu/plan_builder.h"
#include "gpu/values.h"
#include "nn/compiler/lowered.h"

namespace scrim::gpu {
namespace {

using graph::ConvAttributes;
using nn::Instruction;
using nn::Kind;
using nn::Lowered;

// What every WebGPU adapter has at least.
constexpr size_t kMaxBinding = size_t{128} << 20;
constexpr int kMaxGroups = 65535;
constexpr size_t kBindingAlignment = 256;

size_t Size(int n) { return static_cast<size_t>(n); }
int Groups(int channels) { return (channels + 3) / 4; }

class Writer {
 public:
  Writer(const Lowered& lowered, const NetworkOptions& options)
      : lowered_(lowered), options_(options), values_(lowered, options.halves) {}

  Plan Run() {
    for (size_t bytes : values_.buffers()) builder_.AddBuffer(bytes);
    constants_ = builder_.AddBuffer(0);
    Plan& plan = builder_.plan();
    plan.named = {{"input", values_.BufferOf(lowered_.input)}, {"output", values_.BufferOf(lowered_.output)}};
    for (const Instruction& i : lowered_.instructions) Lower(i);
    plan.constants.resize(RoundUp(std::max<size_t>(plan.constants.size(), 16), size_t{16}));
    plan.buffers[Size(constants_)] = {plan.constants.size(), true};
    if (plan.constants.size() > kMaxBinding) Refuse("weights", "more than 128 MiB of them");
    if (!plan.unsupported.empty()) plan.dispatches.clear(), plan.kernels.clear();
    return std::move(plan);
  }

 private:
  void Refuse(const std::string& node, const std::string& why) {
    builder_.plan().unsupported.push_back(node + ": " + why);
  }

  // A dispatch in the making, and what it moves.
  struct Making {
    KernelText text;
    size_t bytes = 0;
  };

  // flat: as one long row.
  void Value(Making& m, const std::string& name, int value, bool written, bool flat = false) {
    Slot slot = values_.SlotOf(value);
    m.bytes += BytesOf(slot.format, slot.height, slot.width, slot.channels);
    if (flat) slot.width *= slot.height, slot.height = 1;
    const Binding binding{values_.BufferOf(value), 0, 0};
    if (written)
      m.text.Writes(name, slot, binding);
    else
      m.text.Reads(name, slot, binding);
  }

  Binding Pack(Making& m, const std::vector<float>& values, bool halves) {
    std::vector<uint8_t>& constants = builder_.plan().constants;
    constants.resize(RoundUp(constants.size(), kBindingAlignment));
    const size_t offset = constants.size(), bytes = RoundUp(values.size() * (halves ? 2 : 4), size_t{16});
    constants.resize(offset + bytes);
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = FloatToHalf(values[i]);
      uint8_t* to = constants.data() + offset + i * (halves ? 2 : 4);
      if (halves)
        std::memcpy(to, &half, sizeof half);
      else
        std::memcpy(to, &values[i], sizeof values[i]);
    }
    m.bytes += bytes;
    return {constants_, offset, bytes};
  }
  void Weights(Making& m, const std::vector<float>& weights) {
    m.text.Weights(options_.halves, Pack(m, weights, options_.halves));
  }

  // The last steps of kernels: residual, activation, its slopes; `parameters` come before those.
  void Ending(Making& m, const Instruction& i, std::vector<float> parameters = {}, bool flat = false) {
    m.text.Number("SLOPES", static_cast<int>(parameters.size() / 4));
    parameters.insert(parameters.end(), i.slope.begin(), i.slope.end());
    if (!i.slope.empty()) parameters.resize(RoundUp(parameters.size(), size_t{4}));
    m.text.Number("RELU_FIRST", i.relu_before_residual ? 1 : 0).Number("ENDING", static_cast<int>(i.activation));
    if (i.residual >= 0)
      Value(m, "residual", i.residual, false, flat);
    else
      m.text.Lacks("residual");
    if (parameters.empty())
      m.text.LacksParameters();
    else
      m.text.Parameters(Pack(m, parameters, false));
  }

  void Finish(Making& m, const Instruction& i, const std::string& kernel, std::array<int, 3> groups, bool ends = true) {
    for (int n : groups)
      if (n > kMaxGroups) return Refuse(i.name, "too large for one dispatch");
    Plan& plan = builder_.plan();
    for (const Binding& binding : m.text.bindings())
      if (plan.buffers[Size(binding.buffer)].bytes > kMaxBinding) return Refuse(i.name, "a value of more than 128 MiB");
    std::set<int> read, written;
    for (int value : ReadsOf(i)) read.insert(values_.BufferOf(value));
    for (int value : i.outputs)
      if (value >= 0) written.insert(values_.BufferOf(value));
    for (int buffer : written)
      if (read.contains(buffer)) return Refuse(i.name, "its input is joined with its output");
    plan.bytes_moved += m.bytes;
    builder_.Dispatch(m.text, kernel, ends ? std::vector<std::string>{"ending"} : std::vector<std::string>{}, groups,
                      i.name);
  }

  // Workgroups of 16 pixels and 4 groups of channels.
  static std::array<int, 3> PixelGroups(const Slot& out) {
    return {Blocks(out.width * out.height, 16), Blocks(Groups(out.channels), 4), 1};
  }

  static void Window(Making& m, const ConvAttributes& a) {
    m.text.Number("KERNEL_WIDTH", a.kernel_w).Number("KERNEL_HEIGHT", a.kernel_h).Number("STRIDE", a.stride);
    m.text.Number("DILATION", a.dilation).Number("PAD_TOP", a.pad_top).Number("PAD_LEFT", a.pad_left);
  }

  static std::vector<float> Padded(const std::vector<float>& values) {
    std::vector<float> padded = values;
    padded.resize(RoundUp(values.size(), size_t{4}));
    return padded;
  }

  // For four output channels after the other: kernel row, column, four input channels, and for each of those the
  // weights of the four outputs. Weights of other groups' channels are zeros.
  static std::vector<float> PackConv(const Instruction& i, int in_channels) {
    const ConvAttributes& a = i.conv;
    const int taps = a.kernel_h * a.kernel_w, depth = in_channels / a.groups;
    const int in_groups = Groups(in_channels);
    std::vector<float> packed(Size(Groups(a.out_channels)) * Size(taps * in_groups) * 16);
    for (int o = 0; o < a.out_channels; ++o) {
      const int begin = o / (a.out_channels / a.groups) * depth;
      for (int c = 0; c < depth; ++c)
        for (int t = 0; t < taps; ++t) {
          const int in = begin + c;
          const size_t block = (Size(o / 4) * Size(taps) + Size(t)) * Size(in_groups) + Size(in / 4);
          packed[block * 16 + Size(in % 4 * 4 + o % 4)] =
              i.weight[(Size(o) * Size(depth) + Size(c)) * Size(taps) + Size(t)];
        }
    }
    return packed;
  }

  void Conv(const Instruction& i) {
    const ConvAttributes& a = i.conv;
    const graph::Shape in = lowered_.value(i.inputs[0]).shape, out = lowered_.value(i.outputs[0]).shape;
    Making m;
    if (a.groups > 1 && a.groups == in.c && a.groups == a.out_channels) {
      Value(m, "a", i.inputs[0], false);
      Value(m, "out", i.outputs[0], true);
      Window(m, a);
      const size_t taps = Size(a.kernel_h * a.kernel_w);
      std::vector<float> weights(Size(Groups(in.c)) * taps * 4);
      for (size_t c = 0; c < Size(in.c); ++c)
        for (size_t t = 0; t < taps; ++t) weights[(c / 4 * taps + t) * 4 + c % 4] = i.weight[c * taps + t];
      Weights(m, weights);
      Ending(m, i, Padded(i.bias));
      return Finish(m, i, "depthwise", PixelGroups(values_.SlotOf(i.outputs[0])));
    }
    // A pointwise one sees one long row: more pixels for the tiles.
    const bool flat =
        a.kernel_h * a.kernel_w == 1 && a.stride == 1 && a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0;
    Value(m, "a", i.inputs[0], false, flat);
    Value(m, "out", i.outputs[0], true, flat);
    Window(m, a);
    const int width = flat ? out.w * out.h : out.w, rows = flat ? 1 : out.h;
    // Enough threads first, then fewer reads of weights.
    constexpr int kEnoughThreads = 4096;
    int pixels = 4;
    while (pixels > 1 && Blocks(width, pixels) * rows * Groups(out.c) < kEnoughThreads) pixels /= 2;
    m.text.Number("PIXELS", pixels);
    Weights(m, PackConv(i, in.c));
    Ending(m, i, Padded(i.bias), flat);
    Finish(m, i, "conv", {Blocks(Blocks(width, pixels) * rows, 16), Blocks(Groups(out.c), 4), 1});
  }

  void SecondInput(Making& m, const Instruction& i) {
    if (i.inputs.size() > 1)
      Value(m, "b", i.inputs[1], false);
    else
      m.text.Lacks("b");
  }

  void Elementwise(const Instruction& i, int operation, int spread) {
    Making m;
    Value(m, "a", i.inputs[0], false);
    SecondInput(m, i);
    Value(m, "out", i.outputs[0], true);
    m.text.Number("OPERATION", operation).Number("B_SPREAD", spread);
    Ending(m, i);
    Finish(m, i, "elementwise", PixelGroups(values_.SlotOf(i.outputs[0])));
  }

  // Kernels of one input that end as all do; `set` writes their own constants.
  template <typename Set>
  void Unary(const Instruction& i, const std::string& kernel, const Set& set, std::vector<float> parameters = {}) {
    Making m;
    Value(m, "a", i.inputs[0], false);
    Value(m, "out", i.outputs[0], true);
    set(m);
    Ending(m, i, std::move(parameters));
    Finish(m, i, kernel, PixelGroups(values_.SlotOf(i.outputs[0])));
  }

  void Average(const Instruction& i) {
    Making m;
    Value(m, "a", i.inputs[0], false);
    SecondInput(m, i);
    Value(m, "out", i.outputs[0], true);
    Finish(m, i, "average", {Groups(lowered_.value(i.inputs[0]).shape.c), 1, 1}, false);
  }

  // MODE 0: the mean; 1: the maximum. Both together where they are the two channels of one value.
  void Stats(const Instruction& i) {
    const int mean = i.outputs[0], most = i.outputs[1];
    const auto write = [&](int value, int mode, bool both) {
      Making m;
      Value(m, "a", i.inputs[0], false);
      Slot slot = values_.SlotOf(value);
      if (both) slot.channels = 2;
      m.bytes += BytesOf(slot.format, slot.height, slot.width, slot.channels);
      m.text.Writes("out", slot, {values_.BufferOf(value), 0, 0}).Number("MODE", mode);
      Finish(m, i, "channel_stats", {Blocks(slot.width * slot.height, 64), 1, 1}, false);
    };
    if (mean >= 0 && most >= 0 && values_.BufferOf(mean) == values_.BufferOf(most)) {
      const Slot first = values_.SlotOf(mean), second = values_.SlotOf(most);
      if (second.first == first.first + 1 && first.format == Format::kPlain) return write(mean, 0, true);
    }
    if (mean >= 0) write(mean, 0, false);
    if (most >= 0) write(most, 1, false);
  }

  void Copy(const Instruction& i) {
    const int out = i.outputs[0];
    Slot slot = values_.SlotOf(out);
    Making m;
    Value(m, "a", i.inputs[0], false);
    m.text.Number("FIRST", slot.first);
    const int groups = Groups(slot.first % 4 + slot.channels);
    slot.first = 0, slot.channels = slot.stride;
    m.text.Updates("joined", slot, {values_.BufferOf(out), 0, 0});
    m.bytes += m.bytes;
    Finish(m, i, "copy", {Blocks(slot.width * slot.height, 16), Blocks(groups, 4), 1}, false);
  }

  void Lower(const Instruction& i) {
    switch (i.kind) {
      case Kind::kConv:
        return Conv(i);
      case Kind::kActivation:
        return Elementwise(i, 0, 0);
      case Kind::kAdd:
        return Elementwise(i, 1, 0);
      case Kind::kMul:
        return Elementwise(i, 2, 0);
      case Kind::kGate:
        return Elementwise(i, 2, 1);
      case Kind::kScale:
        return Elementwise(i, 2, 2);
      case Kind::kResize:
        return Unary(i, "resize", [&](Making& m) { m.text.Number("ALIGN_CORNERS", i.align_corners ? 1 : 0); });
      case Kind::kMaxPool:
        return Unary(i, "max_pool", [&](Making& m) { Window(m, i.conv); });
      case Kind::kSelect: {
        std::vector<float> channels(i.select.begin(), i.select.end());
        return Unary(
            i, "select", [](Making&) {}, Padded(channels));
      }
      case Kind::kDepthToSpace:
        return Unary(i, "depth_to_space", [&](Making& m) { m.text.Number("BLOCK", i.block); });
      case Kind::kGlobalAvgPool:
        return Average(i);
      case Kind::kChannelStats:
        return Stats(i);
      case Kind::kCopy:
        return Copy(i);
      case Kind::kConcat:  // PlaceSlots left none
      case Kind::kToPlanar:
      case Kind::kToChannelsLast:
      case Kind::kQuantise:
      case Kind::kDequantise:
        return Refuse(i.name, "no kernel");
    }
  }

  const Lowered& lowered_;
  NetworkOptions options_;
  Values values_;
  PlanBuilder builder_;
  int constants_ = 0;
};

// The graph, ending in the person's plane.
graph::Graph FirstPlane(const graph::Model& model) {
  graph::Graph graph = model.graph;
  if (model.planes.size() == 1) return graph;
  graph::Node person;
  person.name = "person", person.op = graph::Op::kSelect, person.inputs = {graph.output}, person.select = {0};
  graph.output = static_cast<int>(graph.nodes.size());
  graph.nodes.push_back(std::move(person));
  return graph;
}

}  // namespace

StatusOr<Plan> LowerNetwork(const graph::Model& model, graph::Density density, const NetworkOptions& options) {
  const graph::Graph graph = FirstPlane(model);
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Shape> shapes,
                         graph::InferShapes(graph, density.height, density.width));
  SCRIM_RETURN_IF_ERROR(graph::ValidateWeights(graph, model.weights));
  SCRIM_ASSIGN_OR_RETURN(Lowered lowered, nn::Import(graph, shapes, model.weights));
  Fuse(lowered);
  MoveBeforeResizes(lowered);
  FuseActivations(lowered);
  if (lowered.output == lowered.input) {  // a network that does nothing
    Instruction copy;
    copy.kind = Kind::kCopy, copy.name = "output", copy.inputs = {lowered.input};
    copy.outputs = {lowered.AddValue(lowered.value(lowered.input).shape, nn::Layout::kChannelsLast)};
    lowered.output = copy.outputs[0];
    lowered.instructions.push_back(std::move(copy));
  }
  PlaceSlots(lowered);
  return Writer(lowered, options).Run();
}

}  // namespace scrim::gpu
