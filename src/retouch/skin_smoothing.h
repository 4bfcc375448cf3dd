// Skin without blemishes and small wrinkles; its shape, its pores and all that is no skin stay.
#pragma once

#include <array>
#include <vector>

#include "image/axis.h"
#include "image/box.h"
#include "image/resample.h"
#include "image/sampler.h"
#include "retouch/smooth.h"

namespace scrim::retouch {

// The guided filter with brightness as its own guide and as that of colour (He et al. 2010, equations 5 to 8), on a
// coarse grid whose cells are a share of the face, so that the same wrinkles go near the camera and far from it ("Fast
// Guided Filter", He and Sun 2015). Only skin counts in its windows. Texture finer than a cell is another band of
// frequencies, most of which stays: without it skin looks like wax. Towards the rim of the skin plane, at eyes, brows
// and lips, it does less and less. Not thread-safe.
class SkinSmoothing {
 public:
  // strength: 0 nothing to 1.
  void set_strength(float strength) { strength_ = strength; }
  bool enabled() const { return strength_ > 0; }

  // Smooths a valid frame in place; skin: alpha of its size. Only pixels whose alpha is not 0 change, and chroma that
  // they share.
  void Apply(const image::FrameView& frame, const image::BoxedAlpha& skin);

  // Forgets how large the face was: the next frame shows somebody else.
  void Reset() { face_ = 0; }

 private:
  bool FitGrid(const image::BoxedAlpha& skin);
  void Sample(const image::ConstFrameView& part, const image::BoxedAlpha& skin);
  void FindCoefficients();
  const float* StretchedRow(int y);

  float strength_ = 0;
  float face_ = 0;   // the side of a square with the skin's area, in pixels; 0: unknown
  image::Box part_;  // of the frame, its left and top even
  image::Sampler sampler_;
  image::Resampler alpha_resampler_;
  image::Axis x_, y_;
  // On the grid.
  image::Bytes picture_, alpha_;
  image::Floats luma_, red_, blue_;    // weight w, wY, wY², unused; w(R - Y), wY(R - Y); the same of blue
  image::Floats coefficients_, more_;  // the lines of SkinLines, four each
  image::Floats weights_, scratch_;
  // The lines of rows of the grid, stretched to the part's width, and which rows: row y stands in y % 4. A pair of the
  // frame's rows wants three at most.
  std::vector<float> rows_;
  std::array<int, 4> held_{};
};

}  // namespace scrim::retouch
