// What Highway's compiled part does, for Windows: Debian has it for Linux alone. See hwy/targets.h.
#include <hwy/targets.h>

namespace hwy {

namespace {

int64_t allowed = -1, for_test = 0;

// Whoever has AVX2 has what came with it in 2013 (LZCNT, F16C).
int64_t OfThisCpu() {
  __builtin_cpu_init();
  int64_t found = HWY_STATIC_TARGET;
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul"))
    found |= HWY_SSE4;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    found |= HWY_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")) {
    found |= HWY_AVX3;
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("vpclmulqdq") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("gfni"))
      found |= HWY_AVX3_DL;
  }
  return found;
}

}  // namespace

int64_t SupportedTargets() {
  static const int64_t found = OfThisCpu();
  const int64_t targets = (for_test != 0 ? for_test : found) & allowed;
  return targets != 0 ? targets : HWY_STATIC_TARGET;
}

void DisableTargets(int64_t disabled_targets) { allowed = ~disabled_targets; }
void SetSupportedTargetsForTest(int64_t targets) { for_test = targets; }

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy
