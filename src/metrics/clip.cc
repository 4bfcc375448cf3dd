#include "metrics/clip.h"

#include <cmath>
#include <cstdlib>

namespace scrim::metrics {
namespace {

std::vector<uint8_t> Packed(GreyView view) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < view.height; ++y) pixels.insert(pixels.end(), view.row(y), view.row(y) + view.width);
  return pixels;
}

}  // namespace

void ClipComparison::Add(GreyView luma, GreyView truth, GreyView alpha) {
  const PhotoQuality quality = Compare(truth, alpha);
  ++sums_.frames;
  sums_.iou += quality.iou, sums_.boundary_f += quality.boundary_f, sums_.mae += quality.mae;
  Previous now{Packed(luma), Packed(truth), Packed(alpha)};
  if (now.alpha.size() == previous_.alpha.size()) {
    ++sums_.pairs;
    double squares = 0;
    for (size_t i = 0; i < now.alpha.size(); ++i) {
      const double change = (now.alpha[i] - previous_.alpha[i]) / 255.;
      const double wanted = (now.truth[i] - previous_.truth[i]) / 255.;
      squares += (change - wanted) * (change - wanted);
      if (wanted != 0 || std::abs(now.luma[i] - previous_.luma[i]) > kStillLevels) continue;
      still_change_ += std::abs(change);
      ++still_pixels_;
    }
    sums_.dtssd += std::sqrt(squares / static_cast<double>(now.alpha.size()));
    compared_pixels_ += static_cast<double>(now.alpha.size());
  }
  previous_ = std::move(now);
}

ClipQuality ClipComparison::Result() const {
  ClipQuality result = sums_;
  if (result.frames > 0)
    for (double* sum : {&result.iou, &result.boundary_f, &result.mae}) *sum /= result.frames;
  if (result.pairs > 0) result.dtssd /= result.pairs;
  if (still_pixels_ > 0) result.flicker = still_change_ / still_pixels_;
  if (compared_pixels_ > 0) result.still_share = still_pixels_ / compared_pixels_;
  return result;
}

}  // namespace scrim::metrics
