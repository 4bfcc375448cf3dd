// Exponential and logarithm of vectors, to a few units in the last place.
#pragma once

#include "cpu/vector.h"

namespace scrim::train::cpu {

// Of x from -87 to 88; what is outside counts as the nearer of the two.
inline Vec Exp(Vec x) {
  typedef int32_t Ints __attribute__((vector_size(kLanes * 4)));
  x = Max(x, Fill(-87.f)), x = x < 88.f ? x : Fill(88.f);
  // Adding it leaves a whole number in the last bits: the power of two next to e^x.
  constexpr float kRound = 12582912.f;  // 1.5 * 2^23
  const Vec rounded = x * 1.44269504f + kRound, power = rounded - kRound;
  const Vec r = (x - power * 0.693359375f) + power * 2.12194440e-4f;  // ln 2 in two parts
  Vec y = r * 1.98756915e-4f + 1.39819995e-3f;
  y = y * r + 8.33345191e-3f, y = y * r + 4.16657960e-2f, y = y * r + 1.66666655e-1f, y = y * r + 5.00000012e-1f;
  y = y * (r * r) + r + 1.f;
  return reinterpret_cast<Vec>(reinterpret_cast<Ints>(y) + (reinterpret_cast<Ints>(rounded) << 23));
}

// log(1 + x) for x from 0 to 1: twice the inverse hyperbolic tangent of x / (2 + x), which is at most a third.
inline Vec Log1p(Vec x) {
  const Vec s = x / (x + 2.f), q = s * s;
  Vec y = q * (2 / 15.f) + 2 / 13.f;
  for (const float term : {2 / 11.f, 2 / 9.f, 2 / 7.f, 2 / 5.f, 2 / 3.f, 2.f}) y = y * q + term;
  return y * s;
}

inline Vec Logistic(Vec x) { return 1.f / (Exp(-x) + 1.f); }

}  // namespace scrim::train::cpu
