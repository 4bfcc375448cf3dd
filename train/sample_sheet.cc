#include "sample_sheet.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace scrim::train {

SampleSheet::SampleSheet(int count, int columns, int side)
    : count_(count),
      columns_(columns),
      side_(side),
      picture_((count + columns - 1) / columns * side, columns * side, CV_8UC3, cv::Scalar::all(255)) {}

void SampleSheet::Add(const SampleView& sample) {
  if (full()) return;
  const auto plane = [&](const float* first, int index) {
    return cv::Mat(sample.height, sample.width, CV_32F,
                   const_cast<float*>(first) + size_t(index) * size_t(sample.width) * size_t(sample.height));
  };
  cv::Mat bgr, truth, outline, previous;
  cv::merge(std::vector<cv::Mat>{plane(sample.input, 2), plane(sample.input, 1), plane(sample.input, 0)}, bgr);
  bgr.convertTo(bgr, CV_8U, 127.5, 127.5);
  plane(sample.truth, 0).convertTo(truth, CV_8U, 255);
  plane(sample.input, 3).convertTo(previous, CV_8U, 255);
  const double scale = double(side_) / std::max(sample.width, sample.height);
  for (cv::Mat* mat : {&bgr, &truth, &previous}) cv::resize(*mat, *mat, {}, scale, scale, cv::INTER_AREA);
  cv::Mat tint(bgr.size(), CV_8UC3, cv::Scalar(255, 60, 0)), tinted;
  cv::addWeighted(bgr, 0.6, tint, 0.4, 0, tinted);
  tinted.copyTo(bgr, previous > 127);
  cv::morphologyEx(truth > 127, outline, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {2, 2}));
  bgr.setTo(cv::Scalar(0, 0, 255), outline);
  const cv::Scalar colours[] = {{0, 255, 0}, {255, 255, 0}, {255, 0, 255}};
  for (int p = 1; p < sample.planes; ++p) {
    plane(sample.truth, p).convertTo(truth, CV_8U, 255);
    cv::resize(truth, truth, bgr.size(), 0, 0, cv::INTER_AREA);
    cv::morphologyEx(truth > 127, outline, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {2, 2}));
    bgr.setTo(colours[(p - 1) % 3], outline);
  }
  bgr.copyTo(picture_(cv::Rect(added_ % columns_ * side_, added_ / columns_ * side_, bgr.cols, bgr.rows)));
  ++added_;
}

}  // namespace scrim::train
