#include "augment/sample.h"

#include <array>
#include <cstring>
#include <opencv2/imgproc.hpp>

#include "augment/geometry.h"
#include "augment/photometric.h"

namespace scrim::train {
namespace {

// 1 far from the outline, 1 + edge_weight on it.
cv::Mat BoundaryBand(const cv::Mat& truth) {
  cv::Mat band;
  cv::morphologyEx(truth, band, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
  cv::blur(band, band, {3, 3});
  return band;
}

void Write(const cv::Mat& rgba, const cv::Mat& previous_mask, const AugmentOptions& options, const SampleView& out) {
  static const auto normalised = [] {
    std::array<float, 256> table;
    for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = i / 127.5f - 1.f;
    return table;
  }();
  cv::Mat mask;
  cv::extractChannel(rgba, mask, 3);
  const cv::Mat band = BoundaryBand(mask), truth = TargetOf(mask, options.target),
                previous = previous_mask.empty() ? previous_mask : TargetOf(previous_mask, options.target);
  const size_t plane = size_t(out.width) * size_t(out.height);
  const uint8_t* p = rgba.data;
  for (size_t i = 0; i < plane; ++i, p += 4) {
    for (size_t c = 0; c < 3; ++c) out.input[c * plane + i] = normalised[p[c]];
    out.truth[i] = truth.data[i] * (1 / 255.f);
    out.weight[i] = 1.f + options.edge_weight / 255.f * band.data[i];
  }
  if (previous.empty())
    std::memset(out.input + 3 * plane, 0, plane * sizeof(float));
  else
    for (size_t i = 0; i < plane; ++i) out.input[3 * plane + i] = previous.data[i] * (1 / 255.f);
}

}  // namespace

cv::Mat TargetOf(const cv::Mat& mask, Target target) {
  if (target == Target::kMask) return mask;
  cv::Mat outline;
  cv::morphologyEx(mask, outline, cv::MORPH_GRADIENT, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
  return outline;
}

void Sampler::Augmented(const Record& photo, const AugmentOptions& options, Random& random,
                        const SampleView& out) const {
  cv::Mat rgba;
  const cv::Size size =
      options.teacher == nullptr ? cv::Size(out.width, out.height) : options.teacher->SizeFor(out.width, out.height);
  const float draw = backgrounds_.empty() ? 1.f : random.Uniform();
  auto any = [&](const std::vector<const Record*>& records) {
    return pack_.Image(*records[static_cast<size_t>(random.Below(int(records.size())))]);
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
    rgba = RandomComposite(pack_.Image(photo), background(), random, size.width, size.height);
  } else if (composite && !foregrounds_.empty()) {
    rgba = RandomComposite(any(foregrounds_), background(), random, size.width, size.height);
  } else {
    rgba = RandomView(pack_.Image(photo), options.stretched_share, random, size.width, size.height);
  }
  if (options.teacher != nullptr) {
    if (!nobody && !composite) options.teacher->Teach(rgba);
    rgba = Stretch(rgba, out.width, out.height);
  }
  std::function<cv::Mat()> other;
  if (options.previous_mask.large > 0.f && !others_.empty()) {
    other = [&] {
      cv::Mat mask;
      cv::extractChannel(RandomView(any(others_), options.stretched_share, random, out.width, out.height), mask, 3);
      return mask;
    };
  }
  const cv::Mat previous = RandomPreviousMask(rgba, options.previous_mask, spline_, random, other);
  if (!random.Chance(options.true_colours_share)) RandomColours(rgba, random);
  Write(rgba, previous, options, out);
}

void Sampler::Plain(const Record& photo, const AugmentOptions& options, const SampleView& out) const {
  Write(Stretch(pack_.Image(photo), out.width, out.height), {}, options, out);
}

}  // namespace scrim::train
