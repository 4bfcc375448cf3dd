// Hair and skin in photos where nobody has labelled them: looked for by a network that learned from photos of heads.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "graph/model.h"

namespace scrim::nn {
class Program;
}

namespace scrim::train {

// People before a webcam have small heads, photos with labelled hair show large ones. Cut out at the right size, a
// small head is a large one: its labels then teach the network what hair looks like from afar (self-training across
// scales; Lee 2013, "Pseudo-Label"). Not thread-safe.
class PartLabeller {
 public:
  // Errors: the model's, or it lacks the planes "hair" and "skin".
  static StatusOr<PartLabeller> Open(const std::string& model);
  PartLabeller(PartLabeller&&) noexcept;
  ~PartLabeller();

  // photo: BGR, 8 bit; mask: its people, grey, as large. Classes, 8 bit: 3 · hair + skin, each 0 no, 1 yes, 2 unknown;
  // empty where nobody's head was found with confidence, or where there are several people.
  cv::Mat Label(const cv::Mat& photo, const cv::Mat& mask);

  // For the classes.json beside the files.
  static const char* ClassesJson();

 private:
  struct Found {
    cv::Mat hair, skin;  // probabilities of a view, 32-bit floats
  };
  explicit PartLabeller(std::unique_ptr<nn::Program> program, size_t hair, size_t skin);
  Found Look(const cv::Mat& view);
  Found LookTwice(const cv::Mat& view);

  std::unique_ptr<nn::Program> program_;
  size_t hair_, skin_;  // planes
};

}  // namespace scrim::train
