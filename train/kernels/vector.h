// One SIMD vector of the machine that the trainer is built for, through the compiler's vector extensions.
#pragma once

#include <cstddef>
#include <vector>

namespace scrim::train::kernels {

#ifdef __AVX512F__
inline constexpr int kLanes = 16;
#else
inline constexpr int kLanes = 8;
#endif
typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef float UnalignedVec __attribute__((vector_size(kLanes * 4), aligned(4)));

inline Vec Load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
inline void Store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
inline Vec Fill(float f) { return f - Vec{}; }
// Halves the vector until one lane is left.
inline float Sum(Vec v) {
  typedef float Half __attribute__((vector_size(kLanes * 2)));
  typedef float Four __attribute__((vector_size(16)));
  Half h;
#ifdef __AVX512F__
  h = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
      __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  h = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#endif
  Four f;
#ifdef __AVX512F__
  f = __builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
#else
  f = h;
#endif
  return (f[0] + f[2]) + (f[1] + f[3]);
}

// n channels in groups of at most `most`, as equal as can be: 7 by 6 gives {4, 3}.
inline std::vector<int> EqualGroups(int n, int most) {
  const int groups = (n + most - 1) / most;
  std::vector<int> sizes;
  for (int i = 0; i < groups; ++i) sizes.push_back(n / groups + (i < n % groups));
  return sizes;
}

// Calls f with std::integral_constant<int, n> for n in 1..6: tile sizes are compile-time constants.
template <typename F>
void WithConstant(int n, F f) {
  switch (n) {
    case 1:
      return f(std::integral_constant<int, 1>());
    case 2:
      return f(std::integral_constant<int, 2>());
    case 3:
      return f(std::integral_constant<int, 3>());
    case 4:
      return f(std::integral_constant<int, 4>());
    case 5:
      return f(std::integral_constant<int, 5>());
    default:
      return f(std::integral_constant<int, 6>());
  }
}

}  // namespace scrim::train::kernels
