// Masks of a network that is already trained, for another to learn from beside the truth.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "graph/model.h"

namespace scrim::train {

// Distillation (Hinton et al. 2015, Distilling the Knowledge in a Neural Network; every sample is read anew, as in
// Beyer et al. 2022, Knowledge distillation: A good teacher is patient and consistent): networks that are already
// trained see the sample finer than the one that learns and draw outlines of one kind, where photos' masks are of as
// many kinds as there were people who drew them. Thread-safe.
class Teacher {
 public:
  // paths: models whose masks count alike, at least one. share: of their mean in what is to be found; the rest is the
  // photo's own mask. samples: the sizes that they will have; all is made ready for each. Errors: those of
  // graph::LoadModel and of nn::Program::Compile.
  static StatusOr<std::unique_ptr<Teacher>> Open(const std::vector<std::string>& paths, float share,
                                                 const std::vector<graph::Density>& samples);

  // The size at which a sample that will have the given one is to be shown: the same shape, as many pixels as the
  // finest of the models sees, but never fewer than the sample's own.
  cv::Size SizeFor(int width, int height) const;

  // Moves the mask in the fourth channel of such a picture (CV_8UC4) towards what the models see, each at its own
  // density of the nearest shape, unless the two are of different opinions (IoU below 0.8): then one of them is wrong,
  // and it is seldom the photo's own.
  void Teach(cv::Mat& rgba) const;

  ~Teacher();

 private:
  struct Reader;

  Teacher(std::vector<std::unique_ptr<Reader>> readers, float share);

  const std::vector<std::unique_ptr<Reader>> readers_;
  const float share_;
};

}  // namespace scrim::train
