#include "cpu/step.h"

#include <algorithm>

#include "cpu/batch_norm.h"
#include "cpu/convolution.h"
#include "cpu/depthwise.h"
#include "cpu/elementwise.h"
#include "cpu/pointwise.h"
#include "cpu/resize.h"

namespace scrim::train::cpu {
namespace {

using graph::Op;

class PointwiseStep : public Step {
 public:
  PointwiseStep(const Operands& o, float* const* scratch)
      : o_(o),
        product_(o.in[0].x.channels, o.y.channels, o.in[0].x.stride, o.dy.data == nullptr ? 0 : o.dy.stride),
        scratch_(scratch) {}
  void Forward(const Mode&) override {
    product_.Forward(o_.in[0].x, o_.in[0].norm, o_.weights.weight, o_.weights.bias, o_.y, *scratch_);
  }
  void Backward(const Mode&) override {
    if (o_.weights.bias != nullptr) AddBiasGradient(o_.dy, o_.weights.bias_gradient);
    product_.Backward(o_.in[0].x, o_.in[0].norm, o_.dy, o_.weights.weight, o_.weights.weight_gradient, o_.dx[0].to,
                      o_.dx[0].add, *scratch_);
  }
  size_t scratch_size() const override { return product_.scratch_size(); }

 private:
  const Operands o_;
  const Pointwise product_;
  float* const* scratch_;
};

class ConvolutionStep : public Step {
 public:
  ConvolutionStep(const graph::ConvAttributes& conv, const Operands& o, float* const* scratch)
      : o_(o),
        convolution_(conv, o.in[0].x.channels, o.y.n, o.in[0].x.h, o.in[0].x.w, o.y.h, o.y.w),
        scratch_(scratch) {}
  void Forward(const Mode&) override {
    convolution_.Forward(o_.in[0].x, o_.in[0].norm, o_.weights.weight, o_.weights.bias, o_.y, *scratch_);
  }
  void Backward(const Mode&) override {
    if (o_.weights.bias != nullptr) AddBiasGradient(o_.dy, o_.weights.bias_gradient);
    convolution_.Backward(o_.in[0].x, o_.in[0].norm, o_.dy, o_.weights.weight, o_.weights.weight_gradient, o_.dx[0].to,
                          o_.dx[0].add, *scratch_);
  }
  size_t scratch_size() const override { return convolution_.scratch_size(); }

 private:
  const Operands o_;
  const Convolution convolution_;
  float* const* scratch_;
};

class DepthwiseStep : public Step {
 public:
  DepthwiseStep(const graph::ConvAttributes& conv, const Operands& o, float* const* scratch)
      : o_(o),
        taps_(conv.kernel_h * conv.kernel_w),
        depthwise_(conv, o.sums.n, o.in[0].x.h, o.in[0].x.w, o.sums.h, o.sums.w),
        scratch_(scratch) {}

  void Forward(const Mode& mode) override {
    Prepare();
    const Tensor& x = o_.in[0].x;
    for (int c = 0; c < x.channels; ++c) {
      if (o_.before != nullptr) o_.before->Measure(c, x.channel(c), x.count(), mode.running, mode.momentum);
      float* sums = o_.sums.channel(c);
      depthwise_.Forward(SourceOf(x, norm(), c), o_.weights.weight + c * taps_, sums, *scratch_);
      if (o_.after == nullptr) continue;
      o_.after->Measure(c, sums, o_.sums.count(), mode.running, mode.momentum);
      if (o_.y.data != nullptr) o_.after->Forward(c, sums, o_.sums.count(), o_.y.channel(c));
    }
  }

  void Backward(const Mode& mode) override {
    Prepare();
    const Tensor &x = o_.in[0].x, &dx = o_.dx[0].to;
    for (int c = 0; c < x.channels; ++c) {
      const float *d = o_.dy.channel(c), *sums = o_.sums.channel(c);
      ActivationGradient after;
      if (o_.after != nullptr) after = o_.after->Backward(c, sums, d, o_.sums.count(), mode.running);
      float* to = dx.data == nullptr ? nullptr : dx.channel(c);
      depthwise_.Backward(SourceOf(x, norm(), c), {d, sums, o_.after == nullptr ? nullptr : &after},
                          o_.weights.weight + c * taps_, o_.weights.weight_gradient + c * taps_, to, o_.dx[0].add,
                          *scratch_);
      if (o_.before == nullptr) continue;
      const ActivationGradient before = o_.before->Backward(c, x.channel(c), to, x.count(), mode.running);
      ApplyGradient(before, x.channel(c), to, x.count(), false, to);
    }
  }
  size_t scratch_size() const override { return depthwise_.scratch_size(); }

