#include "nn/compiler/emit.h"

#include <algorithm>
#include <utility>

#include "nn/compiler/emit_int8.h"
#include "nn/compiler/rows.h"
#include "nn/compiler/step_writer.h"

namespace scrim::nn {
namespace {

using graph::ConvAttributes;

size_t Size(int i) { return static_cast<size_t>(i); }

// Offset of the window of output pixel (0, 0).
const float* Window(const TensorView& in, const ConvAttributes& a) {
  return in.data - Size(a.pad_top) * in.row_stride - Size(a.pad_left) * in.pixel_stride;
}

bool IsPlanar(const Lowered& lowered, int value) { return lowered.value(value).layout == Layout::kPlanar; }

class Emitter : StepWriter {
 public:
  Emitter(const Lowered& lowered, const Storage& storage, Target target, int threads, Constants& constants)
      : StepWriter(lowered, storage, target, threads, constants) {}

  std::vector<ExecutableStep> Run() {
    std::vector<ExecutableStep> steps;
    for (size_t i = 0; i < lowered_.instructions.size(); ++i) {
      const Instruction& instruction = lowered_.instructions[i];
      step_ = {};
      step_.name = instruction.name;
      step_.macs = instruction.macs;
      step_.parts.resize(1);
      for (const BorderFill& border : storage_.dirty_borders()[i])
        step_.parts[0].push_back([=] { FillBorder(border); });
      if (instruction.int8) {
        EmitInt8(lowered_, storage_, target_, threads_, instruction, constants_, step_);
      } else {
        Emit(instruction);
      }
      steps.push_back(std::move(step_));
    }
    return steps;
  }

 private:
  const AlignedFloats& Keep(AlignedFloats floats) {
    constants_.weight_floats += floats.size();
    constants_.floats.push_back(std::move(floats));
    return constants_.floats.back();
  }
  // The floats, followed by zeros up to `size`.
  const float* Keep(const float* data, size_t count, size_t size) {
    AlignedFloats copy(size);
    std::copy(data, data + count, copy.data());
    return Keep(std::move(copy)).data();
  }
  const Plane* Keep(std::vector<Plane> planes) {
    constants_.planes.push_back(std::move(planes));
    return constants_.planes.back().data();
  }
  const Plane* KeepPlanes(int value) { return Keep(storage_.Planes(value)); }
  const Plane* KeepPlanes(int value, RowRange rows) { return Keep(Rows(storage_.Planes(value), rows)); }

  const Interpolation* Keep(Interpolation interpolation) {
    constants_.interpolations.push_back(std::move(interpolation));
    return &constants_.interpolations.back();
  }

  template <typename Args>
  void SetLimits(const Instruction& i, Args& args) {
    if (i.relu_before_residual) args.low = 0.f;
    if (i.activation == Activation::kRelu) args.low_after = 0.f;
  }
  template <typename Args>
  void SetEnding(const Instruction& i, Args& args) {
    if (i.activation == Activation::kHardSwish) args.ending = Ending::kHardSwish;
    if (i.activation != Activation::kPRelu) return;
    args.ending = Ending::kPRelu;
    args.slope = Keep(i.slope.data(), i.slope.size(), RoundUp(i.slope.size(), kChannelAlign));
  }
  template <typename Args>
  void SetResidualPicture(const Instruction& i, Args& args) {
    if (i.residual < 0) return;
    const TensorView residual = storage_.Picture(i.residual);
    args.residual = residual.data;
    args.residual_row_stride = residual.row_stride;
    args.residual_pixel_stride = residual.pixel_stride;
  }

