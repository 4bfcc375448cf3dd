#include "retouch/recolour.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "retouch/recolour.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scrim::retouch::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The cube root of x >= 1e-9, within 1e-4 of it: a third of the exponent, then one step of Halley's method. What is
// darker counts as 1e-9, since its cubes are no normal floats.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V CubeRoot(D d, V x) {
  const hn::RebindToSigned<D> di;
  x = hn::Max(x, hn::Set(d, 1e-9f));
  const auto third = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, x)), hn::Set(d, 1.f / 3));
  const V t = hn::BitCast(d, hn::Add(hn::ConvertTo(di, third), hn::Set(di, 709921077)));
  const V cube = hn::Mul(hn::Mul(t, t), t);
  return hn::Div(hn::Mul(t, hn::Add(cube, hn::Add(x, x))), hn::Add(hn::Add(cube, cube), x));
}

// sRGB's curve, 0..1 to 0..1: a polynomial that is 0.05 of 255 off at most, and its straight beginning.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Decode(D d, V x) {
  V curve = hn::MulAdd(x, hn::Set(d, -0.11678883f), hn::Set(d, 0.52651412f));
  curve = hn::MulAdd(x, curve, hn::Set(d, 0.56036663f));
  curve = hn::MulAdd(x, curve, hn::Set(d, 0.028405784f));
  curve = hn::MulAdd(x, curve, hn::Set(d, 0.0010461686f));
  return hn::IfThenElse(hn::Le(x, hn::Set(d, 0.04045f)), hn::Mul(x, hn::Set(d, 1 / 12.92f)), curve);
}

// The way back: x, its square root and that one's make the curve but for 0.1 of 255.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Encode(D d, V x) {
  const V root = hn::Sqrt(x), fourth = hn::Sqrt(root);
  V curve = hn::MulAdd(root, hn::Set(d, 0.83376088f), hn::Set(d, -0.076901045f));
  curve = hn::MulAdd(fourth, hn::Set(d, 0.29809882f), curve);
  curve = hn::MulAdd(x, hn::Set(d, -0.055317105f), curve);
  return hn::IfThenElse(hn::Le(x, hn::Set(d, 0.0031308f)), hn::Mul(x, hn::Set(d, 12.92f)), curve);
}

