#include "augment/shrink.h"

#include <algorithm>
#include <vector>

#include "cpu/vector.h"

namespace scrim::train {
namespace {

typedef float Pixel __attribute__((vector_size(16), aligned(4)));

// What a pixel of the smaller picture covers along one axis: pixels first, first + 1, ... with their weights.
struct Cover {
  int first;
  std::vector<float> weights;  // sum 1
};

std::vector<Cover> CoverAxis(int from, int to) {
  std::vector<Cover> covers(static_cast<size_t>(to));
  const double scale = double(from) / to;
  for (int i = 0; i < to; ++i) {
    Cover& cover = covers[static_cast<size_t>(i)];
    const double begin = i * scale, end = std::min(double(from), (i + 1) * scale);
    cover.first = int(begin);
    for (int k = cover.first; k < end; ++k) {
      const double part = (std::min(end, k + 1.) - std::max(begin, double(k))) / scale;
      if (part > 1e-6) cover.weights.push_back(float(part));
      if (part <= 1e-6 && cover.weights.empty()) ++cover.first;
    }
  }
  return covers;
}

// sums (+)= weight · bytes; up to a vector more than count is written.
void AddRow(const uint8_t* bytes, int count, float weight, bool first, float* sums) {
  typedef uint8_t Bytes __attribute__((vector_size(cpu::kLanes), aligned(1)));
  int x = 0;
  for (; x + cpu::kLanes <= count; x += cpu::kLanes) {
    const cpu::Vec v = __builtin_convertvector(*reinterpret_cast<const Bytes*>(bytes + x), cpu::Vec) * weight;
    cpu::Store(sums + x, first ? v : cpu::Load(sums + x) + v);
  }
  for (; x < count; ++x) sums[x] = (first ? 0.f : sums[x]) + float(bytes[x]) * weight;
}

}  // namespace

cv::Mat Shrink(const cv::Mat& rgba, int width, int height) {
  CV_Assert(rgba.type() == CV_8UC4 && width <= rgba.cols && height <= rgba.rows);
  const std::vector<Cover> across = CoverAxis(rgba.cols, width), down = CoverAxis(rgba.rows, height);
  cv::Mat out(height, width, CV_8UC4);
  std::vector<float> sums(static_cast<size_t>(rgba.cols) * 4);
  for (int y = 0; y < height; ++y) {
    const Cover& rows = down[static_cast<size_t>(y)];
    for (size_t k = 0; k < rows.weights.size(); ++k)
      AddRow(rgba.ptr(rows.first + int(k)), rgba.cols * 4, rows.weights[k], k == 0, sums.data());
    auto* to = out.ptr<cv::Vec4b>(y);
    for (int x = 0; x < width; ++x) {
      const Cover& columns = across[static_cast<size_t>(x)];
      const float* from = sums.data() + 4 * columns.first;
      Pixel mean = {0.5f, 0.5f, 0.5f, 0.5f};  // to the nearest
      for (float weight : columns.weights) mean += *reinterpret_cast<const Pixel*>(from) * weight, from += 4;
      for (int c = 0; c < 4; ++c) to[x][c] = static_cast<uint8_t>(std::min(255.f, mean[c]));
    }
  }
  return out;
}

}  // namespace scrim::train
