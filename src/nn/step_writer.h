// What emitting a step has in common for floats and bytes: calls of kernels, shared among threads by rows.
#pragma once

#include <algorithm>
#include <vector>

#include "nn/emit.h"
#include "nn/rows.h"

namespace scrim::nn {

class StepWriter {
 protected:
  StepWriter(const Lowered& lowered, int threads) : lowered_(lowered), threads_(threads) {}

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

  const Lowered& lowered_;
  int threads_;
  ExecutableStep step_;
};

}  // namespace scrim::nn