// See oklab.h.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Toe(D d, V lightness) {
  const V x = hn::MulAdd(lightness, hn::Set(d, kToe3), hn::Set(d, -kToe1));
  const V root = hn::Sqrt(hn::MulAdd(x, x, hn::Mul(lightness, hn::Set(d, 4 * kToe2 * kToe3))));
  return hn::Mul(hn::Add(x, root), hn::Set(d, 0.5f));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V FromToe(D d, V toe) {
  return hn::Div(hn::Mul(toe, hn::Add(toe, hn::Set(d, kToe1))),
                 hn::Mul(hn::Add(toe, hn::Set(d, kToe2)), hn::Set(d, kToe3)));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Dot(D d, float a, V x, float b, V y, float c, V z) {
  return hn::MulAdd(hn::Set(d, a), x, hn::MulAdd(hn::Set(d, b), y, hn::Mul(hn::Set(d, c), z)));
}

void Recolour(const HairTone& tone, const PixelBlock& pixels, const float* HWY_RESTRICT alphas,
              PixelBlock* HWY_RESTRICT changes) {
  const hn::CappedTag<float, 16> d;
  using V = hn::Vec<decltype(d)>;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.f), byte = hn::Set(d, 1 / 255.f);
  const V lift = hn::Set(d, tone.lift), unlifted = hn::Set(d, 1 - tone.lift);
  const V odds = hn::Set(d, tone.odds), strength = hn::Set(d, tone.strength);
  const V below = hn::Set(d, 1 / tone.target.lightness), above = hn::Set(d, 1 / (1 - tone.target.lightness));
  const V target_a = hn::Set(d, tone.target.a), target_b = hn::Set(d, tone.target.b);
  const V deeper_a = hn::Set(d, tone.deeper_a), deeper_b = hn::Set(d, tone.deeper_b);
  const V knee = hn::Set(d, tone.knee * (1 - kBeyondKnee)), beyond = hn::Set(d, kBeyondKnee);
  const V mean_red = hn::Set(d, tone.hair[0]), mean_green = hn::Set(d, tone.hair[1]),
          mean_blue = hn::Set(d, tone.hair[2]);
  for (size_t i = 0; i < kBlock; i += hn::Lanes(d)) {
    if (hn::AllTrue(d, hn::Eq(hn::Load(d, alphas + i), zero))) {
      for (float* channel : {changes->red, changes->green, changes->blue}) hn::Store(zero, d, channel + i);
      continue;
    }
    const V alpha = hn::Mul(hn::Load(d, alphas + i), byte), square = hn::Mul(alpha, alpha);
    const V trust = hn::Mul(square, square);
    const V red = Decode(d, hn::Mul(hn::Load(d, pixels.red + i), byte)),
            green = Decode(d, hn::Mul(hn::Load(d, pixels.green + i), byte)),
            blue = Decode(d, hn::Mul(hn::Load(d, pixels.blue + i), byte));
    const V hair_red = hn::MulAdd(trust, hn::Sub(red, mean_red), mean_red),
            hair_green = hn::MulAdd(trust, hn::Sub(green, mean_green), mean_green),
            hair_blue = hn::MulAdd(trust, hn::Sub(blue, mean_blue), mean_blue);

    const V l = CubeRoot(d, Dot(d, 0.4122214708f, hair_red, 0.5363325363f, hair_green, 0.0514459929f, hair_blue)),
            m = CubeRoot(d, Dot(d, 0.2119034982f, hair_red, 0.6806995451f, hair_green, 0.1073969566f, hair_blue)),
            s = CubeRoot(d, Dot(d, 0.0883024619f, hair_red, 0.2817188376f, hair_green, 0.6299787005f, hair_blue));
    V lightness = Dot(d, 0.2104542553f, l, 0.7936177850f, m, -0.0040720468f, s);
    V a = Dot(d, 1.9779984951f, l, -2.4285922050f, m, 0.4505937099f, s);
    V b = Dot(d, 0.0259040371f, l, 0.7827717662f, m, -0.8086757660f, s);

    const V whole = Toe(d, hn::Min(hn::Max(lightness, zero), one)),
            toe = hn::Min(whole, hn::MulAdd(whole, beyond, knee));
    lightness = hn::MulAdd(toe, unlifted, lift);
    lightness = FromToe(d, hn::Div(lightness, hn::MulAdd(hn::Sub(one, lightness), odds, lightness)));
    const V share = hn::Mul(lightness, below), missing = hn::Max(hn::Sub(one, share), zero);
    const V chroma = hn::Min(share, hn::Mul(hn::Sub(one, lightness), above));
    a = hn::MulAdd(strength, hn::Sub(hn::Mul(chroma, hn::MulAdd(missing, deeper_a, target_a)), a), a);
    b = hn::MulAdd(strength, hn::Sub(hn::Mul(chroma, hn::MulAdd(missing, deeper_b, target_b)), b), b);

    const auto cube = [](V x) HWY_ATTR { return hn::Mul(hn::Mul(x, x), x); };
    const V long_ = cube(Dot(d, 1.f, lightness, 0.3963377774f, a, 0.2158037573f, b)),
            middle = cube(Dot(d, 1.f, lightness, -0.1055613458f, a, -0.0638541728f, b)),
            short_ = cube(Dot(d, 1.f, lightness, -0.0894841775f, a, -1.2914855480f, b));
    const auto change = [&](V before, V hair_after, const float* pixel, float* out) HWY_ATTR {
      const V light = hn::MulAdd(alpha, hn::Sub(hn::Min(hn::Max(hair_after, zero), one), before), before);
      const V after = hn::Mul(Encode(d, hn::Min(hn::Max(light, zero), one)), hn::Set(d, 255.f));
      hn::Store(hn::IfThenElseZero(hn::Gt(alpha, zero), hn::Sub(after, hn::Load(d, pixel))), d, out);
    };
    change(red, Dot(d, 4.0767416621f, long_, -3.3077115913f, middle, 0.2309699292f, short_), pixels.red + i,
           changes->red + i);
    change(green, Dot(d, -1.2684380046f, long_, 2.6097574011f, middle, -0.3413193965f, short_), pixels.green + i,
           changes->green + i);
    change(blue, Dot(d, -0.0041960863f, long_, -0.7034186147f, middle, 1.7076147010f, short_), pixels.blue + i,
           changes->blue + i);
  }
}

}  // namespace scrim::retouch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scrim::retouch {

HWY_EXPORT(Recolour);

void Recolour(const HairTone& tone, const PixelBlock& pixels, const uint8_t* alpha, int n, PixelBlock* changes) {
  alignas(64) float alphas[kBlock] = {};
  std::copy(alpha, alpha + n, alphas);
  HWY_DYNAMIC_DISPATCH(Recolour)(tone, pixels, alphas, changes);
}

}  // namespace scrim::retouch
#endif  // HWY_ONCE
