// Random numbers that depend on nothing but their seed, so that a resumed run sees the samples it would have seen.
#pragma once

#include <cmath>
#include <cstdint>

namespace scrim::train {

// SplitMix64 (Steele, Lea, Flood 2014): the state is a counter, any seed is good.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  Random(uint64_t seed, uint64_t a, uint64_t b) : state_(Mix(Mix(seed) + a * 0x9E3779B97F4A7C15u) + b) {}

  uint64_t Bits() { return Mix(state_ += 0x9E3779B97F4A7C15u); }
  float Uniform() { return static_cast<float>(Bits() >> 40) * 0x1p-24f; }  // [0, 1)
  float Uniform(float low, float high) { return low + (high - low) * Uniform(); }
  float LogUniform(float low, float high) { return std::exp(Uniform(std::log(low), std::log(high))); }
  int Below(int n) { return static_cast<int>(Bits() % static_cast<uint64_t>(n)); }
  bool Chance(float p) { return Uniform() < p; }
  // Close to a normal distribution, but bounded: the sum of four uniforms, |x| < 3.5.
  float Normal() { return (Uniform() + Uniform() + Uniform() + Uniform() - 2.f) * 1.7320508f; }

 private:
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace scrim::train
