// The real room, blurred, without the person in it.
#pragma once

#include <vector>

#include "image/frame.h"
#include "image/resample.h"
#include "image/sampler.h"

namespace scrim::compose {

// A normalised convolution (Knutsson and Westin 1993): room pixels count with their certainty, 1 - alpha and less at
// the person's rim, so that none of the person's colours smear into the room. Where no room is in reach, under the
// person, the blur fades into the room's mean colour. Works on a picture as small as the blur allows.
class RoomBlur {
 public:
  // sigma: standard deviation in pixels of a frame with 720 rows; scales with the frame, 0.5 to 100. alpha has the
  // frame's size; out its size and format and may not be the frame itself.
  void Render(const image::ConstFrameView& frame, const image::Bytes& alpha, float sigma, const image::FrameView& out);

 private:
  image::Sampler sampler_;
  image::Resampler alpha_resampler_;
  image::Expander expander_;
  image::Bytes picture_, alpha_;
  std::vector<uint8_t> dilate_scratch_;
  image::Floats weighted_, scratch_;  // colour · weight, weight
};

}  // namespace scrim::compose
