#include "nn/compiler/emit_int8.h"

#include <algorithm>
#include <utility>

#include "nn/compiler/step_writer.h"
#include "nn/kernels/conv_gemm_int8.h"
#include "nn/kernels/conv_quads.h"
#include "nn/kernels/depthwise_int8.h"
#include "nn/kernels/dot_product.h"
#include "nn/kernels/gate_int8.h"
#include "nn/kernels/pool_int8.h"
#include "nn/kernels/quantise.h"
#include "nn/kernels/resize_int8.h"
#include "nn/quantisation/quantised_conv.h"

namespace scrim::nn {
namespace {

using graph::ConvAttributes;

size_t Size(int i) { return static_cast<size_t>(i); }

const uint8_t* Window(const ByteView& in, const ConvAttributes& a) {
  return in.data - Size(a.pad_top) * in.row_stride - Size(a.pad_left) * in.pixel_stride;
}

class Int8Emitter : StepWriter {
 public:
  Int8Emitter(const Lowered& lowered, const Storage& storage, Target target, int threads, Constants& constants)
      : StepWriter(lowered, storage, target, threads, constants) {}

  // The step with the instruction's calls behind those that it has.
  ExecutableStep Run(const Instruction& i, ExecutableStep step) {
    step_ = std::move(step);
    Emit(i);
    return std::move(step_);
  }

 private:
  void Emit(const Instruction& i) {
    switch (i.kind) {
      case Kind::kConv:
        if (!i.depthwise.empty()) return EmitSeparable(i);
        if (i.kernel == ConvKernel::kDepthwise) return EmitDepthwise(i);
        return i.kernel == ConvKernel::kPlanar ? EmitQuads(i) : EmitGemm(i);
      case Kind::kResize:
        return EmitResize(i);
      case Kind::kGate:
        return EmitGate(i);
      case Kind::kGlobalAvgPool:
        return EmitAverage(i);
      case Kind::kChannelStats:
        return EmitStats(i);
      case Kind::kQuantise:
        return EmitQuantise(i);
      case Kind::kDequantise:
        return EmitDequantise(i);
      case Kind::kToPlanar:
        return EmitToPlanar(i);
      default:  // AssignTypes lets nothing else run on bytes but what PlaceConcats puts in
        SplitRows(&CopyInt8, i.outputs[0],
                  CopyInt8Args{storage_.ByteViewOf(i.inputs[0]), storage_.ByteViewOf(i.outputs[0])});
        Name("copy", i);
    }
  }

  const Value& value(int v) const { return lowered_.value(v); }
  const Bytes& bytes(int v) const { return lowered_.value(v).bytes; }

  // A copy that stays, with zeros up to `size` values.
  template <typename T>
  const T* Keep(const std::vector<T>& data, size_t size) {
    AlignedFloats copy(RoundUp(size * sizeof(T), sizeof(float)) / sizeof(float));
    constants_.weight_floats += copy.size();
    constants_.floats.push_back(std::move(copy));
    T* to = reinterpret_cast<T*>(constants_.floats.back().data());
    std::copy(data.begin(), data.end(), to);
    return to;
  }
  template <typename T>
  const T* KeepChannels(const std::vector<T>& data) {
    return Keep(data, RoundUp(data.size(), kChannelAlign));
  }
  const Interpolation* KeepTable(int in, int out, bool align_corners) {
    constants_.interpolations.push_back(MakeInterpolation(in, out, align_corners));
    return &constants_.interpolations.back();
  }

  QuantisedConv Numbers(const Instruction& i, int in, int out) const {
    return Quantised(i, bytes(in), value(out).is_bytes() ? &bytes(out) : nullptr,
                     i.residual >= 0 ? &bytes(i.residual) : nullptr);
  }
  template <typename Args>
  void SetNumbers(const QuantisedConv& q, Args& args) {
    args.bias = KeepChannels(q.bias);
    args.multiplier = KeepChannels(q.multiplier);
  }