  // Weights of output channels first .. first + count - 1 as rows in the order of the segments: kernel row, column,
  // channel. in_channels counts all that the segments hold; the weights of other groups' channels are zero.
  std::vector<float> RowsOfWeights(const Instruction& i, int first, int count, int in_channels, bool all_groups) {
    const ConvAttributes& a = i.conv;
    const int depth = static_cast<int>(i.weight.size()) / (a.out_channels * a.kernel_h * a.kernel_w);
    const int taps = a.kernel_h * a.kernel_w;
    std::vector<float> rows(Size(count * taps * in_channels));
    for (int o = 0; o < count; ++o) {
      const int begin = all_groups ? (first + o) / (a.out_channels / a.groups) * depth : 0;
      for (int c = 0; c < depth; ++c)
        for (int t = 0; t < taps; ++t)
          rows[Size((o * taps + t) * in_channels + begin + c)] = i.weight[Size(((first + o) * depth + c) * taps + t)];
    }
    return rows;
  }

  // Runs of floats that a window consists of. Where pixels lie side by side a row of the kernel is one run.
  void SetSegments(const ConvAttributes& a, const TensorView& in, int channels, ConvGemmArgs& args) {
    const bool rows = a.dilation == 1 && Size(channels) == in.pixel_stride;
    std::vector<size_t> segments;
    for (int ky = 0; ky < a.kernel_h; ++ky)
      for (int kx = 0; kx < (rows ? 1 : a.kernel_w); ++kx)
        segments.push_back(Size(ky * a.dilation) * in.row_stride + Size(kx * a.dilation) * in.pixel_stride);
    constants_.segments.push_back(std::move(segments));
    args.segments = constants_.segments.back().data();
    args.segment_count = constants_.segments.back().size();
    args.segment_length = Size(rows ? channels * a.kernel_w : channels);
  }

  // Of output channels first .. first + out.channels - 1, from the channels of `in`. `merged`: the weights hold groups
  // that are to run as one convolution.
  ConvGemmArgs MakeGemm(const Instruction& i, const TensorView& in, const TensorView& out, int first, bool merged) {
    const ConvAttributes& a = i.conv;
    ConvGemmArgs args;
    args.in = Window(in, a);
    args.in_row_stride = in.row_stride * Size(a.stride);
    args.in_pixel_stride = in.pixel_stride * Size(a.stride);
    SetSegments(a, in, in.channels, args);
    args.out = out;
    SetResidualPicture(i, args);
    if (args.residual != nullptr) args.residual += first;
    SetLimits(i, args);
    SetEnding(i, args);
    if (args.slope != nullptr) args.slope += first;
    constants_.blocks.push_back(SplitColumns(out.channels, target_));
    const std::vector<ColumnBlock>& blocks = constants_.blocks.back();
    args.blocks = blocks.data();
    args.block_count = blocks.size();
    const std::vector<float> rows = RowsOfWeights(i, first, out.channels, in.channels, merged);
    const int depth = static_cast<int>(args.segment_count * args.segment_length);
    args.weights = Keep(PackColumns(rows.data(), out.channels, depth, blocks)).data();
    args.bias = Keep(i.bias.data() + first, Size(out.channels), RoundUp(Size(out.channels), kChannelAlign));
    return args;
  }

  // Groups run one by one where each writes whole groups of kChannelAlign channels, else as one convolution whose
  // weights are mostly zeros.
  void EmitGemm(const Instruction& i) {
    const ConvAttributes& a = i.conv;
    const bool one_by_one = a.groups > 1 && a.out_channels / a.groups % kChannelAlign == 0;
    const int parts = one_by_one ? a.groups : 1;
    TensorView in = storage_.Picture(i.inputs[0]), out = storage_.Picture(i.outputs[0]);
    in.channels /= parts;
    out.channels /= parts;
    for (int part = 0; part < parts; ++part) {
      const ConvGemmArgs args = MakeGemm(i, in, out, part * out.channels, a.groups > 1 && !one_by_one);
      Split(SelectConvGemm(target_), i.outputs[0], [&](RowRange rows) {
        ConvGemmArgs some = Rows(args, rows);
        Flatten(some);
        return some;
      });
      in.data += in.channels;
      out.data += out.channels;
    }
    Name("gemm " + Describe(a), i);
  }

