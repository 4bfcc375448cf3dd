#include <algorithm>
#include <map>
#include <set>

#include "nn/compiler/lowered.h"
#include "nn/kernels/view.h"

namespace scrim::nn {
namespace {

// Instructions that write exactly their channels; the others write whole groups of kChannelAlign.
bool WritesExactly(const Instruction& i) {
  switch (i.kind) {
    case Kind::kActivation:
    case Kind::kAdd:
    case Kind::kMul:
    case Kind::kSelect:
    case Kind::kDepthToSpace:
    case Kind::kToChannelsLast:
    case Kind::kCopy:
    case Kind::kQuantise:
    case Kind::kDequantise:
      return true;
    default:
      return false;
  }
}

class ConcatPlacer {
 public:
  explicit ConcatPlacer(Lowered& lowered) : lowered_(lowered), reads_(CountReads(lowered)) {}

  void Run() {
    std::vector<Instruction> old = std::move(lowered_.instructions);
    lowered_.instructions.clear();
    for (const Instruction& i : old)
      if (IsAlias(i)) aliased_.insert(i.inputs[0]);
    for (Instruction& i : old) {
      if (IsAlias(i)) {
        lowered_.value(i.outputs[0]).members = i.inputs;
        continue;
      }
      if (i.kind == Kind::kConcat) {
        if (lowered_.value(i.outputs[0]).layout == Layout::kPlanar && !MakesQuad(i)) {
          lowered_.value(i.outputs[0]).members = i.inputs;
        } else {
          Join(i);
        }
        continue;
      }
      for (int value : i.outputs) {
        if (value < 0) continue;
        exact_[value] = WritesExactly(i);
        statistic_[value] = i.kind == Kind::kChannelStats && i.int8;
      }
      lowered_.instructions.push_back(std::move(i));
    }
  }

 private:
  // A channels-last picture of quads is planar already.
  static bool IsAlias(const Instruction& i) { return i.kind == Kind::kToPlanar && i.int8; }

  bool MayBeSlot(int value, int first_channel, bool last) const {
    const Value& v = lowered_.value(value);
    if (statistic_.count(value) != 0 && statistic_.at(value)) return true;
    if (value == lowered_.input || aliased_.count(value) != 0 || v.joined >= 0 || v.gapless ||
        v.layout != Layout::kChannelsLast)
      return false;
    const auto exact = exact_.find(value);
    if (exact == exact_.end()) return false;
    if (exact->second) return true;
    return first_channel % kChannelAlign == 0 && (last || v.shape.c % kChannelAlign == 0);
  }

  void Join(const Instruction& concat) {
    const int joined = concat.outputs[0];
    int channel = 0;
    bool exact = true;
    for (size_t k = 0; k < concat.inputs.size(); ++k) {
      int value = concat.inputs[k];
      if (!MayBeSlot(value, channel, k + 1 == concat.inputs.size())) {
        Instruction copy;
        copy.kind = Kind::kCopy;
        copy.name = concat.name;
        copy.inputs = {value};
        copy.int8 = lowered_.value(value).is_bytes();
        value = lowered_.AddValueLike(value);
        copy.outputs = {value};
        exact_[value] = true;
        lowered_.instructions.push_back(copy);
      }
      exact = exact && exact_[value];
      lowered_.value(value).joined = joined;
      lowered_.value(value).first_channel = channel;
      channel += lowered_.value(value).shape.c;
    }
    exact_[joined] = exact;
  }

  // Bytes of statistics, written one by one, that nothing but the concatenation reads: they share a quad.
  bool MakesQuad(const Instruction& concat) const {
    if (concat.inputs.size() > kQuad) return false;
    return std::all_of(concat.inputs.begin(), concat.inputs.end(), [&](int value) {
      const auto found = statistic_.find(value);
      return found != statistic_.end() && found->second && reads_[static_cast<size_t>(value)] == 1;
    });
  }

  Lowered& lowered_;
  std::vector<int> reads_;
  std::set<int> aliased_;  // pictures that are read as quads, too
  std::map<int, bool> statistic_;
  std::map<int, bool> exact_;  // how the producer of a value writes; the graph's input has none
};

void Grow(Border& border, const Border& other) {
  border.top = std::max(border.top, other.top);
  border.left = std::max(border.left, other.left);
  border.bottom = std::max(border.bottom, other.bottom);
  border.right = std::max(border.right, other.right);
}

Border BorderOf(const graph::ConvAttributes& a, const graph::Shape& in, const graph::Shape& out) {
  auto behind = [&](int outputs, int kernel, int pad, int inputs) {
    return std::max(0, (outputs - 1) * a.stride + a.dilation * (kernel - 1) - pad - (inputs - 1));
  };
  return {a.pad_top, a.pad_left, behind(out.h, a.kernel_h, a.pad_top, in.h),
          behind(out.w, a.kernel_w, a.pad_left, in.w)};
}

void SetBorders(Lowered& lowered) {
  for (const Instruction& i : lowered.instructions) {
    if (i.kind != Kind::kConv) continue;
    const int in = i.inputs[0];
    const graph::ConvAttributes& conv = i.depthwise.empty() ? i.conv : i.depthwise[0].conv;
    const Border border = BorderOf(conv, lowered.value(in).shape, lowered.value(i.outputs[0]).shape);
    if (lowered.value(in).layout == Layout::kChannelsLast) {
      Grow(lowered.value(RootOf(lowered, in)).border, border);
    } else {
      for (int owner : PlaneOwners(lowered, in)) Grow(lowered.value(owner).border, border);
    }
  }
}

// The output, which is planar, in place where its planes are its own and have no border, else as a copy.
void FinishOutput(Lowered& lowered) {
  const Value value = lowered.value(lowered.output);
  const auto copy = [&](Kind kind, Layout layout) {
    Instruction i;
    i.kind = kind;
    i.name = "output";
    i.inputs = {lowered.output};
    i.outputs = {lowered.AddValue(value.shape, layout)};
    lowered.output = i.outputs[0];
    lowered.instructions.push_back(i);
  };
  if (!value.members.empty() || value.border.any()) {
    if (value.shape.c == 1) {
      copy(Kind::kCopy, Layout::kPlanar);
    } else {
      copy(Kind::kToChannelsLast, Layout::kChannelsLast);
      copy(Kind::kToPlanar, Layout::kPlanar);
    }
  }
  lowered.value(lowered.output).gapless = true;
}

}  // namespace

void PlaceConcats(Lowered& lowered) { ConcatPlacer(lowered).Run(); }

void FinishValues(Lowered& lowered) {
  SetBorders(lowered);
  FinishOutput(lowered);
}

}  // namespace scrim::nn
