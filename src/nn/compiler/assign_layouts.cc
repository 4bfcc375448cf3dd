#include <algorithm>
#include <map>
#include <utility>

#include "nn/compiler/lowered.h"

namespace scrim::nn {
namespace {

using graph::ConvAttributes;

// Planar kernels pay where channels-last ones would leave lanes empty: few output channels, and rows long enough to
// fill vectors.
constexpr int kFewOutputs = 4, kFewInputs = 32, kShortRow = 16;
constexpr int kFewResized = 8;  // channels that are cheaper to turn planar before they are resized than after

enum class Wish { kAny, kPlanar, kChannelsLast };

Wish Combine(Wish a, Wish b) {
  if (a == Wish::kAny) return b;
  if (b == Wish::kAny) return a;
  return a == b ? a : Wish::kChannelsLast;
}

class LayoutAssigner {
 public:
  explicit LayoutAssigner(Lowered& lowered) : lowered_(lowered), wish_(lowered.values.size(), Wish::kAny) {}

  void Run() {
    CollectWishes();
    std::vector<Instruction> old = std::move(lowered_.instructions);
    lowered_.instructions.clear();
    for (Instruction& instruction : old) {
      Assign(instruction);
      lowered_.instructions.push_back(std::move(instruction));
    }
    lowered_.output = In(Layout::kPlanar, lowered_.output);
  }

 private:
  int Channels(int value) const { return lowered_.value(value).shape.c; }
  Layout LayoutOf(int value) const { return lowered_.value(value).layout; }
  bool IsPointwise(const ConvAttributes& a) const {
    return a.kernel_h * a.kernel_w == 1 && a.stride == 1 && a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0;
  }

  // May the planar kernel run it?
  bool FitsPlanar(const Instruction& i) const {
    const ConvAttributes& a = i.conv;
    return a.groups == 1 && a.stride == 1 && a.out_channels <= kFewOutputs && Channels(i.inputs[0]) <= kFewInputs &&
           EndsOnPlanes(i);
  }
  // The matrix product and the depthwise kernel can end with every activation but the sigmoid, those that write planes
  // with none but ReLU and the sigmoid.
  bool EndsOnPlanes(const Instruction& i) const {
    return i.activation != Activation::kHardSwish && i.activation != Activation::kPRelu;
  }
  bool WantsPlanar(const Instruction& i) const {
    const int width = lowered_.value(i.outputs[0]).shape.w;
    return FitsPlanar(i) && !IsPointwise(i.conv) && (width >= kShortRow || Channels(i.inputs[0]) <= 2);
  }

  // A head of 1×1 behind few channels, at the output's size: only planar kernels end an int8 network in bytes.
  bool IsHeadOfFewPlanes(const Instruction& i) const {
    const graph::Shape& made = lowered_.value(i.outputs[0]).shape;
    return made == lowered_.value(lowered_.output).shape && made.c == 1 && IsPointwise(i.conv) && FitsPlanar(i) &&
           Channels(i.inputs[0]) <= kFewOutputs;
  }

  // Backwards: which layout the readers of a value would like.
  void CollectWishes() {
    wish_[static_cast<size_t>(lowered_.output)] = Wish::kPlanar;
    for (size_t k = lowered_.instructions.size(); k-- > 0;) {
      const Instruction& i = lowered_.instructions[k];
      for (int value : ReadsOf(i)) {
        Wish& wish = wish_[static_cast<size_t>(value)];
        wish = Combine(wish, WishOf(i, value));
      }
    }
  }

  Wish WishOf(const Instruction& i, int value) const {
    const Wish behind = i.outputs[0] < 0 ? Wish::kAny : wish_[static_cast<size_t>(i.outputs[0])];
    switch (i.kind) {
      case Kind::kConv:
        if (WantsPlanar(i) || IsHeadOfFewPlanes(i)) return Wish::kPlanar;
        return FitsPlanar(i) && IsPointwise(i.conv) ? Wish::kAny : Wish::kChannelsLast;
      case Kind::kResize:
        return behind == Wish::kPlanar && Channels(value) > kFewResized ? Wish::kChannelsLast : behind;
      case Kind::kConcat:
      case Kind::kAdd:
      case Kind::kMul:
      case Kind::kActivation:
        return behind;
      default:
        return Channels(value) == 1 ? Wish::kAny : Wish::kChannelsLast;
    }
  }

  // Forwards: the layout of what an instruction of no layout of its own produces.
  Layout Choose(const Instruction& i) const {
    const int output = i.outputs[0];
    if (Channels(output) == 1) return Layout::kPlanar;
    const Wish wish = wish_[static_cast<size_t>(output)];
    if (wish != Wish::kAny) return wish == Wish::kPlanar ? Layout::kPlanar : Layout::kChannelsLast;
    const bool planar =
        std::all_of(i.inputs.begin(), i.inputs.end(), [&](int value) { return LayoutOf(value) == Layout::kPlanar; });
    return planar ? Layout::kPlanar : Layout::kChannelsLast;
  }