  DepthwiseArgs MakeDepthwise(const Instruction& i, const TensorView& out) {
    const ConvAttributes& a = i.conv;
    const TensorView in = storage_.Picture(i.inputs[0]);
    DepthwiseArgs args;
    args.in = Window(in, a);
    args.in_row_stride = in.row_stride;
    args.in_pixel_stride = in.pixel_stride;
    args.kernel_h = a.kernel_h, args.kernel_w = a.kernel_w, args.stride = a.stride, args.dilation = a.dilation;
    args.out = out;
    SetResidualPicture(i, args);
    SetLimits(i, args);
    SetEnding(i, args);
    const size_t channels = RoundUp(Size(a.out_channels), kChannelAlign), taps = Size(a.kernel_h * a.kernel_w);
    AlignedFloats weights(taps * channels);
    for (size_t c = 0; c < Size(a.out_channels); ++c)
      for (size_t t = 0; t < taps; ++t) weights[t * channels + c] = i.weight[c * taps + t];
    args.weights = Keep(std::move(weights)).data();
    args.bias = Keep(i.bias.data(), i.bias.size(), channels);
    return args;
  }

  void EmitDepthwise(const Instruction& i) {
    SplitRows(SelectDepthwise(target_), i.outputs[0], MakeDepthwise(i, storage_.Picture(i.outputs[0])));
    Name("depthwise " + Describe(i.conv), i);
  }

  void EmitSeparable(const Instruction& i) {
    const TensorView ring = storage_.Picture(i.outputs[1]);
    const DepthwiseArgs depthwise = MakeDepthwise(i.depthwise[0], ring);
    const ConvGemmArgs gemm = MakeGemm(i, ring, storage_.Picture(i.outputs[0]), 0, false);
    SplitSeparable(
        SeparableArgs<DepthwiseArgs, ConvGemmArgs>{depthwise, gemm, SelectDepthwise(target_), SelectConvGemm(target_)},
        i.outputs[0]);
    Name("depthwise " + Describe(i.depthwise[0].conv) + " + gemm 1x1", i);
  }

  void EmitPlanar(const Instruction& i) {
    const ConvAttributes& a = i.conv;
    std::vector<Plane> in = storage_.Planes(i.inputs[0]);
    for (Plane& plane : in) plane.data -= Size(a.pad_top) * plane.row_stride + Size(a.pad_left);
    ConvPlanarArgs args;
    args.in_planes = lowered_.value(i.inputs[0]).shape.c;
    args.kernel_h = a.kernel_h, args.kernel_w = a.kernel_w, args.dilation = a.dilation;
    args.weights = Keep(PackPlanar(i.weight.data(), a.out_channels, args.in_planes, a.kernel_h, a.kernel_w)).data();
    args.bias = Keep(i.bias.data(), i.bias.size(), i.bias.size());
    args.out_planes = a.out_channels;
    args.width = lowered_.value(i.outputs[0]).shape.w;
    SetLimits(i, args);
    args.sigmoid = i.activation == Activation::kSigmoid;
    Split(SelectConvPlanar(target_), i.outputs[0], [&](RowRange rows) {
      args.in = Keep(Rows(in, rows));
      args.out = KeepPlanes(i.outputs[0], rows);
      if (i.residual >= 0) args.residual = KeepPlanes(i.residual, rows);
      args.height = rows.count;
      return args;
    });
    Name("planar " + Describe(a), i);
  }

  void EmitDot(const Instruction& i) {
    ConvDotArgs args;
    args.weights = Keep(i.weight.data(), i.weight.size(), i.weight.size());
    args.bias = Keep(i.bias.data(), i.bias.size(), i.bias.size());
    args.out_planes = i.conv.out_channels;
    SetLimits(i, args);
    args.sigmoid = i.activation == Activation::kSigmoid;
    Split(SelectConvDot(target_), i.outputs[0], [&](RowRange rows) {
      args.in = Rows(storage_.Picture(i.inputs[0]), rows);
      args.out = KeepPlanes(i.outputs[0], rows);
      if (i.residual >= 0) args.residual = KeepPlanes(i.residual, rows);
      return args;
    });
    Name("dot 1x1", i);
  }

