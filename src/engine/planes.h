// What a network says besides who is a person: hair, skin.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "image/box.h"
#include "matte/refiner.h"

namespace scrim::engine {

// Some of a network's planes: bit p stands for plane p. The person's, plane 0, is always made and never asked for.
using PlaneSet = uint32_t;
inline constexpr size_t kMostPlanes = 32;

inline bool Has(PlaneSet planes, size_t plane) { return plane < kMostPlanes && (planes >> plane & 1) != 0; }

// Masks of the planes that a set has, at the network's size; the others are empty.
using PlaneMasks = std::vector<image::Floats>;

// The alphas of a frame's planes, made where somebody wants them.
class PlaneAlphas {
 public:
  // Refines the masks of `planes` along the frame's edges. person: the frame's alpha; no plane has more anywhere.
  void Refine(PlaneSet planes, const PlaneMasks& masks, const image::Bytes& luma, const image::ConstFrameView& frame,
              const image::Bytes& person, matte::Refiner* refiner);
  // There are none, as for a frame that failed.
  void Clear() { made_ = 0; }

  // Without a size: there is none.
  const image::BoxedAlpha& of(size_t plane) const;

 private:
  PlaneSet made_ = 0;
  std::vector<image::BoxedAlpha> alphas_;
};

}  // namespace scrim::engine
