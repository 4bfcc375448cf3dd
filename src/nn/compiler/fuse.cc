#include <algorithm>

#include "nn/compiler/lowered.h"

namespace scrim::nn {
namespace {

void RemoveEmpty(Lowered& lowered) {
  auto& all = lowered.instructions;
  all.erase(std::remove_if(all.begin(), all.end(), [](const Instruction& i) { return i.outputs.empty(); }), all.end());
}

// Moves instructions into later ones. The earlier one must be the only producer of a value that nothing else reads, so
// running it later, where its reader stands, changes nothing for the others.
class Fuser {
 public:
  explicit Fuser(Lowered& lowered)
      : lowered_(lowered), reads_(CountReads(lowered)), producer_(lowered.values.size(), -1) {}

  void Run() {
    auto& all = lowered_.instructions;
    for (size_t i = 0; i < all.size(); ++i) {
      FoldAffine(i) || FuseActivation(i) || FuseAdd(i) || FuseAverage(i) || FuseStats(i);
      for (int output : all[i].outputs)
        if (output >= 0) producer_[static_cast<size_t>(output)] = static_cast<int>(i);
    }
    all.erase(std::remove_if(all.begin(), all.end(), [](const Instruction& i) { return i.outputs.empty(); }),
              all.end());
  }

 private:
  Instruction& at(size_t i) { return lowered_.instructions[i]; }

  // The instruction whose value only instruction i reads, or null.
  Instruction* OwnProducer(int value) {
    const int producer = producer_[static_cast<size_t>(value)];
    if (producer < 0 || reads_[static_cast<size_t>(value)] != 1) return nullptr;
    return &at(static_cast<size_t>(producer));
  }

  // Instruction i becomes what `earlier` is now and keeps its own output; `earlier` is left empty.
  void Replace(size_t i, Instruction& earlier) {
    Instruction merged = std::move(earlier);
    merged.name += "+" + at(i).name;
    merged.outputs = at(i).outputs;
    earlier = {};
    at(i) = std::move(merged);
  }

  static bool IsAffine(const Instruction& i) {
    const graph::ConvAttributes& a = i.conv;
    return i.kind == Kind::kConv && a.groups == a.out_channels && i.weight.size() == static_cast<size_t>(a.groups) &&
           a.stride == 1 && a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0 && i.residual < 0;
  }

  bool FoldAffine(size_t i) {
    if (!IsAffine(at(i))) return false;
    Instruction* conv = OwnProducer(at(i).inputs[0]);
    if (conv == nullptr || conv->kind != Kind::kConv || conv->activation != Activation::kNone || conv->residual >= 0)
      return false;
    const std::vector<float> scale = at(i).weight, offset = at(i).bias;
    const size_t depth = conv->weight.size() / scale.size();
    for (size_t o = 0; o < scale.size(); ++o) {
      for (size_t k = 0; k < depth; ++k) conv->weight[o * depth + k] *= scale[o];
      conv->bias[o] = conv->bias[o] * scale[o] + offset[o];
    }
    const Activation activation = at(i).activation;
    const int64_t macs = at(i).macs;
    Replace(i, *conv);
    at(i).activation = activation;
    at(i).macs += macs;
    return true;
  }

  // All but sigmoids, which not every kernel can end with: those are fused when kernels are known.
  bool FuseActivation(size_t i) {
    const Activation activation = at(i).activation;
    if (at(i).kind != Kind::kActivation || activation == Activation::kSigmoid) return false;
    Instruction* earlier = OwnProducer(at(i).inputs[0]);
    if (earlier == nullptr) return false;
    if (earlier->kind != Kind::kConv && earlier->kind != Kind::kAdd && earlier->kind != Kind::kMul) return false;
    const bool relu_twice = activation == Activation::kRelu && earlier->activation == Activation::kRelu;
    if (earlier->activation != Activation::kNone && !relu_twice) return false;
    std::vector<float> slope = std::move(at(i).slope);
    Replace(i, *earlier);
    at(i).activation = activation;
    at(i).slope = std::move(slope);
    return true;
  }

  bool FuseAdd(size_t i) {
    if (at(i).kind != Kind::kAdd || at(i).inputs[0] == at(i).inputs[1]) return false;
    // Of two candidates the later one: it runs where it stands.
    Instruction* conv = nullptr;
    int residual = -1;
    for (size_t k = 0; k < 2; ++k) {
      Instruction* candidate = OwnProducer(at(i).inputs[k]);
      if (candidate == nullptr || candidate->residual >= 0) continue;
      if (candidate->kind != Kind::kConv && candidate->kind != Kind::kScale) continue;
      const bool limited = candidate->activation == Activation::kRelu && candidate->kind == Kind::kConv;
      if ((candidate->activation != Activation::kNone && !limited) || candidate < conv) continue;
      conv = candidate;
      residual = at(i).inputs[1 - k];
    }
    if (conv == nullptr) return false;
    conv->relu_before_residual = conv->activation == Activation::kRelu;
    conv->activation = Activation::kNone;
    conv->residual = residual;
    Replace(i, *conv);
    return true;
  }

