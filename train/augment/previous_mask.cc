#include "augment/previous_mask.h"

#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

cv::Mat Jitter(const cv::Mat& mask, Random& random, float shift, float zoom, float turn) {
  const float scale = std::exp(zoom * random.Normal()), angle = turn * random.Normal();
  const float c = scale * std::cos(angle), s = scale * std::sin(angle), cx = mask.cols * 0.5f, cy = mask.rows * 0.5f;
  const cv::Matx23f map(c, -s, cx - c * cx + s * cy + shift * random.Normal() * mask.cols,  //
                        s, c, cy - s * cx - c * cy + shift * random.Normal() * mask.rows);
  cv::Mat out;
  cv::warpAffine(mask, out, map, mask.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return out;
}

void Degrade(cv::Mat& mask, Random& random) {
  if (random.Chance(0.33f)) {
    const int size = 3 + 2 * random.Below(2);
    const cv::Mat element = cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size});
    random.Chance(0.5f) ? cv::erode(mask, mask, element) : cv::dilate(mask, mask, element);
  }
  if (random.Chance(0.4f)) {
    const int size = 3 + 2 * random.Below(4);
    cv::blur(mask, mask, {size, size});
  }
  if (random.Chance(0.25f)) {
    for (int i = 1 + random.Below(3); i > 0; --i) {
      const cv::Point centre(random.Below(mask.cols), random.Below(mask.rows));
      const cv::Size axes(int(mask.cols * random.Uniform(.02f, .15f)), int(mask.rows * random.Uniform(.02f, .15f)));
      cv::ellipse(mask, centre, axes, random.Uniform(0, 180), 0, 360, cv::Scalar(random.Chance(0.5f) ? 255 : 0),
                  cv::FILLED);
    }
  }
}

// What a network says of a room without people, at most a fifth of certainty.
cv::Mat FaintNoise(cv::Size size, Random& random) {
  cv::Mat coarse(3 + random.Below(6), 4 + random.Below(8), CV_8U), noise;
  const float most = random.Uniform(2.f, 50.f);
  for (int y = 0; y < coarse.rows; ++y)
    for (int x = 0; x < coarse.cols; ++x) {
      const float u = random.Uniform();
      coarse.at<uint8_t>(y, x) = static_cast<uint8_t>(most * u * u * u);  // mostly next to nothing
    }
  cv::resize(coarse, noise, size, 0, 0, cv::INTER_LINEAR);
  return noise;
}

}  // namespace

cv::Mat RandomPreviousMask(cv::Mat& rgba, const PreviousMaskShares& shares, const ThinPlateSpline& spline,
                           Random& random, const std::function<cv::Mat()>& other) {
  float draw = random.Uniform() * (shares.empty + shares.small + shares.large + shares.spline);
  const bool noise = random.Chance(0.4f), others = random.Chance(0.5f);
  if ((draw -= shares.empty) < 0.f)
    return noise && shares.small + shares.large + shares.spline > 0.f ? FaintNoise(rgba.size(), random) : cv::Mat();
  cv::Mat truth, previous;
  cv::extractChannel(rgba, truth, 3);
  const bool nobody = cv::countNonZero(truth > 127) == 0;
  if (other && (nobody || (others && draw >= shares.small && draw < shares.small + shares.large))) {
    previous = other();
    Degrade(previous, random);
    return previous;
  }
  if ((draw -= shares.small) < 0.f) {
    previous = Jitter(truth, random, 0.02f, 0.03f, 0.03f);
    Degrade(previous, random);
  } else if ((draw -= shares.large) < 0.f) {
    previous = Jitter(truth, random, 0.25f, 0.3f, 0.4f);
    if (random.Chance(0.3f)) cv::flip(previous, previous, 1);
  } else {
    cv::Mat field = spline.RandomField(random, random.Uniform(0.01f, 0.06f), rgba.cols, rgba.rows), warped;
    for (int y = 0; y < field.rows; ++y) {
      auto* row = field.ptr<cv::Vec2f>(y);
      for (int x = 0; x < field.cols; ++x) row[x] += cv::Vec2f(static_cast<float>(x), static_cast<float>(y));
    }
    cv::remap(rgba, warped, field, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    rgba = warped;
    previous = truth;
    Degrade(previous, random);
  }
  return previous;
}

}  // namespace scrim::train
