#include "evaluation/tiles.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>

#include "image/sampler.h"

namespace scrim::app {

image::Frame Thumbnail(const image::ConstFrameView& frame, int width) {
  const int height = std::max(1, static_cast<int>(std::lround(double(width) * frame.height / frame.width)));
  image::Bytes small(width, height, 4);
  image::Sampler sampler;
  sampler.Sample(frame, &small);
  NativeToRgb(frame.format, frame.matrix, &small);
  image::Frame tile(image::PixelFormat::kRgba, width, height);
  std::memcpy(tile.view().planes[0], small.data(), small.size());
  return tile;
}

image::Frame Thumbnail(const image::Bytes& alpha, int width) {
  image::Frame grey(image::PixelFormat::kRgb, alpha.width(), alpha.height());
  uint8_t* out = grey.view().planes[0];
  for (size_t i = 0; i < alpha.size(); ++i, out += 3) out[0] = out[1] = out[2] = alpha.data()[i];
  return Thumbnail(grey.view(), width);
}

void PutBeforeGreen(const image::Bytes& alpha, image::Frame& rgba) {
  constexpr int kGreen[3] = {0, 177, 64};
  for (int y = 0; y < rgba.height(); ++y) {
    uint8_t* p = rgba.view().row(0, y);
    for (int x = 0; x < rgba.width(); ++x, p += 4) {
      const int a = alpha.row(y)[x];
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>((p[c] * a + kGreen[c] * (255 - a) + 127) / 255);
    }
  }
}

void Place(const image::Frame& tile, int x, int y, image::Frame& sheet) {
  const int width = std::min(tile.width(), sheet.width() - x), height = std::min(tile.height(), sheet.height() - y);
  if (width <= 0) return;
  const image::ConstFrameView from = tile.view();
  for (int row = 0; row < height; ++row)
    std::memcpy(sheet.view().row(0, y + row) + 4 * x, from.row(0, row), size_t{4} * static_cast<size_t>(width));
}

void Caption(const std::string& text, int x, int y, image::Frame& sheet) {
  cv::Mat picture(sheet.height(), sheet.width(), CV_8UC4, sheet.view().planes[0], sheet.view().strides[0]);
  cv::putText(picture, text, {x + 4, y + kCaptionHeight - 6}, cv::FONT_HERSHEY_SIMPLEX, 0.45,
              cv::Scalar(30, 30, 30, 255), 1, cv::LINE_AA);
}

}  // namespace scrim::app
