// How well and how steadily a clip's alphas match the truth.
#pragma once

#include <vector>

#include "metrics/photo.h"

namespace scrim::metrics {

struct ClipQuality {
  int frames = 0;
  int pairs = 0;          // of consecutive frames; without any, the last three figures are 0
  double iou = 0;         // mean over frames
  double boundary_f = 0;  // mean over frames
  double mae = 0;         // mean over frames
  // Root of the mean squared difference between alpha's change and the truth's change from one frame to the next, mean
  // over frames (dtSSD: Erofeev et al. 2015, Perceptually motivated benchmark for video matting, section 4).
  double dtssd = 0;
  // Mean absolute change of alpha, of pixels that stand still: where the truth does not change and the frame by at most
  // kStillLevels.
  double flicker = 0;
  double still_share = 0;  // of all pixels; flicker means little where it is small
};

inline constexpr int kStillLevels = 3;  // of 255: what an encoder does to a wall

// Frames of one clip in order, all of one size. Keeps copies of the last frame alone.
class ClipComparison {
 public:
  // luma: the frame itself, for finding still pixels. All three of the same size.
  void Add(GreyView luma, GreyView truth, GreyView alpha);
  // Frames without truth lie between: the next one is not compared with the last.
  void Skip() { previous_ = {}; }
  ClipQuality Result() const;

 private:
  struct Previous {
    std::vector<uint8_t> luma, truth, alpha;
  } previous_;
  ClipQuality sums_;
  double still_change_ = 0, still_pixels_ = 0, compared_pixels_ = 0;
};

}  // namespace scrim::metrics
