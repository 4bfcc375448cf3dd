// Where the pixels of a stretched picture lie between those of the picture before: bilinear, half-pixel centres, edges
// clamped.
#pragma once

#include <algorithm>
#include <vector>

namespace scrim::image {

struct Axis {
  std::vector<int> first, second;
  std::vector<float> weight;  // of second

  // Does nothing when nothing changed.
  void Configure(int in_size, int out_size) {
    if (static_cast<int>(first.size()) == out_size && !second.empty() && second.back() == in_size - 1) return;
    first.resize(out_size), second.resize(out_size), weight.resize(out_size);
    for (int i = 0; i < out_size; ++i) {
      const float centre = std::clamp((i + 0.5f) * in_size / out_size - 0.5f, 0.f, in_size - 1.f);
      first[i] = static_cast<int>(centre);
      second[i] = std::min(first[i] + 1, in_size - 1);
      weight[i] = centre - first[i];
    }
  }
};

}  // namespace scrim::image
