#include "augment/geometry.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "augment/shrink.h"

namespace scrim::train {
namespace {

// From target to source: source = centre + R(angle) · diag(scale_x, scale_y) · (target - target centre).
struct View {
  float centre_x, centre_y;  // in the source, pixels
  float scale_x, scale_y;    // source pixels per target pixel; negative mirrors
  float angle;               // radians
};

// Averages first where bilinear sampling would skip source pixels.
cv::Mat Resample(const cv::Mat& source, View view, int width, int height, int border) {
  const float shrink_x = std::max(1.f, std::abs(view.scale_x)), shrink_y = std::max(1.f, view.scale_y);
  cv::Mat small = source;
  if (shrink_x > 1.3f || shrink_y > 1.3f) {
    small = Shrink(source, std::max(1, cvRound(source.cols / shrink_x)), std::max(1, cvRound(source.rows / shrink_y)));
  }
  const float fx = float(small.cols) / source.cols, fy = float(small.rows) / source.rows;
  const float c = std::cos(view.angle), s = std::sin(view.angle), cx = (width - 1) * 0.5f, cy = (height - 1) * 0.5f;
  const float a = c * view.scale_x, b = -s * view.scale_y, d = s * view.scale_x, e = c * view.scale_y;
  const cv::Matx23f to_source(fx * a, fx * b, fx * (view.centre_x - a * cx - b * cy) - 0.5f,  //
                              fy * d, fy * e, fy * (view.centre_y - d * cx - e * cy) - 0.5f);
  cv::Mat out;
  cv::warpAffine(small, out, to_source, {width, height}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, border);
  return out;
}

float Mirror(Random& random) { return random.Chance(0.5f) ? -1.f : 1.f; }

// Where a view of `extent` source pixels may be centred so that it leaves the photo by at most `slack` of the extent.
float RandomCentre(Random& random, float size, float extent, float slack) {
  const float room = std::max(0.f, (size - extent) * 0.5f) + slack * extent;
  return size * 0.5f + random.Uniform(-room, room);
}

}  // namespace

cv::Mat Stretch(const cv::Mat& rgba, int width, int height) {
  cv::Mat out;
  const bool shrinks = rgba.cols >= width && rgba.rows >= height;
  cv::resize(rgba, out, {width, height}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return out;
}

cv::Mat RandomView(const cv::Mat& rgba, float stretched_share, Random& random, int width, int height) {
  const float photo_w = static_cast<float>(rgba.cols), photo_h = static_cast<float>(rgba.rows);
  float view_w, view_h;
  if (random.Chance(stretched_share)) {
    const float zoom = random.LogUniform(0.75f, 1.15f);
    view_w = photo_w * zoom * random.LogUniform(0.9f, 1.1f);
    view_h = photo_h * zoom * random.LogUniform(0.9f, 1.1f);
  } else {
    const float aspect = float(width) / height * random.LogUniform(0.75f, 1.25f);
    const float zoom = random.LogUniform(0.5f, 1.5f);
    view_w = std::min(photo_w, photo_h * aspect) * zoom;
    view_h = view_w / aspect;
    if (view_h > 1.2f * photo_h || view_w > 1.6f * photo_w) {
      const float back = std::max(view_h / (1.2f * photo_h), view_w / (1.6f * photo_w));
      view_w /= back, view_h /= back;
    }
  }
  const View view{RandomCentre(random, photo_w, view_w, 0.12f), RandomCentre(random, photo_h, view_h, 0.12f),
                  Mirror(random) * view_w / width, view_h / height, 0.08f * random.Normal()};
  const int borders[] = {cv::BORDER_REPLICATE, cv::BORDER_REFLECT_101};
  return Resample(rgba, view, width, height, borders[random.Below(2)]);
}

namespace {

// Whether somebody with this box ends above the lower edge of a picture of this height.
bool IsWhole(const cv::Rect& box, int height) { return box.br().y < 0.99 * height; }

}  // namespace

bool CanBeCutOut(const cv::Mat& rgba) {
  cv::Mat alpha;
  cv::extractChannel(rgba, alpha, 3);
  const cv::Mat person = alpha > 127;
  const auto share = [&](const cv::Rect& part) { return cv::countNonZero(person(part)) / double(part.area()); };
  const int w = person.cols, h = person.rows;
  if (share({0, 0, 1, h}) > 0.02 || share({w - 1, 0, 1, h}) > 0.02 || share({0, 0, w, 1}) > 0.02) return false;
  const double below = share({0, h - 1, w, 1}), area = share({0, 0, w, h});
  const cv::Rect box = cv::boundingRect(person);
  const bool cut_off_below = below >= 0.1 && area >= 0.08,
             whole = below <= 0.02 && area >= 0.02 && IsWhole(box, h) && box.height > 1.4 * box.width;
  if (!cut_off_below && !whole) return false;
  cv::Mat labels, stats, centres;
  const int regions = cv::connectedComponentsWithStats(person, labels, stats, centres, 4, CV_32S);
  int largest = 0, all = 0;
  for (int i = 1; i < regions; ++i) {
    largest = std::max(largest, stats.at<int>(i, cv::CC_STAT_AREA));
    all += stats.at<int>(i, cv::CC_STAT_AREA);
  }
  return largest > 0.97 * all;
}

cv::Mat RandomComposite(const cv::Mat& foreground, const cv::Mat& background, bool lit, Random& random, int width,
                        int height) {
  cv::Mat out = RandomView(background, 0.f, random, width, height);
  if (random.Chance(0.25f)) {  // a lens with little depth of field
    const int size = 3 + 2 * random.Below(3);
    cv::blur(out, out, {size, size});
  }

  // Only the person's box counts; studio masks carry a halo of one or two pixels, hence the erosion.
  cv::Mat alpha;
  cv::extractChannel(foreground, alpha, 3);
  const cv::Rect box = cv::boundingRect(alpha > 127);
  if (box.area() == 0) return out;
  cv::Mat eroded, cut = foreground.clone();
  cv::erode(alpha, eroded, cv::getStructuringElement(cv::MORPH_ELLIPSE, {3, 3}));
  cv::blur(eroded, eroded, {2, 2});
  cv::insertChannel(eroded, cut, 3);

  const bool whole = IsWhole(box, foreground.rows);
  const float person_h = height * (whole ? random.LogUniform(0.2f, 1.f) : random.Uniform(0.45f, 1.3f));
  const float scale_y = box.height / person_h, scale_x = scale_y * random.LogUniform(0.85f, 1.2f);
  // Whoever is cut off below ends outside the picture; the others stand anywhere in its lower half.
  const float bottom = height * (whole ? random.Uniform(0.5f, 1.1f) : random.Uniform(0.98f, 1.2f));
  const float target_x = width * random.Uniform(0.2f, 0.8f), target_y = bottom - person_h * 0.5f;
  View view{box.x + box.width * 0.5f, box.y + box.height * 0.5f, Mirror(random) * scale_x, scale_y,
            0.04f * random.Normal()};
  view.centre_x += ((width - 1) * 0.5f - target_x) * view.scale_x;
  view.centre_y += ((height - 1) * 0.5f - target_y) * view.scale_y;
  const cv::Mat person = Resample(cut, view, width, height, cv::BORDER_CONSTANT);

  // Light that falls on the person and not on the wall, and the other way round.
  float gain[3];
  const float light = std::exp(0.2f * random.Normal());
  for (float& g : gain) g = light * std::exp(0.06f * random.Normal());
  if (!lit) std::fill(std::begin(gain), std::end(gain), 1.f);
  for (int y = 0; y < height; ++y) {
    auto* o = out.ptr<cv::Vec4b>(y);
    const auto* p = person.ptr<cv::Vec4b>(y);
    for (int x = 0; x < width; ++x) {
      const float a = p[x][3] * (1 / 255.f);
      for (int c = 0; c < 3; ++c) o[x][c] = cv::saturate_cast<uint8_t>(o[x][c] + a * (p[x][c] * gain[c] - o[x][c]));
      o[x][3] = cv::saturate_cast<uint8_t>(o[x][3] + a * (255 - o[x][3]));
    }
  }
  return out;
}

}  // namespace scrim::train
