// What the kernels on bytes share; included once for every target. Everything here gives the same bits on every target:
// sums are exact (weights are at most 63, so that no pair of products leaves 16 bits), floats see one rounded operation
// at a time. ARM multiplies bytes of one sign only: see dot_product.h.
#if defined(SCRIM_NN_KERNELS_INT8_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SCRIM_NN_KERNELS_INT8_INL_H_
#undef SCRIM_NN_KERNELS_INT8_INL_H_
#else
#define SCRIM_NN_KERNELS_INT8_INL_H_
#endif

#include <cstring>

#include "nn/kernels/dot_product.h"
#include "nn/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace scrim::nn::HWY_NAMESPACE {

// Sums: as many lanes as kChannelAlign, or four.
using SumTag = hn::CappedTag<int32_t, kChannelAlign>;

#undef SCRIM_INT8_VNNI
#undef SCRIM_INT8_X86
#if HWY_TARGET == HWY_AVX3_DL
#define SCRIM_INT8_VNNI 1
#else
#define SCRIM_INT8_VNNI 0
#endif

#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#define SCRIM_INT8_X86 1
HWY_INLINE __m128i MulPairs(__m128i x, __m128i w) { return _mm_maddubs_epi16(x, w); }
HWY_INLINE __m128i Nearest(__m128 v) { return _mm_cvtps_epi32(v); }
HWY_INLINE __m128i Narrow(__m128i a, __m128i b) { return _mm_packus_epi16(a, b); }
HWY_INLINE __m128i SumPairs(__m128i v) { return _mm_madd_epi16(v, _mm_set1_epi16(1)); }
#if HWY_TARGET != HWY_SSE4
HWY_INLINE __m256i MulPairs(__m256i x, __m256i w) { return _mm256_maddubs_epi16(x, w); }
HWY_INLINE __m256i Nearest(__m256 v) { return _mm256_cvtps_epi32(v); }
HWY_INLINE __m256i Narrow(__m256i a, __m256i b) { return _mm256_packus_epi16(a, b); }
HWY_INLINE __m256i SumPairs(__m256i v) { return _mm256_madd_epi16(v, _mm256_set1_epi16(1)); }
#endif
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
HWY_INLINE __m512i MulPairs(__m512i x, __m512i w) { return _mm512_maddubs_epi16(x, w); }
HWY_INLINE __m512i Nearest(__m512 v) { return _mm512_cvtps_epi32(v); }
HWY_INLINE __m512i Narrow(__m512i a, __m512i b) { return _mm512_packus_epi16(a, b); }
HWY_INLINE __m512i SumPairs(__m512i v) { return _mm512_madd_epi16(v, _mm512_set1_epi16(1)); }
#endif
#if SCRIM_INT8_VNNI
// Highway 1.0.3 asks for AVX-VNNI here, not for the AVX-512 instructions that these machines have: by hand.
template <class Raw>
HWY_INLINE Raw DotProduct(Raw sum, Raw x, Raw w) {
  asm("%{evex%} vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
  return sum;
}
#endif
#else
#define SCRIM_INT8_X86 0
#endif

#undef SCRIM_INT8_NEON
#undef SCRIM_INT8_WASM
#if HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
#define SCRIM_INT8_NEON 1
#else
#define SCRIM_INT8_NEON 0
#endif
#if HWY_TARGET == HWY_WASM
#define SCRIM_INT8_WASM 1
#else
#define SCRIM_INT8_WASM 0
#endif

#if SCRIM_INT8_NEON
// The compiler's own functions exist only where all of the program is compiled for such CPUs. What uses these stands
// between SCRIM_BEGIN_DOT_PRODUCT and SCRIM_END_DOT_PRODUCT.
HWY_INLINE int32x4_t DotProduct(int32x4_t sum, int32x4_t x, int32x4_t w) {
  asm("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(x), "w"(w));
  return sum;
}
// Each lane of w with the same four bytes of x.
template <int kLane>
HWY_INLINE int32x4_t DotProductLane(int32x4_t sum, int32x4_t x, int32x4_t w) {
  asm("sdot %0.4s, %2.16b, %1.4b[%3]" : "+w"(sum) : "w"(x), "w"(w), "i"(kLane));
  return sum;
}
#endif

#undef SCRIM_BEGIN_DOT_PRODUCT
#undef SCRIM_END_DOT_PRODUCT
#if SCRIM_INT8_NEON && HWY_COMPILER_CLANG
#define SCRIM_BEGIN_DOT_PRODUCT \
  _Pragma("clang attribute push(__attribute__((target(\"dotprod\"))), apply_to = function)")
#define SCRIM_END_DOT_PRODUCT _Pragma("clang attribute pop")
#elif SCRIM_INT8_NEON
#define SCRIM_BEGIN_DOT_PRODUCT _Pragma("GCC push_options") _Pragma("GCC target(\"+dotprod\")")
#define SCRIM_END_DOT_PRODUCT _Pragma("GCC pop_options")
#else
#define SCRIM_BEGIN_DOT_PRODUCT
#define SCRIM_END_DOT_PRODUCT
#endif

// Sixteen-bit sums of the products of two neighbours, x unsigned and w signed bytes.
template <class D16>
HWY_INLINE hn::Vec<D16> MultiplyPairs(D16 d, hn::Vec<D16> x, hn::Vec<D16> w) {
#if SCRIM_INT8_X86
  (void)d;
  return hn::Vec<D16>{MulPairs(x.raw, w.raw)};
#else
  const hn::RebindToUnsigned<D16> du;
  const auto even = hn::Mul(hn::And(x, hn::Set(d, 0xFF)), hn::ShiftRight<8>(hn::ShiftLeft<8>(w)));
  const auto odd = hn::Mul(hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(du, x))), hn::ShiftRight<8>(w));
  return hn::Add(even, odd);
#endif
}