  // The value in another layout, changed at most once.
  int In(Layout layout, int value) {
    if (LayoutOf(value) == layout) return value;
    const auto found = changed_.find(value);
    if (found != changed_.end()) return found->second;
    Instruction change;
    change.kind = layout == Layout::kPlanar ? Kind::kToPlanar : Kind::kToChannelsLast;
    change.name = NameOf(value) + (layout == Layout::kPlanar ? ":planar" : ":channels_last");
    change.inputs = {value};
    change.outputs = {lowered_.AddValueLike(value)};
    lowered_.value(change.outputs[0]).layout = layout;
    changed_[value] = change.outputs[0];
    lowered_.instructions.push_back(change);
    return change.outputs[0];
  }

  std::string NameOf(int value) const {
    for (const Instruction& i : lowered_.instructions)
      if (std::find(i.outputs.begin(), i.outputs.end(), value) != i.outputs.end()) return i.name;
    return "input";
  }

  void AssignAll(Instruction& i, Layout layout) {
    for (int& value : i.inputs) value = In(layout, value);
    for (int value : i.outputs)
      if (value >= 0) lowered_.value(value).layout = layout;
  }

  void AssignConv(Instruction& i) {
    int& input = i.inputs[0];
    const int channels = Channels(input);
    const ConvAttributes& a = i.conv;
    Layout out = Layout::kChannelsLast;
    if (a.groups > 1 && a.groups == channels && a.groups == a.out_channels) {
      i.kernel = ConvKernel::kDepthwise;
    } else if (WantsPlanar(i) || (FitsPlanar(i) && LayoutOf(input) == Layout::kPlanar)) {
      i.kernel = ConvKernel::kPlanar;
      out = Layout::kPlanar;
    } else if (a.groups == 1 && a.out_channels == 1 && IsPointwise(a) && EndsOnPlanes(i)) {
      i.kernel = ConvKernel::kDot;
      out = Layout::kPlanar;
    } else {
      i.kernel = ConvKernel::kGemm;
    }
    // The matrix product reads single floats: one plane is as good as a picture of one channel.
    const bool reads_plane = i.kernel == ConvKernel::kGemm && channels == 1;
    if (!reads_plane) input = In(i.kernel == ConvKernel::kPlanar ? Layout::kPlanar : Layout::kChannelsLast, input);
    if (i.residual >= 0) i.residual = In(out, i.residual);
    lowered_.value(i.outputs[0]).layout = out;
  }

  void Assign(Instruction& i) {
    switch (i.kind) {
      case Kind::kConv:
        return AssignConv(i);
      case Kind::kGate:
        i.inputs[0] = In(Layout::kChannelsLast, i.inputs[0]);
        i.inputs[1] = In(Layout::kPlanar, i.inputs[1]);
        return;
      case Kind::kChannelStats:
        i.inputs[0] = In(Layout::kChannelsLast, i.inputs[0]);
        for (int value : i.outputs)
          if (value >= 0) lowered_.value(value).layout = Layout::kPlanar;
        return;
      case Kind::kScale:
        if (i.residual >= 0) i.residual = In(Layout::kChannelsLast, i.residual);
        return AssignAll(i, Layout::kChannelsLast);
      case Kind::kGlobalAvgPool:
      case Kind::kMaxPool:
      case Kind::kSelect:
        return AssignAll(i, Layout::kChannelsLast);
      case Kind::kDepthToSpace:
        i.inputs[0] = In(Layout::kChannelsLast, i.inputs[0]);
        if (Channels(i.outputs[0]) == 1) lowered_.value(i.outputs[0]).layout = Layout::kPlanar;
        return;
      default:
        return AssignAll(i, Choose(i));
    }
  }

  Lowered& lowered_;
  std::vector<Wish> wish_;
  std::map<int, int> changed_;
};

bool EndsWithSigmoid(const Lowered& lowered, const Instruction& i) {
  if (i.activation != Activation::kNone) return false;
  switch (i.kind) {
    case Kind::kConv:
      return i.kernel == ConvKernel::kPlanar || i.kernel == ConvKernel::kDot;
    case Kind::kResize:
    case Kind::kDepthToSpace:
      return lowered.value(i.outputs[0]).layout == Layout::kPlanar;
    case Kind::kAdd:
    case Kind::kMul:
      return true;
    default:
      return false;
  }
}

void FuseSigmoids(Lowered& lowered) {
  const std::vector<int> reads = CountReads(lowered);
  std::map<int, size_t> producer;
  auto& all = lowered.instructions;
  for (size_t k = 0; k < all.size(); ++k) {
    Instruction& i = all[k];
    const auto found = i.kind == Kind::kActivation ? producer.find(i.inputs[0]) : producer.end();
    if (found != producer.end() && i.activation == Activation::kSigmoid &&
        reads[static_cast<size_t>(i.inputs[0])] == 1 && EndsWithSigmoid(lowered, all[found->second])) {
      Instruction& earlier = all[found->second];
      earlier.name += "+" + i.name;
      earlier.activation = Activation::kSigmoid;
      earlier.before_sigmoid = earlier.outputs[0];
      earlier.outputs = i.outputs;
      i.outputs.clear();
      producer[earlier.outputs[0]] = found->second;
      continue;
    }
    for (int value : i.outputs)
      if (value >= 0) producer[value] = k;
  }
  all.erase(std::remove_if(all.begin(), all.end(), [](const Instruction& i) { return i.outputs.empty(); }), all.end());
}

}  // namespace

void AssignLayouts(Lowered& lowered) {
  LayoutAssigner(lowered).Run();
  FuseSigmoids(lowered);
}

}  // namespace scrim::nn
