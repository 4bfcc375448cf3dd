// From outlines to the regions that they enclose.
#pragma once

#include <opencv2/core.hpp>

namespace scrim::classic {

struct RegionOptions {
  int gap = 8;           // gaps in the outline up to twice as wide are closed, pixels
  double least = 0.005;  // smaller regions are dropped, share of the picture
};

// edges: 255 on the outline, 0 elsewhere. Closes gaps (dilation by a disc), lets the room flow in from the picture's
// border as far as the edges let it, and takes what stays dry, eroded by the same disc; lines alone are dropped. The
// lower border and the lower third of both sides count as edges: people before a camera are cut there. 255 inside.
cv::Mat1b ClosedRegions(const cv::Mat1b& edges, const RegionOptions& options);

// Drops 8-connected regions smaller than `least` of the picture. In place.
void DropIslands(cv::Mat1b& mask, double least);

// Fills what the foreground encloses on all sides. In place.
void FillHoles(cv::Mat1b& mask);

}  // namespace scrim::classic