// Sums of two neighbours of 16 bits.
template <class D32, class V16>
HWY_INLINE hn::Vec<D32> AddPairs(D32 d, V16 v) {
#if SCRIM_INT8_X86
  (void)d;
  return hn::Vec<D32>{SumPairs(v.raw)};
#elif SCRIM_INT8_NEON
  (void)d;
  return hn::Vec<D32>{vpaddlq_s16(v.raw)};
#elif SCRIM_INT8_WASM
  (void)d;
  return hn::Vec<D32>{wasm_i32x4_dot_i16x8(v.raw, wasm_i16x8_splat(1))};
#else
  const auto pairs = hn::BitCast(d, v);
  return hn::Add(hn::ShiftRight<16>(hn::ShiftLeft<16>(pairs)), hn::ShiftRight<16>(pairs));
#endif
}

// Inputs and weights, four bytes in each lane, as Dot takes them: what is to be done once for many products.
// WebAssembly multiplies and adds pairs of 16 bits: bytes 0 and 2, and 1 and 3.
#if SCRIM_INT8_WASM
template <class D32>
struct Pairs {
  hn::Vec<D32> even, odd;
};
template <class D32>
using Input = Pairs<D32>;
template <class D32>
using Weight = Pairs<D32>;
#else
template <class D32>
using Input = hn::Vec<D32>;
template <class D32>
using Weight = hn::Vec<D32>;
#endif

template <class D32>
HWY_INLINE Input<D32> ToInput(D32 d, hn::Vec<D32> bytes) {
#if SCRIM_INT8_WASM
  const hn::Repartition<uint16_t, D32> d16;
  return {hn::And(bytes, hn::Set(d, 0x00FF00FF)), hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(d16, bytes)))};
#elif SCRIM_INT8_NEON
  return hn::Xor(bytes, hn::Set(d, static_cast<int32_t>(0x80808080u)));
#else
  (void)d;
  return bytes;
#endif
}
template <class D32>
HWY_INLINE Weight<D32> ToWeight(D32 d, hn::Vec<D32> bytes) {
#if SCRIM_INT8_WASM
  const hn::Repartition<int16_t, D32> d16;
  const auto pairs = hn::BitCast(d16, bytes);
  return {hn::BitCast(d, hn::ShiftRight<8>(hn::ShiftLeft<8>(pairs))), hn::BitCast(d, hn::ShiftRight<8>(pairs))};
#else
  (void)d;
  return bytes;
#endif
}

// How many groups Dot is given at once: where the instructions gain by it, two or what the weights allow.
#if SCRIM_INT8_WASM
inline constexpr bool kSingleGroups = true, kAnyGroups = false;
#else
inline constexpr bool kSingleGroups = false, kAnyGroups = SCRIM_INT8_NEON != 0;
#endif

