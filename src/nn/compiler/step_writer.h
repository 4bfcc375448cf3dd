// What emitting a step has in common for floats and bytes: calls of kernels, shared among threads by rows; names; the
// separable convolution.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "nn/compiler/emit.h"
#include "nn/compiler/rows.h"

namespace scrim::nn {

// Rows without gaps between them, on both sides, are one long row: more pixels for the tiles.
template <typename GemmArgs>
void Flatten(GemmArgs& args) {
  const auto width = static_cast<size_t>(args.out.width);
  if (args.in_row_stride != width * args.in_pixel_stride || args.out.row_stride != width * args.out.pixel_stride)
    return;
  if (args.residual != nullptr && args.residual_row_stride != width * args.residual_pixel_stride) return;
  args.out.width *= args.out.height;
  args.out.height = 1;
}

// A depthwise convolution whose rows the pointwise one behind it consumes as they are made.
template <typename DepthwiseArgs, typename GemmArgs>
struct SeparableArgs {
  DepthwiseArgs depthwise;  // out: the ring of rows between the two
  GemmArgs gemm;
  void (*run_depthwise)(const DepthwiseArgs&);
  void (*run_gemm)(const GemmArgs&);
};
template <typename DepthwiseArgs, typename GemmArgs>
void RunSeparable(const SeparableArgs<DepthwiseArgs, GemmArgs>& args) {
  const int ring = args.depthwise.out.height;
  for (int y = 0; y < args.gemm.out.height; y += ring) {
    const RowRange rows{y, std::min(ring, args.gemm.out.height - y)};
    DepthwiseArgs first = args.depthwise;
    first.in += rows.offset(first.in_row_stride * static_cast<size_t>(first.stride));
    first.out.height = rows.count;
    args.run_depthwise(first);
    GemmArgs second = Rows(args.gemm, rows);
    second.in = args.gemm.in;
    Flatten(second);
    args.run_gemm(second);
  }
}

class StepWriter {
 protected:
  StepWriter(const Lowered& lowered, const Storage& storage, Target target, int threads, Constants& constants)
      : lowered_(lowered), storage_(storage), target_(target), threads_(threads), constants_(constants) {}

  // Names the kernel, with the shape that it works on.
  void Name(const std::string& kernel, const Instruction& i) {
    const int output = i.outputs[0] >= 0 ? i.outputs[0] : i.outputs[1];
    const graph::Shape &in = lowered_.value(i.inputs[0]).shape, &out = lowered_.value(output).shape;
    step_.kernel = kernel + (i.int8 ? " int8 " : " ") + graph::ToString(in) + " to " + graph::ToString(out);
  }
  static std::string Describe(const graph::ConvAttributes& a) {
    std::string text = std::to_string(a.kernel_h) + "x" + std::to_string(a.kernel_w);
    if (a.stride > 1) text += " stride " + std::to_string(a.stride);
    if (a.dilation > 1) text += " dilation " + std::to_string(a.dilation);
    return text;
  }

  // Undivided.
  template <typename Kernel, typename Args>
  void Call(Kernel kernel, const Args& args) {
    step_.parts[0].push_back([kernel, args] { kernel(args); });
  }

  // Ranges of `height` output rows, one for each thread; one alone where the work takes no longer than
  // handing it out.
  std::vector<RowRange> Ranges(int height, int value) const {
    constexpr int64_t kWorthSplitting = 20'000;  // half a microsecond: MACs, or eighths of the floats written
    const int64_t work = std::max(step_.macs, int64_t{8} * lowered_.value(value).shape.size());
    if (work < kWorthSplitting || height < threads_) return {{0, height}};
    std::vector<RowRange> ranges;
    for (int t = 0; t < threads_; ++t) {
      const int first = height * t / threads_, end = height * (t + 1) / threads_;
      ranges.push_back({first, end - first});
    }
    return ranges;
  }
  // Calls make(range) for each thread's range of rows; it returns the kernel's arguments.
  template <typename Kernel, typename Make>
  void Split(Kernel kernel, int value, const Make& make) {
    const std::vector<RowRange> ranges = Ranges(lowered_.value(value).shape.h, value);
    if (step_.parts.size() < ranges.size()) step_.parts.resize(ranges.size());
    for (size_t t = 0; t < ranges.size(); ++t) {
      const auto args = make(ranges[t]);
      step_.parts[t].push_back([kernel, args] { kernel(args); });
    }
  }
  // The same where the rows of the arguments are those of `value`, and Rows() cuts them.
  template <typename Kernel, typename Args>
  void SplitRows(Kernel kernel, int value, const Args& args) {
    Split(kernel, value, [&](RowRange rows) { return Rows(args, rows); });
  }

  // Every thread but the first gets a ring of its own.
  template <typename DepthwiseArgs, typename GemmArgs>
  void SplitSeparable(const SeparableArgs<DepthwiseArgs, GemmArgs>& all, int value) {
    Split(&RunSeparable<DepthwiseArgs, GemmArgs>, value, [&](RowRange rows) {
      SeparableArgs<DepthwiseArgs, GemmArgs> args = all;
      auto& ring = args.depthwise.out;
      args.depthwise = Rows(all.depthwise, rows);
      ring = all.depthwise.out;
      args.gemm = Rows(all.gemm, rows);
      args.gemm.in = all.gemm.in;
      if (rows.first > 0) {
        const size_t bytes = static_cast<size_t>(ring.height) * ring.row_stride * sizeof(*ring.data);
        constants_.floats.emplace_back(bytes / sizeof(float) + 1);
        ring.data = reinterpret_cast<decltype(ring.data)>(constants_.floats.back().data());
        args.gemm.in = ring.data;
      }
      return args;
    });
  }

  const Lowered& lowered_;
  const Storage& storage_;
  Target target_;
  int threads_;
  Constants& constants_;
  ExecutableStep step_;
};

}  // namespace scrim::nn
