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
  // Output i is (1 - weight[i]) · input first[i] + weight[i] · input second[i].
  struct Axis {
    Axis(int from, int to, bool align_corners);
    std::vector<int> first, second;
    std::vector<float> weight;
  };
  // Along a row the usual factors go by whole vectors.
  enum class Across { kTwice, kHalf, kAny };
  void Stretch(int from, int to, float* row, float* out) const;
  void StretchBackward(int from, int to, const float* d, float* row);

  const Axis down_, across_;
  const Across kind_;
  std::vector<float> row_, even_, odd_;
};

}  // namespace scrim::train::cpu
