#include "nn/targets.h"

#include <cstdlib>

#include "nn/program.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/targets.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {
int FloatLanes() { return static_cast<int>(hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<float>())); }
}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(FloatLanes);

int Lanes(Target target) { return SelectKernel(HWY_DISPATCH_TABLE(FloatLanes), target)(); }

// Builds for a single target do without Highway's library.
int64_t SupportedTargetBits() {
#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0
  return HWY_TARGETS;
#else
  static const int64_t bits = hwy::SupportedTargets();
  return bits;
#endif
}

const char* TargetName(Target target) { return hwy::TargetName(target); }

namespace {

std::vector<Target> Targets() {
  std::vector<Target> targets;
  for (int64_t rest = SupportedTargetBits() & HWY_TARGETS; rest != 0; rest &= rest - 1) targets.push_back(rest & -rest);
  return targets;
}

}  // namespace

std::vector<std::string> SupportedTargets() {
  std::vector<std::string> names;
  for (Target target : Targets()) names.push_back(TargetName(target));
  return names;
}

StatusOr<Target> ChooseTarget(const std::string& name) {
  std::string wanted = name, source = "target";
  if (const char* variable = std::getenv("SCRIM_TARGET"); wanted.empty() && variable != nullptr) {
    wanted = variable;
    source = "SCRIM_TARGET";
  }
#if HWY_ARCH_X86
  if ((SupportedTargetBits() & HWY_SSE4) == 0) return Unsupported("this CPU has no SSE4.2, which scrim needs");
#endif
  const std::vector<Target> targets = Targets();
  if (wanted.empty()) return targets.front();
  std::string known;
  for (Target target : targets) {
    if (wanted == TargetName(target)) return target;
    known += (known.empty() ? "" : ", ") + std::string(TargetName(target));
  }
  return Unsupported(source + " '" + wanted + "': this build and this CPU have " + known);
}

}  // namespace scrim::nn
#endif
