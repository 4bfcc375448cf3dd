#include "augment/thin_plate_spline.h"

#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

double Radial(double dx, double dy) {
  const double r2 = dx * dx + dy * dy;
  return r2 < 1e-12 ? 0. : 0.5 * r2 * std::log(r2);  // r² log r
}

}  // namespace

ThinPlateSpline::ThinPlateSpline() : basis_(kLattice * kLattice, kSize, CV_64F) {
  auto coordinate = [](int i) { return double(i) / (kGrid - 1); };
  auto fill = [&](double x, double y, double* row) {
    for (int j = 0; j < kPoints; ++j) row[j] = Radial(x - coordinate(j % kGrid), y - coordinate(j / kGrid));
    row[kPoints] = 1., row[kPoints + 1] = x, row[kPoints + 2] = y;
  };
  cv::Mat system = cv::Mat::zeros(kSize, kSize, CV_64F);
  for (int i = 0; i < kPoints; ++i) {
    fill(coordinate(i % kGrid), coordinate(i / kGrid), system.ptr<double>(i));
    for (int j = kPoints; j < kSize; ++j) system.at<double>(j, i) = system.at<double>(i, j);
  }
  inverse_ = system.inv(cv::DECOMP_LU);
  for (int i = 0; i < kLattice * kLattice; ++i)
    fill(double(i % kLattice) / (kLattice - 1), double(i / kLattice) / (kLattice - 1), basis_.ptr<double>(i));
}

cv::Mat ThinPlateSpline::Field(const float (&moves)[16][2], int width, int height) const {
  cv::Mat targets = cv::Mat::zeros(kSize, 2, CV_64F);
  for (int i = 0; i < kPoints; ++i) {
    targets.at<double>(i, 0) = moves[i][0] * width;
    targets.at<double>(i, 1) = moves[i][1] * height;
  }
  cv::Mat lattice = basis_ * (inverse_ * targets), coarse, field;
  lattice.convertTo(coarse, CV_32F);
  coarse = coarse.reshape(2, kLattice);
  // The lattice's corners lie on the centres of the picture's corner pixels.
  const cv::Matx23f to_lattice((kLattice - 1.f) / (width - 1.f), 0, 0, 0, (kLattice - 1.f) / (height - 1.f), 0);
  cv::warpAffine(coarse, field, to_lattice, {width, height}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  return field;
}

cv::Mat ThinPlateSpline::RandomField(Random& random, float amplitude, int width, int height) const {
  float moves[kPoints][2];
  for (auto& move : moves)
    for (float& axis : move) axis = amplitude * random.Normal();
  return Field(moves, width, height);
}

}  // namespace scrim::train
