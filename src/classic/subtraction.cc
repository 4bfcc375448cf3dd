#include <opencv2/bgsegm.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/background_segm.hpp>

#include "classic/closed_regions.h"
#include "classic/picture_method.h"

namespace scrim::classic {
namespace {

cv::Ptr<cv::BackgroundSubtractor> Make(const std::string& name, const Values& v) {
  const auto count = [&](const char* parameter) { return static_cast<int>(v.at(parameter)); };
  if (name == "gmg") return cv::bgsegm::createBackgroundSubtractorGMG(count("frames"), v.at("threshold"));
  if (name == "knn")
    return cv::createBackgroundSubtractorKNN(count("history"), v.at("threshold"), v.at("shadows") != 0);
  if (name == "mog")
    return cv::bgsegm::createBackgroundSubtractorMOG(count("history"), count("mixtures"), v.at("background"),
                                                     v.at("noise"));
  return cv::createBackgroundSubtractorMOG2(count("history"), v.at("threshold"), v.at("shadows") != 0);
}

class Subtractor final : public PictureMethod {
 public:
  Subtractor(const std::string& name, const Values& values)
      : PictureMethod(static_cast<int>(values.at("side"))), name_(name), values_(values) {}
  void Reset() override { model_ = nullptr; }

 private:
  cv::Mat1b Find(const cv::Mat& picture) override {
    if (model_ == nullptr) model_ = Make(name_, values_);
    cv::Mat bgr;
    cv::Mat1b found;
    cv::cvtColor(picture, bgr, cv::COLOR_RGBA2BGR);
    model_->apply(bgr, found, values_.at("rate"));
    found = found == 255;  // KNN and MOG2 mark shadows by 127
    if (const int speck = static_cast<int>(values_.at("median")); speck > 1) cv::medianBlur(found, found, speck | 1);
    if (const int gap = static_cast<int>(values_.at("close")); gap > 0)
      cv::morphologyEx(found, found, cv::MORPH_CLOSE,
                       cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * gap + 1, 2 * gap + 1}));
    if (values_.at("fill") != 0) FillHoles(found);
    DropIslands(found, values_.at("least"));
    return found;
  }

  const std::string name_;
  const Values values_;
  cv::Ptr<cv::BackgroundSubtractor> model_;  // null before the first frame
};

}  // namespace

std::unique_ptr<Predecessor> MakeSubtractor(const std::string& name, const Values& values) {
  return std::make_unique<Subtractor>(name, values);
}

}  // namespace scrim::classic
