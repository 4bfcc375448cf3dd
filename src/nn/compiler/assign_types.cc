#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "nn/compiler/lowered.h"
#include "nn/kernels/view.h"
#include "nn/quantisation/quantised_conv.h"

namespace scrim::nn {
namespace {

class TypeAssigner {
 public:
  TypeAssigner(Lowered& lowered, const std::vector<graph::Precision>& precision)
      : lowered_(lowered), precision_(precision) {}

  Status Run() {
    FindGatedSigmoids();
    std::vector<Instruction> old = std::move(lowered_.instructions);
    lowered_.instructions.clear();
    for (Instruction& i : old) {
      i.int8 = Fits(i);
      SCRIM_RETURN_IF_ERROR(i.int8 ? UseBytes(i) : UseFloats(i));
      lowered_.instructions.push_back(std::move(i));
    }
    return {};
  }

 private:
  const Value& value(int v) const { return lowered_.value(v); }
  const graph::Precision* PrecisionOf(int v) const {
    const int node = value(v).node;
    return node < 0 ? nullptr : &precision_[static_cast<size_t>(node)];
  }
  bool Wanted(const Instruction& i) const {
    for (int v : i.outputs)
      if (v >= 0) {
        const graph::Precision* p = PrecisionOf(v);
        if (p == nullptr || !p->int8) return false;
      }
    return true;
  }
  // Whether the value is, or can be turned into, bytes.
  bool HasBytes(int v) const {
    const graph::Precision* p = PrecisionOf(v);
    return value(v).is_bytes() || (p != nullptr && p->scale > 0.f);
  }
  bool IsUniform(int v) const { return !value(v).is_bytes() || value(v).bytes.uniform(); }
  bool StartsAtZero(int v) const { return PrecisionOf(v)->zero_point == 0; }

  // Sigmoids that end the producer of a gate: the producer gives bytes of what comes before, the gate looks the sigmoid
  // up.
  void FindGatedSigmoids() {
    const std::vector<int> reads = CountReads(lowered_);
    for (const Instruction& gate : lowered_.instructions)
      if (gate.kind == Kind::kGate && Wanted(gate) && HasBytes(gate.inputs[0]) &&
          value(gate.inputs[0]).shape.c > kQuad && gate.outputs[0] != lowered_.output &&
          reads[static_cast<size_t>(gate.inputs[1])] == 1)
        gated_[gate.inputs[1]] = false;
  }
  bool EndsWithGatedSigmoid(const Instruction& i) const {
    return i.activation == Activation::kSigmoid && i.before_sigmoid >= 0 && gated_.count(i.outputs[0]) != 0 &&
           HasBytes(i.before_sigmoid);
  }

  bool ConvFits(const Instruction& i) const {
    const graph::ConvAttributes& a = i.conv;
    if (i.step.empty() || !HasBytes(i.inputs[0]) || (a.groups > 1 && i.kernel != ConvKernel::kDepthwise)) return false;
    if (i.residual >= 0 &&
        (i.relu_before_residual || !HasBytes(i.residual) || !IsUniform(i.residual) || i.kernel != ConvKernel::kGemm))
      return false;
    const bool planar = i.kernel == ConvKernel::kPlanar;
    if (i.kernel == ConvKernel::kDepthwise && a.out_channels <= kQuad) return false;
    if (i.outputs[0] == lowered_.output) return planar && a.out_channels <= kQuad && i.activation != Activation::kRelu;
    if (planar && a.out_channels > 4) return false;
    if (i.activation == Activation::kRelu) return StartsAtZero(i.outputs[0]);
    return i.activation == Activation::kNone || EndsWithGatedSigmoid(i);
  }
  bool GateFits(const Instruction& i) const {
    const int gate = i.inputs[1];
    if (!HasBytes(i.inputs[0]) || value(i.inputs[0]).shape.c <= kQuad) return false;
    const auto sigmoid = gated_.find(gate);
    if (sigmoid != gated_.end() && sigmoid->second) return true;
    if (!value(gate).is_bytes()) return false;
    const Bytes& b = value(gate).bytes;  // the kernel multiplies by less than 1
    return b.uniform() && b.scale[0] * static_cast<float>(std::max<int>(b.zero_point[0], 255 - b.zero_point[0])) < 1.f;
  }
  bool Fits(const Instruction& i) const {
    if (!Wanted(i)) return false;
    if (i.kind == Kind::kConv) return ConvFits(i);
    if (i.outputs[0] == lowered_.output) return false;
    const bool inputs = std::all_of(i.inputs.begin(), i.inputs.end(), [&](int v) { return HasBytes(v); });
    switch (i.kind) {
      case Kind::kResize:
        return inputs && (i.activation == Activation::kNone || EndsWithGatedSigmoid(i));
      case Kind::kGate:
        return GateFits(i);
      case Kind::kConcat:
        return inputs;
      case Kind::kGlobalAvgPool:
        return inputs && i.inputs.size() == 1 && IsUniform(i.inputs[0]);
      case Kind::kChannelStats:
        return inputs && IsUniform(i.inputs[0]);
      case Kind::kToPlanar:
        return inputs;
      default:
        return false;
    }
  }

