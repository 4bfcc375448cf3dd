// From records of the cache to what the network is fed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "augment/previous_mask.h"
#include "augment/teacher.h"
#include "datasets/pack.h"

namespace scrim::train {

// Memory for one sample, planar: input 4×h×w (RGB -1..1, previous mask 0..1); truth and weight planes×h×w, the person
// first and then AugmentOptions::planes. Truth is 0..1; weight 0 where it is not known, else 1 or more.
struct SampleView {
  float* input = nullptr;
  float* truth = nullptr;
  float* weight = nullptr;
  int width = 0, height = 0, planes = 1;
};

// What the network is to find.
enum class Target {
  kMask,   // the person
  kEdges,  // the person's outline, two pixels wide: a learned edge detector (after Xie and Tu 2015, Holistically-nested
           // edge detection, with scrimnet for the network)
};

struct AugmentOptions {
  std::vector<std::string> planes;  // beside the person's; not with a teacher
  Target target = Target::kMask;    // previous masks become outlines, too
  float composite_share = 0.25f;    // of all samples: somebody on another background
  float cut_out_share = 0.f;        // of these: the photo's own person where CanBeCutOut, else a studio foreground
  float company_share = 0.f;        // of these: the background is another photo, with its people
  float background_share = 0.03f;   // of all samples: nobody in the picture
  float stretched_share = 0.35f;    // of the photos: seen whole, whatever their aspect
  float true_colours_share = 0.f;   // of all samples: no change of colours, noise or sharpness
  float edge_weight = 4.f;          // a pixel on the boundary counts 1 + edge_weight times
  PreviousMaskShares previous_mask;
  const Teacher* teacher = nullptr;  // photos as they were taken are learned from it, too
};

// What a network with this target is to find where the mask (8 bit, 255 person) is: 8 bit, as large. Edges are dilation
// less erosion by 3×3 pixels, so that a soft mask has a soft outline; where the frame cuts the person there is none.
cv::Mat TargetOf(const cv::Mat& mask, Target target);

// Makes samples. Thread-safe: all methods are const and all randomness comes from the argument.
class Sampler {
 public:
  // foregrounds and backgrounds may be empty; then nothing is composited. The pack must outlive the sampler.
  // others: photos whose masks serve as wrong previous ones, and whose people as company.
  Sampler(const Pack& pack, std::vector<const Record*> foregrounds, std::vector<const Record*> backgrounds,
          std::vector<const Record*> others = {})
      : pack_(pack),
        foregrounds_(std::move(foregrounds)),
        backgrounds_(std::move(backgrounds)),
        others_(std::move(others)) {}

  // One augmented sample, of the photo or, by the options' shares, of something else.
  void Augmented(const Record& photo, const AugmentOptions& options, Random& random, const SampleView& out) const;
  // The photo as it is, stretched, with an empty previous mask.
  void Plain(const Record& photo, const AugmentOptions& options, const SampleView& out) const;

 private:
  // What is drawn: colours, or in their stead what is known of a plane. RGBA, 8 bit.
  using Layer = std::function<cv::Mat(const Record& record)>;
  cv::Mat PlaneOf(const Record& record, const std::string& name) const;
  cv::Mat Arrange(const Record& photo, const AugmentOptions& options, cv::Size size, const Layer& layer, bool lit,
                  Random& random, cv::Mat* previous_mask) const;

  const Pack& pack_;
  std::vector<const Record*> foregrounds_, backgrounds_, others_;
  ThinPlateSpline spline_;
};

}  // namespace scrim::train