  // Rows without gaps between them, on both sides, are one long row.
  ConvGemmInt8Args MakeGemm(const Instruction& i, int in_value) {
    const ConvAttributes& a = i.conv;
    const ByteView in = storage_.ByteViewOf(in_value);
    QuantisedConv q = Numbers(i, in_value, i.outputs[0]);
    // Channels of a pixel in groups of four. Where pixels lie side by side a row of the kernel is one run.
    const size_t channels = RoundUp(Size(in.channels), kQuad), taps = Size(a.kernel_h * a.kernel_w);
    const bool rows = a.dilation == 1 && channels == in.pixel_stride;
    std::vector<size_t> segments;
    for (int ky = 0; ky < a.kernel_h; ++ky)
      for (int kx = 0; kx < (rows ? 1 : a.kernel_w); ++kx)
        segments.push_back(Size(ky * a.dilation) * in.row_stride + Size(kx * a.dilation) * in.pixel_stride);
    constants_.segments.push_back(std::move(segments));
    const size_t depth = taps * channels;
    std::vector<int8_t> weights(Size(a.out_channels) * depth);
    for (size_t o = 0; o < Size(a.out_channels); ++o)
      for (size_t c = 0; c < Size(in.channels); ++c)
        for (size_t t = 0; t < taps; ++t)
          weights[o * depth + t * channels + c] = q.weight[(o * Size(in.channels) + c) * taps + t];
    ConvGemmInt8Args args;
    args.in = Window(in, a);
    args.in_row_stride = in.row_stride * Size(a.stride), args.in_pixel_stride = in.pixel_stride * Size(a.stride);
    args.segments = constants_.segments.back().data();
    args.segment_count = constants_.segments.back().size();
    args.segment_length = rows ? channels * Size(a.kernel_w) : channels;
    args.two_groups = FitsTwoGroups(weights.data(), a.out_channels, depth, args.segment_length);
    const std::vector<int8_t> packed = PackColumnsInt8(weights.data(), a.out_channels, depth);
    args.weights = Keep(packed, packed.size());
    q.bias = KernelBias(weights.data(), Size(a.out_channels), depth, std::move(q.bias));
    SetNumbers(q, args);
    args.out = storage_.ByteViewOf(i.outputs[0]);
    if (i.residual >= 0) {
      const ByteView residual = storage_.ByteViewOf(i.residual);
      args.residual = residual.data;
      args.residual_row_stride = residual.row_stride, args.residual_pixel_stride = residual.pixel_stride;
      args.residual_multiplier = q.residual_multiplier;
    }
    return args;
  }

  void EmitGemm(const Instruction& i) {
    const ConvGemmInt8Args args = MakeGemm(i, i.inputs[0]);
    Split(SelectConvGemmInt8(target_), i.outputs[0], [&](RowRange rows) {
      ConvGemmInt8Args some = Rows(args, rows);
      Flatten(some);
      return some;
    });
    Name("gemm " + Describe(i.conv), i);
  }

  DepthwiseInt8Args MakeDepthwise(const Instruction& i, int out_value) {
    const ConvAttributes& a = i.conv;
    const ByteView in = storage_.ByteViewOf(i.inputs[0]);
    const QuantisedConv q = Numbers(i, i.inputs[0], out_value);
    const size_t channels = RoundUp(Size(a.out_channels), kChannelAlign), taps = Size(a.kernel_h * a.kernel_w);
    std::vector<int16_t> weights(taps * channels);
    for (size_t c = 0; c < Size(a.out_channels); ++c)
      for (size_t t = 0; t < taps; ++t) weights[t * channels + c] = q.weight[c * taps + t];
    DepthwiseInt8Args args;
    args.in = Window(in, a);
    args.in_row_stride = in.row_stride, args.in_pixel_stride = in.pixel_stride;
    args.kernel_h = a.kernel_h, args.kernel_w = a.kernel_w, args.stride = a.stride, args.dilation = a.dilation;
    args.weights = Keep(weights, weights.size());
    args.runs = FitsDepthwiseRuns(q.weight.data(), a.out_channels, static_cast<int>(taps));
    SetNumbers(q, args);
    args.out = storage_.ByteViewOf(out_value);
    return args;
  }

  void EmitDepthwise(const Instruction& i) {
    SplitRows(SelectDepthwiseInt8(target_), i.outputs[0], MakeDepthwise(i, i.outputs[0]));
    Name("depthwise " + Describe(i.conv), i);
  }

  void EmitSeparable(const Instruction& i) {
    const DepthwiseInt8Args depthwise = MakeDepthwise(i.depthwise[0], i.outputs[1]);
    const ConvGemmInt8Args gemm = MakeGemm(i, i.outputs[1]);
    SplitSeparable(SeparableArgs<DepthwiseInt8Args, ConvGemmInt8Args>{depthwise, gemm, SelectDepthwiseInt8(target_),
                                                                      SelectConvGemmInt8(target_)},
                   i.outputs[0]);
    Name("depthwise " + Describe(i.depthwise[0].conv) + " + gemm 1x1", i);
  }

