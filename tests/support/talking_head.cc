#include "support/talking_head.h"

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace scrim::test {
namespace {

constexpr double kNoise = 2. / 255, kLamp = 0.005;

StatusOr<cv::Mat> Read(const std::string& path, int flags) {
  cv::Mat picture = cv::imread(path, flags);
  if (picture.empty()) return NotFound(path + ": no picture");
  return picture;
}

}  // namespace

StatusOr<Sprite> CutOut(const std::string& photo, const std::string& mask, int height) {
  SCRIM_ASSIGN_OR_RETURN(cv::Mat colours, Read(photo, cv::IMREAD_COLOR));
  SCRIM_ASSIGN_OR_RETURN(cv::Mat alpha, Read(mask, cv::IMREAD_GRAYSCALE));
  if (colours.size() != alpha.size()) return InvalidArgument(mask + ": not as large as " + photo);
  cv::Mat1b solid = alpha > 127;
  const cv::Rect box = cv::boundingRect(solid);
  if (box.empty()) return InvalidArgument(mask + ": nobody in it");
  const double scale = 0.85 * height / box.height;
  Sprite sprite;
  colours(box).convertTo(sprite.colours, CV_32F, 1 / 255.);
  alpha(box).convertTo(sprite.alpha, CV_32F, 1 / 255.);
  // Room for soft edges everywhere but below, where the person goes on outside the frame.
  const int border = box.height / 8;
  cv::copyMakeBorder(sprite.colours, sprite.colours, border, 0, border, border, cv::BORDER_REPLICATE);
  cv::copyMakeBorder(sprite.alpha, sprite.alpha, border, 0, border, border, cv::BORDER_CONSTANT, 0.);
  cv::resize(sprite.colours, sprite.colours, {}, scale, scale, cv::INTER_CUBIC);
  cv::resize(sprite.alpha, sprite.alpha, {}, scale, scale, cv::INTER_CUBIC);
  cv::GaussianBlur(sprite.alpha, sprite.alpha, {}, std::max(1., 0.35 * scale));
  sprite.alpha = cv::min(cv::max(sprite.alpha, 0.f), 1.f);
  // Colours of the inside, spread outwards.
  cv::Mat1f inside = cv::Mat1f(sprite.alpha > 0.97) / 255, weight;
  cv::Mat3f spread, weighted;
  cv::Mat inside3;
  cv::merge(std::vector<cv::Mat>{inside, inside, inside}, inside3);
  cv::GaussianBlur(sprite.colours.mul(inside3), weighted, {}, 5 * scale);
  cv::GaussianBlur(inside, weight, {}, 5 * scale);
  weight += 1e-6f;
  cv::Mat weight3;
  cv::merge(std::vector<cv::Mat>{weight, weight, weight}, weight3);
  cv::divide(weighted, weight3, spread);
  sprite.colours = sprite.colours.mul(inside3) + spread.mul(cv::Scalar(1, 1, 1) - inside3);
  return sprite;
}

StatusOr<cv::Mat3f> ReadRoom(const std::string& photo, int width, int height) {
  SCRIM_ASSIGN_OR_RETURN(cv::Mat picture, Read(photo, cv::IMREAD_COLOR));
  const double scale = std::max(double(width) / picture.cols, double(height) / picture.rows);
  cv::resize(picture, picture, {}, scale, scale, cv::INTER_AREA);
  cv::Rect crop((picture.cols - width) / 2, (picture.rows - height) / 2, width, height);
  cv::Mat3f room;
  cv::resize(picture(crop & cv::Rect({}, picture.size())), picture, {width, height});
  picture.convertTo(room, CV_32F, 1 / 255.);
  return room;
}

TalkingHeadFrame DrawTalkingHead(const Sprite& person, const cv::Mat3f& room, int index) {
  const int width = room.cols, height = room.rows;
  const double t = std::min(index, 2 * kTalkingHeadFrames / 3) * 2 * CV_PI / kTalkingHeadFrames;
  const double sway = 0.05 * width * std::sin(2 * t), lean = 1 + 0.03 * std::sin(3 * t), nod = 3 * std::sin(4 * t);
  // Turned about the middle of the person's lower edge, which lies a little below the frame.
  const cv::Point2f foot(person.alpha.cols / 2.f, static_cast<float>(person.alpha.rows));
  cv::Mat motion = cv::getRotationMatrix2D(foot, nod, lean);
  motion.at<double>(0, 2) += width / 2. + sway - foot.x;
  motion.at<double>(1, 2) += 1.06 * height - foot.y;
  cv::Mat3f colours;
  cv::Mat1f alpha;
  cv::warpAffine(person.colours, colours, motion, room.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  cv::warpAffine(person.alpha, alpha, motion, room.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0.);

  cv::Mat alpha3;
  cv::merge(std::vector<cv::Mat>{alpha, alpha, alpha}, alpha3);
  const cv::Mat3f clean =
      cv::Mat3f(colours.mul(alpha3) + room.mul(cv::Scalar(1, 1, 1) - alpha3)) * (1 + kLamp * std::sin(0.9 * index));
  cv::Mat3f noise(room.size());
  cv::RNG(static_cast<uint64_t>(index) + 1).fill(noise, cv::RNG::NORMAL, 0., kNoise);

  TalkingHeadFrame frame{image::Frame(image::PixelFormat::kRgba, width, height), image::Bytes(width, height),
                         image::Bytes(width, height)};
  cv::Mat seen, grey;
  cv::Mat(clean + noise).convertTo(seen, CV_8U, 255.);
  cv::Mat rgba(height, width, CV_8UC4, frame.picture.view().row(0, 0));
  cv::cvtColor(seen, rgba, cv::COLOR_BGR2RGBA);
  cv::cvtColor(clean, grey, cv::COLOR_BGR2GRAY);
  grey.convertTo(cv::Mat(height, width, CV_8U, frame.luma.data()), CV_8U, 255.);
  alpha.convertTo(cv::Mat(height, width, CV_8U, frame.alpha.data()), CV_8U, 255.);
  return frame;
}

}  // namespace scrim::test
