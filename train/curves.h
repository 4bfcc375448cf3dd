// The record of a run: curves.csv, one row for each evaluation, and curves.png drawn from it by gnuplot.
#pragma once

#include <string>

#include "base/status.h"

namespace scrim::train {

struct CurvePoint {
  int64_t step = 0;
  double epoch = 0, minutes = 0, images_per_second = 0, learning_rate = 0, loss = 0;
  double val_iou = 0, portrait_iou = 0, scene_iou = 0;
};

class Curves {
 public:
  // Goes on with folder/curves.csv, dropping rows after `step`: a resumed run repeats them.
  // `writes`: not where another process keeps the record.
  Curves(std::string folder, int64_t step, bool writes);
  Status Add(const CurvePoint& point);

 private:
  std::string folder_;
};

}  // namespace scrim::train