// sum plus, for each lane, the products of kCount times four bytes. Unless kAnyGroups, the sums of kCount pairs must
// fit 16 bits. kDotProduct: with ARM's instructions for it.
template <bool kDotProduct, int kCount, class D32>
HWY_INLINE hn::Vec<D32> Dot(D32 d, hn::Vec<D32> sum, const Input<D32> (&x)[kCount], const Weight<D32> (&w)[kCount]) {
#if SCRIM_INT8_VNNI
  (void)d;
  SCRIM_UNROLL for (int k = 0; k < kCount; ++k) sum = hn::Vec<D32>{DotProduct(sum.raw, x[k].raw, w[k].raw)};
  return sum;
#elif SCRIM_INT8_WASM
  (void)d;
  SCRIM_UNROLL for (int k = 0; k < kCount; ++k) {
    sum = hn::Add(sum, hn::Vec<D32>{wasm_i32x4_dot_i16x8(x[k].even.raw, w[k].even.raw)});
    sum = hn::Add(sum, hn::Vec<D32>{wasm_i32x4_dot_i16x8(x[k].odd.raw, w[k].odd.raw)});
  }
  return sum;
#elif SCRIM_INT8_NEON
  (void)d;
  if constexpr (kDotProduct) {
    SCRIM_UNROLL for (int k = 0; k < kCount; ++k) sum = hn::Vec<D32>{DotProduct(sum.raw, x[k].raw, w[k].raw)};
    return sum;
  }
  // Four products of 128 · 63 fit 16 bits.
  SCRIM_UNROLL for (int k = 0; k < kCount; k += 2) {
    const int8x16_t a = vreinterpretq_s8_s32(x[k].raw), b = vreinterpretq_s8_s32(w[k].raw);
    int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
    if (k + 1 < kCount) {
      const int8x16_t e = vreinterpretq_s8_s32(x[k + 1].raw), f = vreinterpretq_s8_s32(w[k + 1].raw);
      low = vmlal_s8(low, vget_low_s8(e), vget_low_s8(f));
      high = vmlal_high_s8(high, e, f);
    }
    sum = hn::Vec<D32>{vpadalq_s16(sum.raw, vpaddq_s16(low, high))};
  }
  return sum;
#else
  const hn::Repartition<int16_t, D32> d16;
  auto pairs = MultiplyPairs(d16, hn::BitCast(d16, x[0]), hn::BitCast(d16, w[0]));
  SCRIM_UNROLL for (int k = 1; k < kCount; ++k) {
    pairs = hn::Add(pairs, MultiplyPairs(d16, hn::BitCast(d16, x[k]), hn::BitCast(d16, w[k])));
  }
  return hn::Add(sum, AddPairs(d, pairs));
#endif
}

// Four bytes in every lane.
template <class D32>
HWY_INLINE hn::Vec<D32> Broadcast4(D32 d, const void* bytes) {
  int32_t four;
  std::memcpy(&four, bytes, sizeof(four));
  return hn::Set(d, four);
}
template <class D32>
HWY_INLINE hn::Vec<D32> LoadBytes(D32 d, const void* bytes) {
  const hn::Repartition<uint8_t, D32> d8;
  return hn::BitCast(d, hn::LoadU(d8, static_cast<const uint8_t*>(bytes)));
}

// To the nearest even; the value fits 32 bits (Highway's own function makes sure of that each time).
template <class D32>
HWY_INLINE hn::Vec<D32> ToNearest(D32 d, hn::Vec<hn::Rebind<float, D32>> v) {
  (void)d;
#if SCRIM_INT8_X86
  return hn::Vec<D32>{Nearest(v.raw)};
#else
  return hn::NearestInt(v);
#endif
}

// The bytes of sums, before they are clipped: see quantised_conv.h.
template <class D32>
HWY_INLINE hn::Vec<D32> Requantise(D32 d, hn::Vec<D32> sum, hn::Vec<hn::Rebind<float, D32>> multiplier) {
  const hn::Rebind<float, D32> df;
  return ToNearest(d, hn::Mul(hn::ConvertTo(df, sum), multiplier));
}

// Clips 16-bit lanes to bytes: in every block of 128 bits those of a, then those of b.
template <class D16>
HWY_INLINE hn::Vec<hn::Repartition<uint8_t, D16>> NarrowTwo(D16 d, hn::Vec<D16> a, hn::Vec<D16> b) {
  const hn::Repartition<uint8_t, D16> d8;
  (void)d;
#if SCRIM_INT8_X86
  (void)d8;
  return hn::Vec<decltype(d8)>{Narrow(a.raw, b.raw)};
#else
  static_assert(sizeof(a) <= 16, "one block");
  const hn::Half<decltype(d8)> half;
  return hn::Combine(d8, hn::DemoteTo(half, b), hn::DemoteTo(half, a));
#endif
}

// Sixteen-bit lanes for channels of a pixel: 16 at most.
using WideTag = hn::CappedTag<int16_t, 16>;
using NarrowWideTag = hn::CappedTag<int16_t, kChannelAlign>;

template <class D16>
HWY_INLINE hn::Vec<D16> LoadWide(D16 d, const uint8_t* bytes) {
  const hn::Rebind<uint8_t, D16> d8;
  return hn::PromoteTo(d, hn::LoadU(d8, bytes));
}
template <class D16>
HWY_INLINE void StoreNarrow(D16 d, hn::Vec<D16> v, uint8_t* bytes) {
  const hn::Rebind<uint8_t, D16> d8;
  (void)d;
  hn::StoreU(hn::DemoteTo(d8, v), d8, bytes);
}

// Runs work(tag, first, last) on the channels that wide vectors cover and on the rest, a multiple of kChannelAlign.
template <class Work>
HWY_INLINE void ForChannels(int channels, const Work& work) {
  constexpr size_t kWide = LanesOf(WideTag());
  const size_t all = RoundUp(static_cast<size_t>(channels), kChannelAlign), wide = all / kWide * kWide;
  if (wide != 0) work(WideTag(), size_t{0}, wide);
  if (wide != all) work(NarrowWideTag(), wide, all);
}

}  // namespace scrim::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
