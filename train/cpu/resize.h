// Bilinear resizing, as torch::upsample_bilinear2d does it: edges clamped, no antialiasing.
#pragma once

#include <vector>

#include "cpu/tensor.h"

namespace scrim::train::cpu {

class Resize {
 public:
  Resize(int from_h, int from_w, int to_h, int to_w, bool align_corners);

  void Forward(const Tensor& x, const Tensor& y);
  // add: to dx; else dx is written.
  void Backward(const Tensor& dy, const Tensor& dx, bool add);

 private:
  // Output i is (1 - weight[i]) · first[i] + weight[i] · second[i].
  struct Axis {
    Axis(int from, int to, bool align_corners);
    std::vector<int> first, second;
    std::vector<float> weight;
  };
  Axis down_, across_;
  std::vector<float> row_;
};

}  // namespace scrim::train::cpu
