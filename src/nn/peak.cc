#include "nn/peak.h"

#include <algorithm>
#include <chrono>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/peak.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Ten sums: two units of four cycles latency want eight, and sixteen registers must hold them. They start differently,
// or the compiler would compute one for all.
double Chain(size_t rounds, float seed) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, seed), addend = hn::Set(d, seed * 1e-3f);
  auto a = hn::Iota(d, 0.f), b = hn::Iota(d, 1.f), c = hn::Iota(d, 2.f), e = hn::Iota(d, 3.f), f = hn::Iota(d, 4.f);
  auto g = hn::Iota(d, 5.f), h = hn::Iota(d, 6.f), i = hn::Iota(d, 7.f), j = hn::Iota(d, 8.f), k = hn::Iota(d, 9.f);
  for (size_t r = 0; r < rounds; ++r) {
    a = hn::MulAdd(a, factor, addend);
    b = hn::MulAdd(b, factor, addend);
    c = hn::MulAdd(c, factor, addend);
    e = hn::MulAdd(e, factor, addend);
    f = hn::MulAdd(f, factor, addend);
    g = hn::MulAdd(g, factor, addend);
    h = hn::MulAdd(h, factor, addend);
    i = hn::MulAdd(i, factor, addend);
    j = hn::MulAdd(j, factor, addend);
    k = hn::MulAdd(k, factor, addend);
  }
  const auto first = hn::Add(hn::Add(a, b), hn::Add(hn::Add(c, e), f));
  const auto second = hn::Add(hn::Add(g, h), hn::Add(hn::Add(i, j), k));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(first, second)));
}

size_t MacsPerRound() { return 10 * hn::Lanes(hn::ScalableTag<float>()); }

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::nn {

HWY_EXPORT(Chain);
HWY_EXPORT(MacsPerRound);

double MeasurePeakGmacs(Target target) {
  const auto chain = SelectKernel(HWY_DISPATCH_TABLE(Chain), target);
  const auto macs = static_cast<double>(SelectKernel(HWY_DISPATCH_TABLE(MacsPerRound), target)());
  constexpr size_t kRounds = 500000;
  double best = 0;
  volatile double sink = 0;
  for (int i = 0; i < 15; ++i) {
    const auto start = std::chrono::steady_clock::now();
    sink = sink + chain(kRounds, 0.999f);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::max(best, macs * kRounds / elapsed.count() * 1e-9);
  }
  return best;
}

}  // namespace scrim::nn
#endif