  void EmitResize(const Instruction& i) {
    const graph::Shape &in = lowered_.value(i.inputs[0]).shape, &out = lowered_.value(i.outputs[0]).shape;
    const Interpolation vertical = MakeInterpolation(in.h, out.h, i.align_corners);
    const Interpolation* horizontal = Keep(MakeInterpolation(in.w, out.w, i.align_corners));
    const std::string how = vertical.doubles && horizontal->doubles ? "double" : "resize";
    if (!IsPlanar(lowered_, i.outputs[0])) {
      Split(SelectResize(target_), i.outputs[0], [&](RowRange rows) {
        return ResizeArgs{storage_.Picture(i.inputs[0]), Rows(storage_.Picture(i.outputs[0]), rows),
                          Keep(Rows(vertical, rows)), horizontal};
      });
      return Name(how, i);
    }
    const Plane* planes = KeepPlanes(i.inputs[0]);
    Split(SelectResizePlanar(target_), i.outputs[0], [&](RowRange rows) {
      constants_.floats.emplace_back(ResizePlanarScratch(in.w));
      return ResizePlanarArgs{planes,
                              KeepPlanes(i.outputs[0], rows),
                              out.c,
                              Keep(Rows(vertical, rows)),
                              horizontal,
                              constants_.floats.back().data(),
                              i.activation == Activation::kSigmoid};
    });
    Name(how + " planar", i);
  }

  void EmitElementwise(const Instruction& i, Elementwise operation, const std::string& name) {
    ElementwiseArgs args;
    args.operation = operation;
    args.low = i.activation == Activation::kRelu ? 0.f : kNoLimit;
    args.sigmoid = i.activation == Activation::kSigmoid;
    SetEnding(i, args);
    auto call = [&](const std::vector<TensorView>& in, const TensorView& out) {
      args.a = in.front(), args.b = in.back(), args.out = out;
      SplitRows(SelectElementwise(target_), i.outputs[0], args);
    };
    std::vector<TensorView> in(i.inputs.size());
    if (IsPlanar(lowered_, i.outputs[0])) {
      const graph::Shape& shape = lowered_.value(i.outputs[0]).shape;
      const std::vector<Plane> out = storage_.Planes(i.outputs[0]);
      for (size_t c = 0; c < out.size(); ++c) {
        for (size_t k = 0; k < in.size(); ++k) in[k] = AsPicture(storage_.Planes(i.inputs[k])[c], shape.h, shape.w);
        if (args.slope != nullptr) {  // what the kernel takes for channels are the pixels of a row
          const std::vector<float> row(Size(shape.w), i.slope[c]);
          args.slope = Keep(row.data(), row.size(), row.size());
        }
        call(in, AsPicture(out[c], shape.h, shape.w));
      }
    } else {
      for (size_t k = 0; k < in.size(); ++k) in[k] = storage_.Picture(i.inputs[k]);
      call(in, storage_.Picture(i.outputs[0]));
    }
    Name(name, i);
  }

  void EmitScale(const Instruction& i) {
    ScaleArgs args;
    args.in = storage_.Picture(i.inputs[0]), args.out = storage_.Picture(i.outputs[0]);
    args.gain = storage_.Picture(i.inputs[1]).data;
    SetResidualPicture(i, args);
    SplitRows(SelectScale(target_), i.outputs[0], args);
    Name("scale", i);
  }

  void EmitMaxPool(const Instruction& i) {
    const ConvAttributes& a = i.conv;
    Call(SelectMaxPool(target_), MaxPoolArgs{storage_.Picture(i.inputs[0]), storage_.Picture(i.outputs[0]), a.kernel_h,
                                             a.kernel_w, a.stride, a.pad_top, a.pad_left});
    Name("max " + Describe(a), i);
  }

