// The record of a run: curves.csv, one row for each evaluation, and curves.png drawn from it by gnuplot.
#pragma once

#include <string>
#include <vector>

#include "evaluate.h"
#include "trainer.h"

namespace scrim::train {

struct CurvePoint {
  int64_t step = 0;
  double epoch = 0, minutes = 0, images_per_second = 0, learning_rate = 0, loss = 0;
  double val_iou = 0;
  std::vector<Quality> groups;
};

class Curves {
 public:
  // Goes on with folder/curves.csv, dropping rows after `step`: a resumed run repeats them.
  // `writes`: not where another process keeps the record.
  Curves(std::string folder, int64_t step, bool writes, const std::vector<SourceGroup>& groups);
  Status Add(const CurvePoint& point);

 private:
  std::string folder_, plot_;
};

}  // namespace scrim::train
