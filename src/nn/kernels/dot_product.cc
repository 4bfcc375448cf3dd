#include "nn/kernels/dot_product.h"

#if HWY_ARCH_ARM_A64 && defined(__linux__) && !defined(__ARM_FEATURE_DOTPROD)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace scrim::nn {

std::vector<int32_t> KernelBias(const int8_t* weights, size_t outputs, size_t depth, std::vector<int32_t> bias) {
#if HWY_ARCH_ARM_A64
  for (size_t o = 0; o < outputs; ++o)
    for (size_t k = 0; k < depth; ++k) bias[o] += 128 * weights[o * depth + k];
#else
  (void)weights, (void)outputs, (void)depth;
#endif
  return bias;
}

bool HasDotProduct() {
#if !HWY_ARCH_ARM_A64
  return false;
#elif defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif defined(__linux__)
  static const bool has = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  return has;
#else
  return false;
#endif
}

}  // namespace scrim::nn
