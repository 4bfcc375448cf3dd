// For tests: runs a test once for each SIMD target that this machine has.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>
#include <vector>

namespace scrim::image {

#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0  // a build for a single target, without Highway's library
inline void UseTargets(int64_t) {}
inline std::vector<int64_t> Targets() { return {HWY_TARGETS}; }
#else
inline void UseTargets(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}
inline std::vector<int64_t> Targets() { return hwy::SupportedAndGeneratedTargets(); }
#endif

// Hands the choice back afterwards.
class OnEveryTarget : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { UseTargets(GetParam()); }
  void TearDown() override { UseTargets(0); }
};

inline auto EveryTarget() { return testing::ValuesIn(Targets()); }
inline auto NameOfTarget() {
  return [](const testing::TestParamInfo<int64_t>& info) { return std::string(hwy::TargetName(info.param)); };
}

}  // namespace scrim::image
