// One SIMD vector of the machine that the trainer is built for, through the compiler's vector extensions.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace scrim::train::cpu {

#ifdef __AVX512F__
inline constexpr int kLanes = 16;
#else
inline constexpr int kLanes = 8;
#endif
typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef float UnalignedVec __attribute__((vector_size(kLanes * 4), aligned(4)));

inline Vec Load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
inline void Store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
// For what is read from one end to the other: processors fetch ahead by themselves, but not beyond the page of 4096
// bytes, and wait at each page's beginning for what may be far away.
inline Vec LoadAhead(const float* p) {
  __builtin_prefetch(p + 1024);
  return Load(p);
}
inline Vec Fill(float f) { return f - Vec{}; }
inline Vec Max(Vec a, Vec b) { return a > b ? a : b; }

// The first `count` lanes, 0 to kLanes; the others are 0, or stay in memory as they are. Loads and stores touch no
// memory behind.
#ifdef __AVX512F__
inline Vec LoadFirst(const float* p, int count) {
  return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p));
}
inline void StoreFirst(float* p, Vec v, int count) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), reinterpret_cast<__m512>(v));
}
inline Vec First(Vec v, int count) {
  return reinterpret_cast<Vec>(
      _mm512_maskz_mov_ps(static_cast<__mmask16>((1u << count) - 1), reinterpret_cast<__m512>(v)));
}
#else
inline __m256i FirstLanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vec LoadFirst(const float* p, int count) {
  return reinterpret_cast<Vec>(_mm256_maskload_ps(p, FirstLanes(count)));
}
inline void StoreFirst(float* p, Vec v, int count) {
  _mm256_maskstore_ps(p, FirstLanes(count), reinterpret_cast<__m256>(v));
}
inline Vec First(Vec v, int count) {
  return reinterpret_cast<Vec>(_mm256_and_ps(reinterpret_cast<__m256>(v), _mm256_castsi256_ps(FirstLanes(count))));
}
#endif

// The first half or quarter of v, and nothing behind it.
#ifdef __AVX512F__
inline void StoreHalf(float* p, Vec v) { _mm256_storeu_ps(p, _mm512_castps512_ps256(reinterpret_cast<__m512>(v))); }
inline void StoreQuarter(float* p, Vec v) { _mm_storeu_ps(p, _mm512_castps512_ps128(reinterpret_cast<__m512>(v))); }
#else
inline void StoreHalf(float* p, Vec v) { _mm_storeu_ps(p, _mm256_castps256_ps128(reinterpret_cast<__m256>(v))); }
inline void StoreQuarter(float* p, Vec v) { p[0] = v[0], p[1] = v[1]; }
#endif

// Halves of pieces side by side: adding Low and High of two vectors halves the pieces that they are made of. kPiece:
// lanes of a piece before.
#ifdef __AVX512F__
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 16>) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
         __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 8>) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
         __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 4>) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
         __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
}
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 2>) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
         __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
#else
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 8>) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 4>) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13) +
         __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
}
inline Vec AddHalves(Vec a, Vec b, std::integral_constant<int, 2>) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
         __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
#endif

// The sum of all lanes of v[i] in lane i, for kLanes vectors: a transposition that adds as it goes, 3 operations for
// each vector. Overwrites v.
template <int kPiece = kLanes>
inline Vec SumEach(Vec* v) {
  for (int i = 0; i < kPiece / 2; ++i) v[i] = AddHalves(v[2 * i], v[2 * i + 1], std::integral_constant<int, kPiece>());
  if constexpr (kPiece == 2)
    return v[0];
  else
    return SumEach<kPiece / 2>(v);
}

inline float Sum(Vec v) {
#ifdef __AVX512F__
  v = AddHalves(v, v, std::integral_constant<int, 16>());
#endif
  v = AddHalves(v, v, std::integral_constant<int, 8>());
  return (v[0] + v[1]) + (v[2] + v[3]);
}

// Of a and b one after the other every second lane, from the first or from the second; and the other way round.
#ifdef __AVX512F__
inline Vec Even(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
inline Vec Odd(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
inline Vec ZipLow(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Vec ZipHigh(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
#else
inline Vec Even(Vec a, Vec b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
inline Vec Odd(Vec a, Vec b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15); }
inline Vec ZipLow(Vec a, Vec b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline Vec ZipHigh(Vec a, Vec b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
#endif

// n channels in groups of at most `most`, as equal as can be: 7 by 6 gives 4 and 3. Size of group i.
inline int GroupCount(int n, int most) { return (n + most - 1) / most; }
inline int GroupSize(int n, int groups, int i) { return n / groups + (i < n % groups); }

// Calls f with std::integral_constant<int, i> for i = 0, 1, ... kCount - 1: a loop that is surely unrolled.
template <typename F, int... i>
inline __attribute__((always_inline)) void UnrolledOver(std::integer_sequence<int, i...>, F f) {
  (f(std::integral_constant<int, i>()), ...);
}
template <int kCount, typename F>
inline __attribute__((always_inline)) void Unrolled(F f) {
  UnrolledOver(std::make_integer_sequence<int, kCount>(), f);
}

// Calls f with std::integral_constant<int, n> for n in 1..kMost: tile sizes are compile-time constants.
template <int kMost, typename F>
inline void WithConstant(int n, F f) {
  if constexpr (kMost > 1) {
    if (n < kMost) return WithConstant<kMost - 1>(n, f);
  }
  f(std::integral_constant<int, kMost>());
}

}  // namespace scrim::train::cpu