 private:
  const BatchNorm* norm() const { return o_.before != nullptr ? o_.before : o_.in[0].norm; }
  void Prepare() { std::fill_n(*scratch_, depthwise_.scratch_size(), 0.f); }
  const Operands o_;
  const int taps_;
  const Depthwise depthwise_;
  float* const* scratch_;
};

class BatchNormStep : public Step {
 public:
  explicit BatchNormStep(const Operands& o) : o_(o) {}
  void Forward(const Mode& mode) override {
    const Tensor& x = o_.in[0].x;
    for (int c = 0; c < x.channels; ++c) {
      o_.norm->Measure(c, x.channel(c), x.count(), mode.running, mode.momentum);
      if (o_.y.data != nullptr) o_.norm->Forward(c, x.channel(c), x.count(), o_.y.channel(c));
    }
  }
  void Backward(const Mode& mode) override {
    const Tensor &x = o_.in[0].x, &dx = o_.dx[0].to;
    for (int c = 0; c < x.channels; ++c) {
      const float* d = o_.dy.channel(c);
      const ActivationGradient gradient = o_.norm->Backward(c, x.channel(c), d, x.count(), mode.running);
      if (dx.data != nullptr) ApplyGradient(gradient, x.channel(c), d, x.count(), o_.dx[0].add, dx.channel(c));
    }
  }

 private:
  const Operands o_;
};

class ResizeStep : public Step {
 public:
  ResizeStep(bool align_corners, const Operands& o)
      : o_(o), resize_(o.in[0].x.h, o.in[0].x.w, o.y.h, o.y.w, align_corners) {}
  void Forward(const Mode&) override { resize_.Forward(o_.in[0].x, o_.y); }
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
    const Tensor &x = o_.in[0].x, &y = o_.y;
    switch (op_) {
      case Op::kRelu:
        return Relu(x, y);
      case Op::kSigmoid:
        return Sigmoid(x, y);
      case Op::kHardSwish:
        return HardSwish(x, y);
      case Op::kAdd:
        return Sum(x, o_.in[1].x, y);
      case Op::kMul:
        return Multiply(x, o_.in[1].x, y);
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
          if (o_.in[i].x.data != part.data) Copy(o_.in[i].x, part);
        });
      default:
        return;
    }
  }

  void Backward(const Mode& mode) override {
    const Tensor &x = o_.in[0].x, &y = o_.y, &dy = o_.dy;
    const GradientTarget& dx = o_.dx[0];
    switch (op_) {
      case Op::kAdd:
        for (const GradientTarget& target : o_.dx) Give(dy, target);
        return;
      case Op::kMul:
        return MultiplyBackward(x, o_.in[1].x, dy, dx.to, dx.add, o_.dx[1].to, o_.dx[1].add);
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
    for (size_t i = 0; i < o_.in.size(); ++i) {
      whole.channels = o_.in[i].x.channels;
      f(i, whole);
      whole.data += size_t(whole.channels) * whole.stride;
    }
  }
  const Op op_;
  const Operands o_;
};

bool IsPointwise(const graph::ConvAttributes& a) {
  return a.kernel_h == 1 && a.kernel_w == 1 && a.stride == 1 && a.groups == 1 &&
         a.pad_top + a.pad_left + a.pad_bottom + a.pad_right == 0;
}

}  // namespace

bool IsDepthwiseStep(const graph::ConvAttributes& conv, int channels) {
  return channels > 1 && !conv.bias && Depthwise::Supports(conv, channels);
}

std::unique_ptr<Step> MakeStep(const graph::Node& node, Operands operands, float* const* scratch) {
  switch (node.op) {
    case Op::kConv:
      if (IsPointwise(node.conv)) return std::make_unique<PointwiseStep>(operands, scratch);
      if (IsDepthwiseStep(node.conv, operands.in[0].x.channels))
        return std::make_unique<DepthwiseStep>(node.conv, operands, scratch);
      return std::make_unique<ConvolutionStep>(node.conv, operands, scratch);
    case Op::kBatchNorm:
      return std::make_unique<BatchNormStep>(operands);
    case Op::kResize:
      return std::make_unique<ResizeStep>(node.align_corners, operands);
    default:
      return std::make_unique<PlainStep>(node.op, operands);
  }
}

}  // namespace scrim::train::cpu
