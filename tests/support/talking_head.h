// Clips with known alpha: a person cut out of a photo sways before another room, under a camera's noise.
#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::test {

// A person, cut out: colours reach past the outline, so that no room of the photo shows through soft pixels.
struct Sprite {
  cv::Mat3f colours;  // BGR, 0..1
  cv::Mat1f alpha;
};
// mask: grey, 255 person. Scaled so that the person is 85 % of `height` high. kNotFound, kCorrupt: as reading images
// says.
StatusOr<Sprite> CutOut(const std::string& photo, const std::string& mask, int height);

// The room covers width×height.
StatusOr<cv::Mat3f> ReadRoom(const std::string& photo, int width, int height);

struct TalkingHeadFrame {
  image::Frame picture;  // RGBA, as a camera gives it
  image::Bytes luma;     // without the camera's noise
  image::Bytes alpha;    // the truth
};

// Frame `index` of a clip of kTalkingHeadFrames: the head sways, nods, leans to the camera, then keeps still for the
// last third. Noise of 2 levels and a lamp that flickers by 0.5 % come on top. The same bytes at every call.
inline constexpr int kTalkingHeadFrames = 60;
TalkingHeadFrame DrawTalkingHead(const Sprite& person, const cv::Mat3f& room, int index);

}  // namespace scrim::test
