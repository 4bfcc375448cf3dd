// Thin-plate splines (Bookstein 1989): the smoothest map that moves given control points by given amounts.
#pragma once

#include <opencv2/core.hpp>

#include "augment/random.h"

namespace scrim::train {

// Control points on a 4×4 grid over the picture. Immutable after construction: any number of threads may use it.
class ThinPlateSpline {
 public:
  ThinPlateSpline();

  // A random warp as a displacement field in pixels (CV_32FC2) for a width×height picture: each control point moves by
  // a normal distribution with standard deviation `amplitude`, as a share of the picture's sides. The spline is
  // evaluated on a 17×17 lattice and interpolated bilinearly between: at 256 pixels within 0.1 pixel of the exact
  // spline.
  cv::Mat RandomField(Random& random, float amplitude, int width, int height) const;

  // Displacement field that moves control point i (row-major, 4×4) by moves[i], as a share of the sides.
  cv::Mat Field(const float (&moves)[16][2], int width, int height) const;

 private:
  static constexpr int kGrid = 4, kPoints = kGrid * kGrid, kSize = kPoints + 3, kLattice = 17;
  cv::Mat inverse_;  // kSize×kSize, double: from the control points' moves to the spline's coefficients
  cv::Mat basis_;    // (lattice²)×kSize, double: radial functions, 1, x, y at every lattice point
};

}  // namespace scrim::train