  // Channels of a planar value lie in quads of their owners; what an owner leaves free of its last quad has no weight.
  void EmitQuads(const Instruction& i) {
    const ConvAttributes& a = i.conv;
    const int in_value = i.inputs[0];
    const size_t taps = Size(a.kernel_h * a.kernel_w), channels = Size(value(in_value).shape.c);
    QuantisedConv q = Numbers(i, in_value, i.outputs[0]);
    std::vector<Quads> in = storage_.QuadsOf(in_value);
    const size_t places = in.size() * kQuad;
    std::vector<int8_t> weights(Size(a.out_channels) * places * taps);
    size_t channel = 0, place = 0;
    for (int owner : PlaneOwners(lowered_, in_value)) {
      const size_t count = Size(value(owner).shape.c);
      for (size_t o = 0; o < Size(a.out_channels); ++o)
        std::copy_n(q.weight.begin() + static_cast<ptrdiff_t>((o * channels + channel) * taps), count * taps,
                    weights.begin() + static_cast<ptrdiff_t>((o * places + place) * taps));
      channel += count;
      place += RoundUp(count, kQuad);
    }
    for (Quads& quads : in) quads.data -= Size(a.pad_top) * quads.row_stride + Size(a.pad_left) * kQuad;
    ConvQuadsArgs args;
    args.in_quads = static_cast<int>(in.size());
    args.kernel_h = a.kernel_h, args.kernel_w = a.kernel_w, args.dilation = a.dilation;
    const std::vector<int8_t> packed = PackQuads(weights.data(), a.out_channels, args.in_quads, a.kernel_h, a.kernel_w);
    args.weights = Keep(packed, packed.size());
    args.run = RunOfTaps(packed.data(), a.out_channels, args.in_quads, a.kernel_h, a.kernel_w);
    q.bias = KernelBias(weights.data(), Size(a.out_channels), places * taps, std::move(q.bias));
    SetNumbers(q, args);
    args.outputs = a.out_channels;
    args.height = value(i.outputs[0]).shape.h, args.width = value(i.outputs[0]).shape.w;
    if (value(i.outputs[0]).is_bytes()) {
      args.out = storage_.QuadsOf(i.outputs[0]).front();
    } else {
      const std::vector<Plane> planes = storage_.Planes(i.outputs[0]);
      std::copy(planes.begin(), planes.end(), args.real);
      args.sigmoid = i.activation == Activation::kSigmoid;
    }
    Split(SelectConvQuads(target_), i.outputs[0], [&](RowRange rows) {
      ConvQuadsArgs some = args;
      constants_.quads.push_back(in);
      for (Quads& quads : constants_.quads.back()) quads = Rows(quads, rows);
      some.in = constants_.quads.back().data();
      some.out = Rows(args.out, rows), some.height = rows.count;
      for (Plane& plane : some.real) plane = Rows(plane, rows);
      return some;
    });
    Name("quads " + Describe(a), i);
  }

  void EmitResize(const Instruction& i) {
    const graph::Shape &in = value(i.inputs[0]).shape, &out = value(i.outputs[0]).shape;
    ResizeInt8Args args;
    args.vertical = KeepTable(in.h, out.h, i.align_corners);
    args.horizontal = KeepTable(in.w, out.w, i.align_corners);
    if (value(i.outputs[0]).layout == Layout::kPlanar) {
      const std::vector<Quads> from = storage_.QuadsOf(i.inputs[0]), to = storage_.QuadsOf(i.outputs[0]);
      for (size_t k = 0; k < from.size(); ++k) {
        args.in = {from[k].data, in.h, in.w, kQuad, from[k].row_stride, kQuad};
        args.out = {to[k].data, out.h, out.w, kQuad, to[k].row_stride, kQuad};
        SplitRows(SelectResizeInt8(target_), i.outputs[0], args);
      }
    } else {
      args.in = storage_.ByteViewOf(i.inputs[0]), args.out = storage_.ByteViewOf(i.outputs[0]);
      SplitRows(SelectResizeInt8(target_), i.outputs[0], args);
    }
    Name(args.vertical->doubles && args.horizontal->doubles ? "double" : "resize", i);
  }

  void EmitGate(const Instruction& i) {
    GateInt8Args args;
    args.in = storage_.ByteViewOf(i.inputs[0]), args.out = storage_.ByteViewOf(i.outputs[0]);
    args.gate = storage_.QuadsOf(i.inputs[1]).front();
    const std::vector<int16_t> table = GateTable(bytes(i.inputs[1]), i.sigmoid_gate);
    args.table = Keep(table, table.size());
    const std::vector<uint8_t>& zero = bytes(i.inputs[0]).zero_point;
    args.zero_point = KeepChannels(std::vector<int16_t>(zero.begin(), zero.end()));
    SplitRows(SelectGateInt8(target_), i.outputs[0], args);
    Name("gate", i);
  }

  void EmitAverage(const Instruction& i) {
    const graph::Shape& in = value(i.inputs[0]).shape;
    Call(&GlobalAvgPoolInt8, GlobalAvgPoolInt8Args{storage_.ByteViewOf(i.inputs[0]), storage_.ByteViewOf(i.outputs[0]),
                                                   MeanOf(bytes(i.inputs[0]), in.h * in.w, bytes(i.outputs[0]))});
    Name("average", i);
  }

