#include "metrics/photo.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace scrim::metrics {
namespace {

struct Point {
  int x, y;
};

// Pixels that differ from their neighbour to the right, below or diagonally below.
std::vector<Point> Outline(GreyView mask) {
  std::vector<Point> outline;
  for (int y = 0; y < mask.height; ++y) {
    const int below = std::min(y + 1, mask.height - 1);
    for (int x = 0; x < mask.width; ++x) {
      const int right = std::min(x + 1, mask.width - 1);
      const bool here = mask.person(x, y);
      if (here != mask.person(right, y) || here != mask.person(x, below) || here != mask.person(right, below))
        outline.push_back({x, y});
    }
  }
  return outline;
}

// The share of points within `radius` of one of the others.
double ShareNear(const std::vector<Point>& points, const std::vector<Point>& others, int radius, int width,
                 int height) {
  std::vector<uint8_t> near(static_cast<size_t>(width) * static_cast<size_t>(height));
  auto at = [&](int x, int y) -> uint8_t& {
    return near[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  };
  for (const Point& p : others) {
    for (int y = std::max(0, p.y - radius); y <= std::min(height - 1, p.y + radius); ++y) {
      const int dy = y - p.y;
      const int reach = static_cast<int>(std::sqrt(static_cast<double>(radius * radius - dy * dy)));
      const int first = std::max(0, p.x - reach), last = std::min(width - 1, p.x + reach);
      std::fill(&at(first, y), &at(last, y) + 1, uint8_t{1});
    }
  }
  size_t found = 0;
  for (const Point& p : points) found += at(p.x, p.y);
  return static_cast<double>(found) / static_cast<double>(points.size());
}

double BoundaryF(GreyView truth, GreyView alpha) {
  const std::vector<Point> wanted = Outline(truth), drawn = Outline(alpha);
  if (wanted.empty() || drawn.empty()) return wanted.empty() && drawn.empty() ? 1. : 0.;
  const int radius = static_cast<int>(std::ceil(0.0075 * std::hypot(truth.width, truth.height)));
  const double precision = ShareNear(drawn, wanted, radius, truth.width, truth.height);
  const double recall = ShareNear(wanted, drawn, radius, truth.width, truth.height);
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0.;
}

double Ratio(int64_t both, int64_t either) {
  return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 1.;
}

}  // namespace

PhotoQuality Compare(GreyView truth, GreyView alpha) {
  int64_t person_both = 0, person_either = 0, right = 0, error = 0;
  for (int y = 0; y < truth.height; ++y) {
    const uint8_t *t = truth.row(y), *a = alpha.row(y);
    for (int x = 0; x < truth.width; ++x) {
      const bool wanted = t[x] > 127, found = a[x] > 127;
      person_both += wanted && found, person_either += wanted || found, right += wanted == found;
      error += std::abs(t[x] - a[x]);
    }
  }
  const int64_t pixels = int64_t{1} * truth.width * truth.height;
  PhotoQuality quality;
  quality.iou = Ratio(person_both, person_either);
  quality.background_iou = Ratio(pixels - person_either, pixels - person_both);
  quality.accuracy = static_cast<double>(right) / static_cast<double>(pixels);
  quality.mae = static_cast<double>(error) / 255. / static_cast<double>(pixels);
  quality.boundary_f = BoundaryF(truth, alpha);
  return quality;
}

}  // namespace scrim::metrics
