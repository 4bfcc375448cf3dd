#include "datasets/prepare.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

double Share(const cv::Mat& mask) { return double(cv::countNonZero(mask)) / double(mask.total()); }

// Seams are thin: what an opening removes. They become what most pixels around them are.
void CloseSeams(Labels& labels) {
  constexpr int kSeam = 13;  // VOC draws five pixels on either side of an outline
  cv::Mat areas, around;
  cv::morphologyEx(labels.ignored, areas, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {kSeam, kSeam}));
  const cv::Mat seams = labels.ignored & ~areas, known = ~labels.ignored & 255;
  cv::Mat people, all;
  const cv::Size window(2 * kSeam + 1, 2 * kSeam + 1);
  cv::boxFilter(labels.person & known, people, CV_32F, window, {-1, -1}, false);
  cv::boxFilter(known, all, CV_32F, window, {-1, -1}, false);
  labels.person.setTo(0, seams);
  labels.person.setTo(255, seams & (people > 0.5f * all));
  labels.ignored = areas;
}

void DropSpecks(cv::Mat& person, double smallest) {
  cv::Mat pieces, stats, centres;
  const int count = cv::connectedComponentsWithStats(person, pieces, stats, centres);
  for (int i = 1; i < count; ++i)
    if (stats.at<int>(i, cv::CC_STAT_AREA) < smallest * double(person.total())) person.setTo(0, pieces == i);
}

cv::Rect CropAround(const cv::Rect& box, cv::Size photo, double margin) {
  const int x = cvRound(box.width * margin), y = cvRound(box.height * margin);
  return cv::Rect(box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y) & cv::Rect({}, photo);
}

}  // namespace

Status Prepare(const PrepareOptions& options, cv::Mat& photo, Labels& labels) {
  cv::threshold(labels.person, labels.person, 127, 255, cv::THRESH_BINARY);
  if (!labels.ignored.empty()) CloseSeams(labels);
  const cv::Rect box = cv::boundingRect(labels.person);
  if (box.empty()) return InvalidArgument("nobody in it");
  if (box.area() < options.crop_below * photo.size().area()) {
    const cv::Rect crop = CropAround(box, photo.size(), options.margin);
    photo = photo(crop).clone();
    labels.person = labels.person(crop).clone();
    if (!labels.ignored.empty()) labels.ignored = labels.ignored(crop).clone();
  }
  if (!labels.ignored.empty() && Share(labels.ignored) > options.most_ignored)
    return InvalidArgument("too much unknown");
  DropSpecks(labels.person, options.speck);
  const double share = Share(labels.person);
  if (share < options.least) return InvalidArgument("too little of a person");
  if (share > options.most) return InvalidArgument("nothing but a person");
  const double sigma = options.softness * std::max(photo.cols, photo.rows);
  cv::GaussianBlur(labels.person, labels.person, {}, std::max(0.5, sigma), 0, cv::BORDER_REPLICATE);
  return {};
}

}  // namespace scrim::train