  Bytes Measured(int v) const {
    const graph::Precision& p = *PrecisionOf(v);
    const auto channels = static_cast<size_t>(value(v).shape.c);
    return {std::vector<float>(channels, p.scale), std::vector<uint8_t>(channels, p.zero_point)};
  }

  // The value in the other type, changed at most once.
  int As(bool bytes, int v) {
    if (v < 0 || value(v).is_bytes() == bytes) return v;
    const auto found = changed_.find(v);
    if (found != changed_.end()) return found->second;
    Instruction change;
    change.kind = bytes ? Kind::kQuantise : Kind::kDequantise;
    change.name = value(v).node == 0 ? "input" : "node " + std::to_string(value(v).node);
    change.name += bytes ? ":int8" : ":f32";
    change.inputs = {v};
    change.outputs = {lowered_.AddValueLike(v)};
    change.int8 = true;
    lowered_.value(change.outputs[0]).bytes = bytes ? Measured(v) : Bytes();
    changed_[v] = change.outputs[0];
    lowered_.instructions.push_back(change);
    return change.outputs[0];
  }

  Status UseFloats(Instruction& i) {
    for (int& v : i.inputs) v = As(false, v);
    i.residual = As(false, i.residual);
    return {};
  }

  Status UseBytes(Instruction& i) {
    for (int& v : i.inputs) v = As(true, v);
    i.residual = As(true, i.residual);
    Bytes& out = lowered_.value(i.outputs[0] >= 0 ? i.outputs[0] : i.outputs[1]).bytes;
    switch (i.kind) {
      case Kind::kConv:
        SCRIM_RETURN_IF_ERROR(ValidateSteps(i, value(i.inputs[0])));
        if (i.outputs[0] != lowered_.output) out = Measured(EndSigmoidLater(i));
        return {};
      case Kind::kResize:
        EndSigmoidLater(i);
        [[fallthrough]];
      case Kind::kToPlanar:
        out = value(i.inputs[0]).bytes;
        return {};
      case Kind::kGate:
        i.sigmoid_gate = gated_.count(i.inputs[1]) != 0 && gated_[i.inputs[1]];
        out = value(i.inputs[0]).bytes;
        return {};
      case Kind::kConcat:
        for (int v : i.inputs) {
          const Bytes& in = value(v).bytes;
          out.scale.insert(out.scale.end(), in.scale.begin(), in.scale.end());
          out.zero_point.insert(out.zero_point.end(), in.zero_point.begin(), in.zero_point.end());
        }
        return {};
      default:
        for (int v : i.outputs)
          if (v >= 0) lowered_.value(v).bytes = Measured(v);
        return {};
    }
  }

  // The value whose range the instruction's bytes have.
  int EndSigmoidLater(Instruction& i) {
    if (i.activation != Activation::kSigmoid) return i.outputs[0];
    i.activation = Activation::kNone;
    gated_[i.outputs[0]] = true;
    return i.before_sigmoid;
  }

  Lowered& lowered_;
  const std::vector<graph::Precision>& precision_;
  std::map<int, int> changed_;
  std::map<int, bool> gated_;  // gates that nothing else reads; whether they hold bytes before the sigmoid
};

}  // namespace

Status AssignTypes(Lowered& lowered, const std::vector<graph::Precision>& precision) {
  if (precision.empty()) return {};
  return TypeAssigner(lowered, precision).Run();
}

}  // namespace scrim::nn