  void EmitSelect(const Instruction& i) {
    constants_.channels.emplace_back(i.select.begin(), i.select.end());
    SplitRows(
        SelectSelectChannels(target_), i.outputs[0],
        SelectArgs{storage_.Picture(i.inputs[0]), storage_.Picture(i.outputs[0]), constants_.channels.back().data()});
    Name("select", i);
  }

  void EmitDepthToSpace(const Instruction& i) {
    Call(SelectDepthToSpace(target_), DepthToSpaceArgs{storage_.Picture(i.inputs[0]), storage_.Picture(i.outputs[0]),
                                                       i.block, i.activation == Activation::kSigmoid});
    Name("depth to space", i);
  }

  void EmitStats(const Instruction& i) {
    ChannelStatsArgs args;
    args.in = storage_.Picture(i.inputs[0]);
    if (i.outputs[0] >= 0) args.mean = storage_.Planes(i.outputs[0]).front();
    if (i.outputs[1] >= 0) args.max = storage_.Planes(i.outputs[1]).front();
    SplitRows(SelectChannelStats(target_), i.outputs[i.outputs[0] >= 0 ? 0 : 1], args);
    Name("channel stats", i);
  }

  void Emit(const Instruction& i) {
    switch (i.kind) {
      case Kind::kConv:
        switch (i.kernel) {
          case ConvKernel::kGemm:
            return i.depthwise.empty() ? EmitGemm(i) : EmitSeparable(i);
          case ConvKernel::kDepthwise:
            return EmitDepthwise(i);
          case ConvKernel::kPlanar:
            return EmitPlanar(i);
          case ConvKernel::kDot:
            return EmitDot(i);
        }
        return;
      case Kind::kResize:
        return EmitResize(i);
      case Kind::kActivation:
        return EmitElementwise(i, Elementwise::kCopy, "activation");
      case Kind::kCopy:
        return EmitElementwise(i, Elementwise::kCopy, "copy");
      case Kind::kAdd:
        return EmitElementwise(i, Elementwise::kAdd, "add");
      case Kind::kMul:
        return EmitElementwise(i, Elementwise::kMul, "mul");
      case Kind::kGate:
        SplitRows(SelectGate(target_), i.outputs[0],
                  GateArgs{storage_.Picture(i.inputs[0]), storage_.Picture(i.outputs[0]),
                           storage_.Planes(i.inputs[1]).front()});
        return Name("gate", i);
      case Kind::kScale:
        return EmitScale(i);
      case Kind::kMaxPool:
        return EmitMaxPool(i);
      case Kind::kSelect:
        return EmitSelect(i);
      case Kind::kDepthToSpace:
        return EmitDepthToSpace(i);
      case Kind::kGlobalAvgPool:
        Call(SelectGlobalAvgPool(target_),
             GlobalAvgPoolArgs{storage_.Picture(i.inputs[0]), storage_.Picture(i.outputs[0]),
                               i.inputs.size() > 1 ? storage_.Picture(i.inputs[1]) : TensorView()});
        return Name("average", i);
      case Kind::kChannelStats:
        return EmitStats(i);
      case Kind::kToPlanar:
        Split(SelectToPlanar(target_), i.outputs[0], [&](RowRange rows) {
          return LayoutArgs{Rows(storage_.Picture(i.inputs[0]), rows), KeepPlanes(i.outputs[0], rows)};
        });
        return Name("to planar", i);
      case Kind::kToChannelsLast:
        Call(&ToChannelsLast, LayoutArgs{storage_.Picture(i.outputs[0]), KeepPlanes(i.inputs[0])});
        return Name("to channels last", i);
      case Kind::kQuantise:
      case Kind::kDequantise:
      case Kind::kConcat:
        return;  // PlaceConcats left none; what changes types is EmitInt8's
    }
  }
};

}  // namespace

std::vector<ExecutableStep> Emit(const Lowered& lowered, const Storage& storage, Target target, int threads,
                                 Constants& constants) {
  return Emitter(lowered, storage, target, threads, constants).Run();
}

}  // namespace scrim::nn
