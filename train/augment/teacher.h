// Masks of a network that is already trained, for another to learn from beside the truth.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/model.h"
#include "nn/program.h"

namespace scrim::train {

// Distillation (Hinton et al. 2015, Distilling the Knowledge in a Neural Network): a larger network sees the sample
// finer than the one that learns, and again mirrored, and draws outlines of one kind, where photos' masks are of as
// many kinds as there were people who drew them. Thread-safe.
class Teacher {
 public:
  // share: of the teacher in what is to be found; the rest is the photo's own mask. samples: the sizes that they will
  // have; it is made ready for each. Errors: those of graph::LoadModel and of nn::Program::Compile.
  static StatusOr<std::unique_ptr<Teacher>> Open(const std::string& path, float share,
                                                 const std::vector<graph::Density>& samples);

  // The size at which it wants to see a sample that will have the given one: the same shape, as many pixels as it was
  // trained for, but never fewer than the sample's own.
  cv::Size SizeFor(int width, int height) const;

  // Moves the mask in the fourth channel of a picture of such a size (CV_8UC4) towards what the teacher sees, unless
  // the two are of different opinions (IoU below 0.8): then one of them is wrong, and it is seldom the photo's own.
  void Teach(cv::Mat& rgba) const;

 private:
  Teacher(graph::Model model, float share) : model_(std::move(model)), share_(share) {}
  cv::Mat Mask(const cv::Mat& rgba) const;
  std::unique_ptr<nn::Program> Borrow(cv::Size size) const;
  void Return(std::unique_ptr<nn::Program> program) const;

  const graph::Model model_;
  const float share_;
  mutable std::mutex mutex_;
  // Those that no thread uses now, by width and height.
  mutable std::map<std::pair<int, int>, std::vector<std::unique_ptr<nn::Program>>> idle_;
};

}  // namespace scrim::train
