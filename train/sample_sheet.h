// What the network is shown in training, for a person to look at.
#pragma once

#include <opencv2/core.hpp>

#include "augment/sample.h"

namespace scrim::train {

// Tiles of one size, row by row: each sample's colours, the outline of its truth in
// red and those of further planes in green, cyan and magenta, its previous mask in blue.
class SampleSheet {
 public:
  SampleSheet(int count, int columns, int side);
  void Add(const SampleView& sample);
  bool full() const { return added_ == count_; }
  const cv::Mat& picture() const { return picture_; }  // 8 bit, BGR

 private:
  const int count_, columns_, side_;
  int added_ = 0;
  cv::Mat picture_;
};

}  // namespace scrim::train
