// A method that works on pictures of OpenCV's.
#pragma once

#include <map>
#include <opencv2/core.hpp>
#include <string>

#include "classic/predecessor.h"
#include "image/sampler.h"

namespace scrim::classic {

// Values of all parameters of a method by their names.
using Values = std::map<std::string, double>;

// Shrinks frames, catches what OpenCV throws, enlarges the mask.
class PictureMethod : public Predecessor {
 public:
  Status Process(const image::ConstFrameView& frame, image::Bytes* mask) final;

 protected:
  // side: longer frames are shrunk to this longest side, pixels; 0: never.
  explicit PictureMethod(int side) : side_(side) {}
  // picture: CV_8UC4, R, G, B and 255. Returns 0 or 255, as large.
  virtual cv::Mat1b Find(const cv::Mat& picture) = 0;

 private:
  int side_;
  image::Sampler sampler_;
  image::Bytes picture_;
};

// A mask of any size, stretched to the one that `out` has.
void StretchMask(const cv::Mat1b& mask, image::Bytes* out);

std::unique_ptr<Predecessor> MakeCanny(const Values& values);
std::unique_ptr<Predecessor> MakeSubtractor(const std::string& name, const Values& values);  // gmg, knn, mog, mog2
StatusOr<std::unique_ptr<Predecessor>> MakeLearnedEdges(const Values& values, const std::string& model);

}  // namespace scrim::classic
