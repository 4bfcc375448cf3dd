// The person smaller than the camera saw them, standing on the frame's lower edge: beside what a desktop shows.
#pragma once

#include "image/frame.h"
#include "image/resample.h"

namespace scrim::compose {

struct PlacementOptions {
  float size = 1;      // share of the frame's sides that its picture takes, 0.1 to 1
  float position = 1;  // of that picture, 0 at the left edge to 1 at the right one
};

// Makes the frame and the alpha that a camera further off would have given. Not thread-safe.
class Placement {
 public:
  void set_options(const PlacementOptions& options) { options_ = options, frame_ = {}; }
  bool enabled() const { return options_.size < 1; }

  // alpha at the frame's size. Both results are as large as the frame, valid until the next call; outside of the
  // smaller picture alpha is 0 and the frame undefined.
  void Place(const image::ConstFrameView& frame, const image::Bytes& alpha);
  image::ConstFrameView frame() const { return frame_.view(); }
  const image::Bytes& alpha() const { return alpha_; }

 private:
  void ShrinkYuy2(const image::ConstFrameView& frame, const image::FrameView& part);

  PlacementOptions options_;
  image::Resampler pixels_, chroma_;      // of planes with a sample for each pixel, as alpha, and of halved ones
  image::Bytes channels_[3], shrunk_[3];  // Y, U and V of a YUY2 frame
  image::Frame frame_;
  image::Bytes alpha_;
};

}  // namespace scrim::compose
