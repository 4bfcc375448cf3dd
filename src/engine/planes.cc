#include "engine/planes.h"

namespace scrim::engine {

void PlaneAlphas::Refine(PlaneSet planes, const PlaneMasks& masks, const image::Bytes& luma,
                         const image::ConstFrameView& frame, const image::Bytes& person, matte::Refiner* refiner) {
  made_ = 0;
  alphas_.resize(std::max(alphas_.size(), masks.size()));
  for (size_t p = 1; p < masks.size(); ++p) {
    if (!Has(planes, p) || masks[p].empty()) continue;
    image::BoxedAlpha* alpha = &alphas_[p];
    refiner->ProcessPart(masks[p], luma, frame, alpha);
    for (int y = alpha->box.top; y < alpha->box.bottom; ++y) {
      uint8_t* row = alpha->alpha.row(y) + alpha->box.left;
      std::transform(row, row + alpha->box.width(), person.row(y) + alpha->box.left, row,
                     [](uint8_t a, uint8_t b) { return std::min(a, b); });
    }
    made_ |= PlaneSet{1} << p;
  }
}

const image::BoxedAlpha& PlaneAlphas::of(size_t plane) const {
  static const image::BoxedAlpha none;
  return Has(made_, plane) ? alphas_[plane] : none;
}

}  // namespace scrim::engine
