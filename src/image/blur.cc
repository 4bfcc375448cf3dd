#include "image/blur.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace scrim::image {
namespace {

// Running sums along a row; the channels' sums are independent, so they fill one vector.
template <int kChannels>
void BlurRow(const float* in, int width, int radius, float* out) {
  float sum[kChannels] = {};
  const auto add = [&](int x, float sign) {
    for (int c = 0; c < kChannels; ++c) sum[c] += sign * in[x * kChannels + c];
  };
  for (int x = 0; x < std::min(radius, width); ++x) add(x, 1.f);
  for (int x = 0; x < width; ++x) {
    if (x + radius < width) add(x + radius, 1.f);
    if (x - radius - 1 >= 0) add(x - radius - 1, -1.f);
    const float inverse = 1.f / static_cast<float>(std::min(x + radius, width - 1) - std::max(x - radius, 0) + 1);
    for (int c = 0; c < kChannels; ++c) out[x * kChannels + c] = sum[c] * inverse;
  }
}

}  // namespace

void BoxBlur(int radius, Floats* picture, Floats* scratch) {
  const int width = picture->width(), height = picture->height(), channels = picture->channels();
  if (radius < 1) return;
  scratch->Resize(width, height + 1, channels);
  for (int y = 0; y < height; ++y) {
    const auto row = channels == 1 ? BlurRow<1> : channels == 2 ? BlurRow<2> : BlurRow<4>;
    row(picture->row(y), width, radius, scratch->row(y));
  }
  // Columns: all running sums of a row at once, kept in the scratch's last row.
  const size_t n = picture->row_size();
  float* sum = scratch->row(height);
  std::fill(sum, sum + n, 0.f);
  const auto add = [&](int y, float sign) {
    const float* in = scratch->row(y);
    for (size_t i = 0; i < n; ++i) sum[i] += sign * in[i];
  };
  for (int y = 0; y < std::min(radius, height); ++y) add(y, 1.f);
  for (int y = 0; y < height; ++y) {
    if (y + radius < height) add(y + radius, 1.f);
    if (y - radius - 1 >= 0) add(y - radius - 1, -1.f);
    const float inverse = 1.f / static_cast<float>(std::min(y + radius, height - 1) - std::max(y - radius, 0) + 1);
    float* out = picture->row(y);
    for (size_t i = 0; i < n; ++i) out[i] = sum[i] * inverse;
  }
}

void GaussianBlur(float sigma, Floats* picture, Floats* scratch) {
  if (sigma < 0.5f) return;
  constexpr int kPasses = 3;
  // A box of width w has variance (w² - 1) / 12; m passes of width w and the others of w + 2 meet sigma² best.
  const float ideal = std::sqrt(12 * sigma * sigma / kPasses + 1);
  int width = static_cast<int>(ideal);
  if (width % 2 == 0) --width;
  const float narrow = (12 * sigma * sigma - kPasses * (width * width + 4 * width + 3)) / (-4.f * width - 4);
  const int narrow_passes = static_cast<int>(std::lround(narrow));
  for (int pass = 0; pass < kPasses; ++pass) BoxBlur((pass < narrow_passes ? width : width + 2) / 2, picture, scratch);
}

}  // namespace scrim::image
