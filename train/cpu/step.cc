#include "cpu/step.h"

#include "cpu/batch_norm.h"
#include "cpu/convolution.h"
#include "cpu/elementwise.h"
#include "cpu/pointwise.h"
#include "cpu/resize.h"

namespace scrim::train::cpu {
namespace {

using graph::Op;

class PointwiseStep : public Step {
 public:
  explicit PointwiseStep(const Operands& o)
      : o_(o), product_(o.x[0].channels, o.y.channels, o.x[0].stride, o.dy.data == nullptr ? 0 : o.dy.stride) {}
  void Forward(const Mode&) override { product_.Forward(o_.x[0], o_.weights.weight, o_.weights.bias, o_.y); }
  void Backward(const Mode&) override {
    if (o_.weights.bias != nullptr) AddBiasGradient(o_.dy, o_.weights.bias_gradient);
    product_.Backward(o_.x[0], o_.dy, o_.weights.weight, o_.weights.weight_gradient, o_.dx[0].to, o_.dx[0].add);
  }

 private:
  const Operands o_;
  const Pointwise product_;
};

class ConvolutionStep : public Step {
 public:
  ConvolutionStep(const graph::ConvAttributes& conv, const Operands& o, float* const* scratch)
      : o_(o), convolution_(conv, o.x[0].channels, o.x[0].n, o.x[0].h, o.x[0].w, o.y.h, o.y.w), scratch_(scratch) {}
  void Forward(const Mode&) override {
    convolution_.Forward(o_.x[0], o_.weights.weight, o_.weights.bias, o_.y, *scratch_);
  }
  void Backward(const Mode&) override {
    if (o_.weights.bias != nullptr) AddBiasGradient(o_.dy, o_.weights.bias_gradient);
    convolution_.Backward(o_.x[0], o_.dy, o_.weights.weight, o_.weights.weight_gradient, o_.dx[0].to, o_.dx[0].add,
                          *scratch_);
  }
  size_t scratch_size() const override { return convolution_.scratch_size(); }

 private:
  const Operands o_;
  const Convolution convolution_;
  float* const* scratch_;
};

class BatchNormStep : public Step {
 public:
  BatchNormStep(bool relu, const Operands& o) : o_(o), norm_(o.x[0].channels, relu) {}
  void Forward(const Mode& mode) override { norm_.Forward(o_.x[0], weights(), mode.running, mode.momentum, o_.y); }
  void Backward(const Mode& mode) override {
    norm_.Backward(o_.x[0], o_.dy, weights(), mode.running, o_.dx[0].to, o_.dx[0].add);
  }

 private:
  BatchNormWeights weights() const {
    const NodeWeights& w = o_.weights;
    return {w.weight, w.bias, w.mean, w.variance, w.weight_gradient, w.bias_gradient};
  }
  const Operands o_;
  BatchNorm norm_;
};

class ResizeStep : public Step {
 public:
  ResizeStep(bool align_corners, const Operands& o) : o_(o), resize_(o.x[0].h, o.x[0].w, o.y.h, o.y.w, align_corners) {}
  void Forward(const Mode&) override { resize_.Forward(o_.x[0], o_.y); }
  void Backward(const Mode&) override {
    if (o_.dx[0].to.data != nullptr) resize_.Backward(o_.dy, o_.dx[0].to, o_.dx[0].add);
  }

 private:
  const Operands o_;
  Resize resize_;
};

// Operations without a state.
class PlainStep : public Step {
 public:
  PlainStep(Op op, const Operands& o) : op_(op), o_(o) {}

  void Forward(const Mode& mode) override {
    const Tensor &x = o_.x[0], &y = o_.y;
    switch (op_) {
      case Op::kRelu:
        return Relu(x, y);
      case Op::kSigmoid:
        return Sigmoid(x, y);
      case Op::kHardSwish:
        return HardSwish(x, y);
      case Op::kAdd:
        return Sum(x, o_.x[1], y);
      case Op::kMul:
        return Multiply(x, o_.x[1], y);
      case Op::kGlobalAvgPool:
        return GlobalMean(x, y);
      case Op::kChannelMean:
        return ChannelMean(x, y);
      case Op::kChannelMax:
        return ChannelMax(x, y);
      case Op::kDropout:
        return mode.dropout.empty() ? Copy(x, y) : ScaleChannels(x, mode.dropout[size_t(o_.dropout)].data(), y);
      case Op::kConcat:
        return ForParts(y, [&](size_t i, const Tensor& part) {
          if (o_.x[i].data != part.data) Copy(o_.x[i], part);
        });
      default:
        return;
    }
  }

  void Backward(const Mode& mode) override {
    const Tensor &x = o_.x[0], &y = o_.y, &dy = o_.dy;
    const GradientTarget& dx = o_.dx[0];
    switch (op_) {
      case Op::kAdd:
        for (const GradientTarget& target : o_.dx) Give(dy, target);
        return;
      case Op::kMul:
        return MultiplyBackward(x, o_.x[1], dy, dx.to, dx.add, o_.dx[1].to, o_.dx[1].add);
      case Op::kConcat:
        return ForParts(dy, [&](size_t i, const Tensor& part) { Give(part, o_.dx[i]); });
      default:
        break;
    }
    if (dx.to.data == nullptr) return;
    switch (op_) {
      case Op::kGlobalAvgPool:
        return GlobalMeanBackward(dy, dx.to, dx.add);
      case Op::kChannelMean:
        return ChannelMeanBackward(dy, dx.to, dx.add);
      case Op::kChannelMax:
        return ChannelMaxBackward(x, y, dy, dx.to, dx.add);
      case Op::kRelu:
        ReluBackward(y, dy);
        return Give(dy, dx);
      case Op::kSigmoid:
        SigmoidBackward(y, dy);
        return Give(dy, dx);
      case Op::kHardSwish:
        HardSwishBackward(x, dy);
        return Give(dy, dx);
      case Op::kDropout:
        if (!mode.dropout.empty()) ScaleChannels(dy, mode.dropout[size_t(o_.dropout)].data(), dy);
        return Give(dy, dx);
      default:
        return;
    }
  }

 private:
  static void Give(const Tensor& d, const GradientTarget& target) {
    if (target.to.data == nullptr || target.to.data == d.data) return;
    target.add ? AddTo(d, target.to) : Copy(d, target.to);
  }
  // Calls f(i, part) for the part of a concatenation's value or gradient that input i is.
  template <typename F>
  void ForParts(Tensor whole, F f) const {
    for (size_t i = 0; i < o_.x.size(); ++i) {
      whole.channels = o_.x[i].channels;
      f(i, whole);
      whole.data += size_t(whole.channels) * whole.stride;
    }
  }
  const Op op_;
  const Operands o_;
};

}  // namespace

std::unique_ptr<Step> MakeStep(const graph::Node& node, bool relu, Operands operands, float* const* scratch) {
  const graph::ConvAttributes& a = node.conv;
  switch (node.op) {
    case Op::kConv:
      if (a.kernel_h == 1 && a.kernel_w == 1 && a.stride == 1 && a.groups == 1 &&
          a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0)
        return std::make_unique<PointwiseStep>(operands);
      return std::make_unique<ConvolutionStep>(a, operands, scratch);
    case Op::kBatchNorm:
      return std::make_unique<BatchNormStep>(relu, operands);
    case Op::kResize:
      return std::make_unique<ResizeStep>(node.align_corners, operands);
    default:
      return std::make_unique<PlainStep>(node.op, operands);
  }
}

}  // namespace scrim::train::cpu
