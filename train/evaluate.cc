#include "evaluate.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "augment/geometry.h"
#include "datasets/classes.h"
#include "metrics/photo.h"

namespace scrim::train {
namespace {

constexpr int kBatch = 16;

// Calls use(i, masks) with the network's masks (CV_32F, width×height; the person's first) of every photo.
template <typename Use>
void Predict(Network& network, const Pack& pack, const std::vector<const Record*>& photos, int width, int height,
             Use use) {
  torch::NoGradGuard no_grad;
  const Sampler sampler(pack, {}, {});
  const int64_t plane = int64_t{width} * height;
  for (size_t first = 0; first < photos.size(); first += kBatch) {
    const int count = static_cast<int>(std::min<size_t>(kBatch, photos.size() - first));
    torch::Tensor input = torch::empty({count, 4, height, width});
    std::vector<float> unused(static_cast<size_t>(2 * plane));
    for (int i = 0; i < count; ++i)
      sampler.Plain(*photos[first + size_t(i)], {},
                    {input.data_ptr<float>() + 4 * plane * i, unused.data(), unused.data() + plane, width, height});
    const int64_t channels = network.graph().input().channels;
    const torch::Tensor logits = network.Forward(input.narrow(1, 0, channels).contiguous().to(network.device()), false);
    const torch::Tensor masks = torch::sigmoid(logits).to(torch::kCPU, torch::kFloat32).contiguous();
    for (int i = 0; i < count; ++i) {
      std::vector<cv::Mat> of_photo;
      for (int64_t p = 0; p < masks.size(1); ++p)
        of_photo.emplace_back(height, width, CV_32F, masks.data_ptr<float>() + plane * (i * masks.size(1) + p));
      use(first + size_t(i), of_photo);
    }
  }
}

void Add(Quality& q, const metrics::PhotoQuality& photo) {
  ++q.photos;
  q.iou += photo.iou, q.below_080 += photo.iou < 0.8, q.accuracy += photo.accuracy;
  q.boundary_f += photo.boundary_f, q.mae += photo.mae;
}
void Divide(Quality& q) {
  if (q.photos == 0) return;
  for (double* v : {&q.iou, &q.below_080, &q.accuracy, &q.boundary_f, &q.mae}) *v /= q.photos;
}

metrics::GreyView View(const cv::Mat& grey) { return {grey.data, grey.cols, grey.rows, grey.step}; }

cv::Mat Bytes(const cv::Mat& mask, cv::Size size) {
  cv::Mat large, alpha;
  cv::resize(mask, large, size, 0, 0, cv::INTER_LINEAR);
  large.convertTo(alpha, CV_8U, 255.);
  return alpha;
}

// Adds how well a plane of the photo was found, if it is there and nearly all of it is known. What is not counts as
// found right.
void AddPlane(const Pack& pack, const Record& photo, const std::string& name, const cv::Mat& mask, Evaluation& result) {
  constexpr double kMostUnknown = 0.05;
  const cv::Mat plane = pack.Plane(photo, name), unknown = plane == kPlaneUnknown;
  if (plane.empty() || cv::countNonZero(unknown) > kMostUnknown * double(plane.total())) return;
  cv::Mat truth, found = Bytes(mask, plane.size());
  plane.convertTo(truth, CV_8U, 255. / kPlaneYes);
  truth.setTo(0, unknown), found.setTo(0, unknown);
  Add(result.planes[name][photo.source], metrics::Compare(View(truth), View(found)));
}

// Adds what `photos`, all looked at with this density, come to.
void EvaluateAt(Network& network, const Pack& pack, const std::vector<const Record*>& photos, int width, int height,
                Target target, const std::vector<std::string>& planes, Evaluation& result) {
  Predict(network, pack, photos, width, height, [&](size_t i, const std::vector<cv::Mat>& masks) {
    const cv::Mat image = pack.Image(*photos[i]),
                  rgba = target == Target::kMask ? image : Stretch(image, width, height);
    cv::Mat truth;
    cv::extractChannel(rgba, truth, 3);
    truth = TargetOf(truth, target);
    const metrics::PhotoQuality quality = metrics::Compare(View(truth), View(Bytes(masks[0], rgba.size())));
    Add(result.sources[photos[i]->source], quality);
    Add(result.all, quality);
    result.worst.emplace_back(quality.iou, photos[i]->source + "/" + photos[i]->stem);
    for (size_t p = 0; p < planes.size(); ++p) AddPlane(pack, *photos[i], planes[p], masks[p + 1], result);
  });
}

}  // namespace

Evaluation Evaluate(Network& network, const Pack& pack, const std::vector<const Record*>& photos,
                    const std::vector<graph::Density>& densities, Target target,
                    const std::vector<std::string>& planes) {
  Evaluation result;
  for (const graph::Density density : densities) {
    std::vector<const Record*> fitting;
    for (const Record* photo : photos)
      if (graph::NearestShape(densities, photo->width, photo->height) == density) fitting.push_back(photo);
    EvaluateAt(network, pack, fitting, density.width, density.height, target, planes, result);
  }
  for (auto& [name, quality] : result.sources) Divide(quality);
  Divide(result.all);
  for (auto& [plane, sources] : result.planes)
    for (auto& [name, quality] : sources) Divide(quality);
  std::sort(result.worst.begin(), result.worst.end());
  return result;
}

Quality Combine(const Evaluation& evaluation, const std::vector<std::string>& sources) {
  Quality sum;
  for (const std::string& name : sources) {
    const auto it = evaluation.sources.find(name);
    if (it == evaluation.sources.end()) continue;
    const Quality& q = it->second;
    sum.photos += q.photos, sum.iou += q.iou * q.photos, sum.below_080 += q.below_080 * q.photos;
    sum.accuracy += q.accuracy * q.photos, sum.boundary_f += q.boundary_f * q.photos, sum.mae += q.mae * q.photos;
  }
  Divide(sum);
  return sum;
}

cv::Mat ContactSheet(Network& network, const Pack& pack, const std::vector<const Record*>& photos, int width,
                     int height, int columns) {
  const int side = 192, rows = (static_cast<int>(photos.size()) + columns - 1) / columns;
  cv::Mat sheet(rows * side, columns * 2 * side, CV_8UC3, cv::Scalar(255, 255, 255));
  Predict(network, pack, photos, width, height, [&](size_t i, const std::vector<cv::Mat>& masks) {
    const cv::Mat photo = Stretch(pack.Image(*photos[i]), side, side);
    cv::Mat alpha, bgr, truth, outline;
    cv::resize(masks[0], alpha, photo.size(), 0, 0, cv::INTER_LINEAR);
    cv::cvtColor(photo, bgr, cv::COLOR_RGBA2BGR);
    cv::extractChannel(photo, truth, 3);
    cv::morphologyEx(truth > 127, outline, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {2, 2}));
    cv::Mat replaced = bgr.clone();
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const float a = alpha.at<float>(y, x);
        auto& p = replaced.at<cv::Vec3b>(y, x);
        p = cv::Vec3b(cv::saturate_cast<uint8_t>(p[0] * a + 40 * (1 - a)),
                      cv::saturate_cast<uint8_t>(p[1] * a + 200 * (1 - a)),
                      cv::saturate_cast<uint8_t>(p[2] * a + 40 * (1 - a)));
      }
    bgr.setTo(cv::Scalar(0, 0, 255), outline);
    const int x = int(i) % columns * 2 * side, y = int(i) / columns * side;
    bgr.copyTo(sheet(cv::Rect(x, y, side, side)));
    replaced.copyTo(sheet(cv::Rect(x + side, y, side, side)));
  });
  return sheet;
}

}  // namespace scrim::train
