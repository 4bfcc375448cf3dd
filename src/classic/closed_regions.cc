#include "classic/closed_regions.h"

#include <opencv2/imgproc.hpp>

namespace scrim::classic {
namespace {

// 255 where a flood from the picture's border gets; walls are not 0. basin: the border is a wall below and along the
// lower third of both sides.
cv::Mat1b Flooded(const cv::Mat1b& walls, bool basin) {
  cv::Mat1b field;
  cv::copyMakeBorder(walls, field, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
  field.setTo(1, field != 0);
  if (basin) {
    const int from = field.rows - field.rows / 3;
    field.row(field.rows - 1).setTo(1);
    for (const int side : {0, field.cols - 1}) field.col(side).rowRange(from, field.rows).setTo(1);
  }
  cv::floodFill(field, cv::Point(0, 0), 255, nullptr, 0, 0, 4);
  return field(cv::Rect(1, 1, walls.cols, walls.rows)) == 255;
}

}  // namespace

void DropIslands(cv::Mat1b& mask, double least) {
  cv::Mat labels, stats, centres;
  const int count = cv::connectedComponentsWithStats(mask, labels, stats, centres, 8, CV_32S);
  const double wanted = least * static_cast<double>(mask.total());
  for (int i = 1; i < count; ++i)
    if (stats.at<int>(i, cv::CC_STAT_AREA) < wanted) mask.setTo(0, labels == i);
}

void FillHoles(cv::Mat1b& mask) { mask.setTo(255, Flooded(mask, /*basin=*/false) == 0); }

cv::Mat1b ClosedRegions(const cv::Mat1b& edges, const RegionOptions& options) {
  const cv::Mat disc = cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * options.gap + 1, 2 * options.gap + 1});
  cv::Mat1b walls;
  cv::dilate(edges, walls, disc);  // gap 0: a copy
  cv::Mat1b inside = Flooded(walls, /*basin=*/true) == 0;
  // Beyond the picture the region goes on: erosion keeps what the border cuts.
  cv::erode(inside, inside, disc);
  cv::morphologyEx(inside, inside, cv::MORPH_OPEN, disc);  // lines that enclose nothing
  DropIslands(inside, options.least);
  return inside;
}

}  // namespace scrim::classic