  // The average of a sum that nothing else reads.
  bool FuseAverage(size_t i) {
    if (at(i).kind != Kind::kGlobalAvgPool) return false;
    Instruction* sum = OwnProducer(at(i).inputs[0]);
    if (sum == nullptr || sum->kind != Kind::kAdd || sum->activation != Activation::kNone) return false;
    Replace(i, *sum);
    at(i).kind = Kind::kGlobalAvgPool;
    return true;
  }

  // The mean and the maximum of the same value: the later joins the earlier.
  bool FuseStats(size_t i) {
    if (at(i).kind != Kind::kChannelStats) return false;
    for (size_t k = 0; k < i; ++k) {
      Instruction& other = at(k);
      if (other.kind != Kind::kChannelStats || other.outputs.empty() || other.inputs != at(i).inputs) continue;
      const size_t slot = at(i).outputs[0] >= 0 ? 0 : 1;
      if (other.outputs[slot] >= 0) continue;
      other.outputs[slot] = at(i).outputs[slot];
      other.name += "+" + at(i).name;
      at(i).outputs.clear();
      at(i).inputs.clear();
      return true;
    }
    return false;
  }

  Lowered& lowered_;
  std::vector<int> reads_, producer_;
};

bool IsPointwise(const Instruction& i) {
  const graph::ConvAttributes& a = i.conv;
  return i.kind == Kind::kConv && a.groups == 1 && a.kernel_h * a.kernel_w == 1 && a.stride == 1 &&
         a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0;
}

}  // namespace

void Fuse(Lowered& lowered) { Fuser(lowered).Run(); }

void MoveBeforeResizes(Lowered& lowered) {
  const std::vector<int> reads = CountReads(lowered);
  auto& all = lowered.instructions;
  for (Instruction& conv : all) {
    if (!IsPointwise(conv) || conv.activation != Activation::kNone || conv.residual >= 0) continue;
    const auto resize = std::find_if(all.begin(), all.end(), [&](const Instruction& i) {
      return i.kind == Kind::kResize && i.outputs[0] == conv.inputs[0];
    });
    if (resize == all.end() || reads[static_cast<size_t>(conv.inputs[0])] != 1) continue;
    const graph::Shape small = lowered.value(resize->inputs[0]).shape, large = lowered.value(conv.outputs[0]).shape;
    // More channels to enlarge would cost more than the fewer products save.
    if (small.h * small.w >= large.h * large.w || large.c > small.c) continue;
    std::swap(*resize, conv);
    Instruction &first = *resize, &second = conv;
    const int between = second.outputs[0], output = first.outputs[0];
    lowered.value(between).shape = {large.c, small.h, small.w};
    lowered.value(between).node = -1;
    first.inputs = second.inputs, first.outputs = {between};
    second.inputs = {between}, second.outputs = {output};
    first.macs = first.macs * (small.h * small.w) / (large.h * large.w);
  }
}

void FuseSeparable(Lowered& lowered) {
  // Floats: rows in flight and weights must stay in the first cache together.
  constexpr int kMaxRows = 4096;
  constexpr size_t kMaxWeights = 4096;
  const std::vector<int> reads = CountReads(lowered);
  auto& all = lowered.instructions;
  for (Instruction& pointwise : all) {
    if (!IsPointwise(pointwise) || pointwise.kernel != ConvKernel::kGemm) continue;
    if (pointwise.weight.size() > kMaxWeights) continue;
    const int between = pointwise.inputs[0];
    const auto depthwise = std::find_if(all.begin(), all.end(), [&](const Instruction& i) {
      return i.kind == Kind::kConv && i.kernel == ConvKernel::kDepthwise && i.residual < 0 && i.outputs.size() == 1 &&
             i.outputs[0] == between;
    });
    if (depthwise == all.end() || reads[static_cast<size_t>(between)] != 1) continue;
    if (depthwise->int8 != pointwise.int8) continue;
    graph::Shape rows = lowered.value(between).shape;
    const int fitting = std::max(1, kMaxRows / (rows.w * rows.c));
    if (fitting >= rows.h) continue;
    rows.h = fitting;
    Instruction first = std::move(*depthwise);
    depthwise->outputs.clear();
    pointwise.name = first.name + "+" + pointwise.name;
    pointwise.macs += first.macs;
    pointwise.inputs = first.inputs;
    pointwise.outputs.push_back(lowered.AddValueLike(between));
    lowered.value(pointwise.outputs[1]).shape = rows;
    pointwise.depthwise.push_back(std::move(first));
  }
  RemoveEmpty(lowered);
}

}  // namespace scrim::nn
