#include "classic/picture_method.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace scrim::classic {

void StretchMask(const cv::Mat1b& mask, image::Bytes* out) {
  cv::Mat1b view(out->height(), out->width(), out->data());
  cv::resize(mask, view, view.size(), 0, 0, cv::INTER_LINEAR);
}

Status PictureMethod::Process(const image::ConstFrameView& frame, image::Bytes* mask) {
  mask->Resize(0, 0);
  SCRIM_RETURN_IF_ERROR(image::Validate(frame));
  mask->Resize(frame.width, frame.height);
  const int longest = std::max(frame.width, frame.height);
  const double scale = side_ > 0 && longest > side_ ? double(side_) / longest : 1.;
  picture_.Resize(std::max(1, static_cast<int>(std::lround(frame.width * scale))),
                  std::max(1, static_cast<int>(std::lround(frame.height * scale))), 4);
  sampler_.Sample(frame, &picture_);
  image::NativeToRgb(frame.format, frame.matrix, &picture_);
  try {
    StretchMask(Find(cv::Mat(picture_.height(), picture_.width(), CV_8UC4, picture_.data())), mask);
  } catch (const cv::Exception& error) {
    std::fill_n(mask->data(), mask->size(), uint8_t{0});
    return Internal(std::string("OpenCV: ") + error.what());
  }
  return {};
}

}  // namespace scrim::classic
