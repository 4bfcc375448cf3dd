#include <opencv2/imgproc.hpp>

#include "classic/closed_regions.h"
#include "classic/picture_method.h"

namespace scrim::classic {
namespace {

class CannyMethod final : public PictureMethod {
 public:
  explicit CannyMethod(const Values& v)
      : PictureMethod(static_cast<int>(v.at("side"))),
        low_(v.at("low")),
        high_(v.at("high")),
        blur_(v.at("blur")),
        fill_(v.at("fill") != 0),
        regions_{static_cast<int>(v.at("gap")), v.at("least")} {}
  void Reset() override {}

 private:
  cv::Mat1b Find(const cv::Mat& picture) override {
    cv::Mat1b grey, edges;
    cv::cvtColor(picture, grey, cv::COLOR_RGBA2GRAY);
    if (blur_ > 0) cv::GaussianBlur(grey, grey, {}, blur_);
    cv::Canny(grey, edges, low_, high_, 3, /*L2gradient=*/true);
    return fill_ ? ClosedRegions(edges, regions_) : edges;
  }

  double low_, high_, blur_;
  bool fill_;
  RegionOptions regions_;
};

}  // namespace

std::unique_ptr<Predecessor> MakeCanny(const Values& values) { return std::make_unique<CannyMethod>(values); }

}  // namespace scrim::classic
