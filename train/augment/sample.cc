#include "augment/sample.h"

#include <array>
#include <cstring>
#include <opencv2/imgproc.hpp>

#include "augment/geometry.h"
#include "augment/photometric.h"
#include "datasets/classes.h"

namespace scrim::train {
namespace {

// 1 far from the outline, 1 + edge_weight on it.
cv::Mat BoundaryBand(const cv::Mat& truth) {
  cv::Mat band;
  cv::morphologyEx(truth, band, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
  cv::blur(band, band, {3, 3});
  return band;
}

// The truth of one plane, 8 bit, and its weight; known: 255 where it counts, empty: everywhere.
void WriteTruth(const cv::Mat& plane, const cv::Mat& known, float edge_weight, const cv::Mat& band, float* truth,
                float* weight) {
  constexpr uint8_t kKnown = 250;  // less is the rim of something unknown
  for (size_t i = 0; i < plane.total(); ++i) {
    const bool counts = known.empty() || known.data[i] >= kKnown;
    truth[i] = counts ? plane.data[i] * (1 / 255.f) : 0.f;
    weight[i] = counts ? 1.f + edge_weight / 255.f * band.data[i] : 0.f;
  }
}

void WritePerson(const cv::Mat& rgba, const cv::Mat& previous_mask, const AugmentOptions& options,
                 const SampleView& out) {
  static const auto normalised = [] {
    std::array<float, 256> table;
    for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = i / 127.5f - 1.f;
    return table;
  }();
  cv::Mat mask;
  cv::extractChannel(rgba, mask, 3);
  const cv::Mat previous = previous_mask.empty() ? previous_mask : TargetOf(previous_mask, options.target);
  const size_t plane = size_t(out.width) * size_t(out.height);
  const uint8_t* p = rgba.data;
  for (size_t i = 0; i < plane; ++i, p += 4)
    for (size_t c = 0; c < 3; ++c) out.input[c * plane + i] = normalised[p[c]];
  WriteTruth(TargetOf(mask, options.target), {}, options.edge_weight, BoundaryBand(mask), out.truth, out.weight);
  if (previous.empty())
    std::memset(out.input + 3 * plane, 0, plane * sizeof(float));
  else
    for (size_t i = 0; i < plane; ++i) out.input[3 * plane + i] = previous.data[i] * (1 / 255.f);
}

// A plane that nobody has labelled, as Sampler::PlaneOf has it: where nobody is, nothing of it is, either.
cv::Mat WithoutPlane(const cv::Mat& rgba) {
  constexpr int kNobody = 8;  // alpha
  const cv::Mat nothing = cv::Mat::zeros(rgba.size(), CV_8U);
  cv::Mat alpha, layer;
  cv::extractChannel(rgba, alpha, 3);
  cv::merge(std::vector<cv::Mat>{nothing, alpha <= kNobody, nothing, alpha}, layer);
  return layer;
}

// layer: as Sampler::PlaneOf has it.
void WritePlane(const cv::Mat& layer, const AugmentOptions& options, int index, const SampleView& out) {
  cv::Mat value, known;
  cv::extractChannel(layer, value, 0);
  cv::extractChannel(layer, known, 1);
  const size_t at = size_t(index) * size_t(out.width) * size_t(out.height);
  WriteTruth(value, known, options.edge_weight, BoundaryBand(value), out.truth + at, out.weight + at);
}

}  // namespace

cv::Mat TargetOf(const cv::Mat& mask, Target target) {
  if (target == Target::kMask) return mask;
  cv::Mat outline;
  cv::morphologyEx(mask, outline, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
  return outline;
}

// Red: the plane's value; green: 255 where that is known; alpha: the person.
cv::Mat Sampler::PlaneOf(const Record& record, const std::string& name) const {
  const cv::Mat rgba = pack_.Image(record), plane = pack_.Plane(record, name);
  if (plane.empty()) return WithoutPlane(rgba);
  cv::Mat alpha, value, layer;
  cv::extractChannel(rgba, alpha, 3);
  const cv::Mat known = plane != kPlaneUnknown;
  plane.convertTo(value, CV_8U, 255. / kPlaneYes);
  value.setTo(0, ~known);
  cv::merge(std::vector<cv::Mat>{value, known, cv::Mat::zeros(rgba.size(), CV_8U), alpha}, layer);
  return layer;
}

// Everything about a sample but its colours. Draws the same from the same random numbers, whatever the layer, so that
// layers of one sample lie over each other.
cv::Mat Sampler::Arrange(const Record& photo, const AugmentOptions& options, cv::Size wanted, const Layer& layer,
                         bool lit, Random& random, cv::Mat* previous_mask) const {
  cv::Mat rgba;
  const cv::Size size = options.teacher == nullptr ? wanted : options.teacher->SizeFor(wanted.width, wanted.height);
  const float draw = backgrounds_.empty() ? 1.f : random.Uniform();
  auto any = [&](const std::vector<const Record*>& records) {
    return layer(*records[static_cast<size_t>(random.Below(int(records.size())))]);
  };
  // Nobody, somebody before another background, or the photo as it was taken.
  const bool nobody = draw < options.background_share,
             composite = !nobody && draw < options.background_share + options.composite_share;
  const auto background = [&] {
    const bool company = options.company_share > 0.f && !others_.empty() && random.Chance(options.company_share);
    return any(company ? others_ : backgrounds_);
  };
  if (nobody) {
    rgba = RandomView(any(backgrounds_), options.stretched_share, random, size.width, size.height);
  } else if (composite && random.Chance(options.cut_out_share) && CanBeCutOut(pack_.Image(photo))) {
    rgba = RandomComposite(layer(photo), background(), lit, random, size.width, size.height);
  } else if (composite && !foregrounds_.empty()) {
    const cv::Mat behind = background();
    rgba = RandomComposite(any(foregrounds_), behind, lit, random, size.width, size.height);
  } else {
    rgba = RandomView(layer(photo), options.stretched_share, random, size.width, size.height);
  }
  if (options.teacher != nullptr) {
    if (!nobody && !composite) options.teacher->Teach(rgba);
    rgba = Stretch(rgba, wanted.width, wanted.height);
  }
  std::function<cv::Mat()> other;
  if (options.previous_mask.large > 0.f && !others_.empty()) {
    other = [&] {
      cv::Mat mask;
      cv::extractChannel(RandomView(any(others_), options.stretched_share, random, wanted.width, wanted.height), mask,
                         3);
      return mask;
    };
  }
  *previous_mask = RandomPreviousMask(rgba, options.previous_mask, spline_, random, other);
  return rgba;
}

void Sampler::Augmented(const Record& photo, const AugmentOptions& options, Random& random,
                        const SampleView& out) const {
  const cv::Size size(out.width, out.height);
  Random start = random;
  bool labelled = false;
  const Layer colours = [&](const Record& record) {
    labelled |= !record.planes.empty();
    return pack_.Image(record);
  };
  cv::Mat previous;
  cv::Mat rgba = Arrange(photo, options, size, colours, /*lit=*/true, random, &previous);
  for (size_t i = 0; i < options.planes.size(); ++i) {
    cv::Mat layer, unused;
    if (labelled) {
      Random again = start;
      const Layer plane = [&](const Record& record) { return PlaneOf(record, options.planes[i]); };
      layer = Arrange(photo, options, size, plane, /*lit=*/false, again, &unused);
    } else {
      layer = WithoutPlane(rgba);
    }
    WritePlane(layer, options, int(i) + 1, out);
  }
  if (!random.Chance(options.true_colours_share)) RandomColours(rgba, random);
  WritePerson(rgba, previous, options, out);
}

void Sampler::Plain(const Record& photo, const AugmentOptions& options, const SampleView& out) const {
  WritePerson(Stretch(pack_.Image(photo), out.width, out.height), {}, options, out);
  for (size_t i = 0; i < options.planes.size(); ++i)
    WritePlane(Stretch(PlaneOf(photo, options.planes[i]), out.width, out.height), options, int(i) + 1, out);
}

}  // namespace scrim::train