  void EmitStats(const Instruction& i) {
    const Bytes& in = bytes(i.inputs[0]);
    ChannelStatsInt8Args args;
    args.in = storage_.ByteViewOf(i.inputs[0]);
    if (i.outputs[0] >= 0) {
      args.mean = storage_.ByteViewOf(i.outputs[0]);
      args.to_mean = MeanOf(in, value(i.inputs[0]).shape.c, bytes(i.outputs[0]));
    }
    if (i.outputs[1] >= 0) {
      args.max = storage_.ByteViewOf(i.outputs[1]);
      args.to_max = MeanOf(in, 1, bytes(i.outputs[1]));
    }
    SplitRows(SelectChannelStatsInt8(target_), i.outputs[i.outputs[0] >= 0 ? 0 : 1], args);
    Name("channel stats", i);
  }

  // A view for each picture or plane of quads, and the channels that it holds.
  void EmitQuantise(const Instruction& i) {
    const Bytes& b = bytes(i.outputs[0]);
    QuantiseArgs args;
    args.inverse_scale = 1.f / b.scale[0], args.zero_point = b.zero_point[0];
    if (value(i.outputs[0]).layout == Layout::kChannelsLast) {
      args.real = storage_.Picture(i.inputs[0]), args.bytes = storage_.ByteViewOf(i.outputs[0]);
      SplitRows(SelectQuantise(target_), i.outputs[0], args);
    } else {
      ForPlanes(i.inputs[0], i.outputs[0], [&](int, const TensorView& real, const ByteView& bytes) {
        args.real = real, args.bytes = bytes;
        SplitRows(SelectQuantise(target_), i.outputs[0], args);
      });
    }
    Name("quantise", i);
  }

  void EmitDequantise(const Instruction& i) {
    const Bytes& b = bytes(i.inputs[0]);
    const float* scale = Keep(b.scale, b.scale.size());
    const float* zero = Keep(std::vector<float>(b.zero_point.begin(), b.zero_point.end()), b.zero_point.size());
    if (value(i.inputs[0]).layout == Layout::kChannelsLast) {
      SplitRows(&Dequantise, i.outputs[0],
                DequantiseArgs{storage_.ByteViewOf(i.inputs[0]), storage_.Picture(i.outputs[0]), scale, zero});
    } else {
      ForPlanes(i.outputs[0], i.inputs[0], [&](int c, const TensorView& real, const ByteView& bytes) {
        SplitRows(&Dequantise, i.outputs[0], DequantiseArgs{bytes, real, scale + c, zero + c});
      });
    }
    Name("dequantise", i);
  }

  // Four channels of each pixel to a picture of their own.
  void EmitToPlanar(const Instruction& i) {
    const ByteView in = storage_.ByteViewOf(i.inputs[0]);
    int channel = 0;
    for (const Quads& quads : storage_.QuadsOf(i.outputs[0])) {
      const int count = std::min(kQuad, in.channels - channel);
      const ByteView from{in.data + channel, in.height, in.width, count, in.row_stride, in.pixel_stride},
          to{quads.data, in.height, in.width, count, quads.row_stride, kQuad};
      SplitRows(&CopyInt8, i.outputs[0], CopyInt8Args{from, to});
      channel += count;
    }
    Name("to planar", i);
  }

  // Plane by plane of a planar value of floats and one of bytes.
  template <typename Work>
  void ForPlanes(int floats, int byte_value, const Work& work) const {
    const graph::Shape& shape = value(floats).shape;
    const std::vector<Plane> planes = storage_.Planes(floats);
    const std::vector<Quads> quads = storage_.QuadsOf(byte_value);
    int channel = 0;
    size_t quad = 0;
    for (int owner : PlaneOwners(lowered_, byte_value))
      for (int c = 0; c < value(owner).shape.c; ++c, ++channel) {
        const Plane& plane = planes[Size(channel)];
        if (c > 0 && c % kQuad == 0) ++quad;
        const Quads& q = quads[quad];
        work(channel, {plane.data, shape.h, shape.w, 1, plane.row_stride, 1},
             {q.data + c % kQuad, shape.h, shape.w, 1, q.row_stride, kQuad});
        if (c + 1 == value(owner).shape.c) ++quad;
      }
  }
};

}  // namespace

void EmitInt8(const Lowered& lowered, const Storage& storage, Target target, int threads,
              const Instruction& instruction, Constants& constants, ExecutableStep& step) {
  step = Int8Emitter(lowered, storage, target, threads, constants).Run(instruction, std::move(step));
}

}  // namespace scrim::nn
