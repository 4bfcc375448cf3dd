// Which SIMD target a Program runs on. Every kernel is compiled once for each target; a Program picks its functions
// when it is compiled, so two Programs of one process may use different targets.
#pragma once

#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace scrim::nn {

using Target = int64_t;  // one of Highway's HWY_AVX2, HWY_SSE4, ...

// The target by its name; where the name is empty, by the environment variable SCRIM_TARGET; where that is not set, the
// best that the CPU has. Errors: kUnsupported lists the names that would do.
StatusOr<Target> ChooseTarget(const std::string& name);

const char* TargetName(Target target);

// Highway's SupportedTargets asks the CPU at every call, which on a virtual machine takes 30 µs and more: once is
// enough.
int64_t SupportedTargetBits();

// Picks from the table that HWY_EXPORT(function) makes. Static: which entries the table has depends on the source that
// includes this.
template <typename Function, size_t kSize>
static Function SelectKernel(Function const (&table)[kSize], Target target) {
  if constexpr (kSize == 1) {
    return table[0];  // compiled for a single target
  } else {
    hwy::ChosenTarget chosen;
    chosen.Update(target);
    return table[chosen.GetIndex()];
  }
}

// The same for kernels on bytes: some of their sources have HWY_AVX3_DL, for AVX-512 machines that have its dot
// products, in place of HWY_AVX3; without those, AVX-512 gains little over AVX2.
template <typename Function, size_t kSize>
static Function SelectInt8Kernel(Function const (&table)[kSize], Target target) {
#if HWY_ARCH_X86
  if (target == HWY_AVX3) target |= HWY_AVX2 | (SupportedTargetBits() & HWY_AVX3_DL);
#endif
  return SelectKernel(table, target);
}

// Floats in the widest vector of the target.
int Lanes(Target target);

}  // namespace scrim::nn
