// From annotated scenes to what a portrait network can learn from.
#pragma once

#include "datasets/example.h"

namespace scrim::train {

struct PrepareOptions {
  double crop_below = 0.3;     // people's box smaller than this share of the photo: crop around it
  double margin = 0.35;        // of the box's sides, on each side of the crop
  double speck = 0.002;        // connected pieces smaller than this share of the crop are dropped
  double least = 0.03;         // people cover at least this share of the crop,
  double most = 0.95;          // and at most this
  double most_ignored = 0.01;  // more than this share of it unknown: not used
  double softness = 0.004;     // standard deviation of the outline's blur, of the longer side
};

// Crops the photo (BGR) around its people, all of them in one mask; drops specks; softens the hard outline, which
// annotators draw within a few pixels. Unknown seams between objects, as VOC draws them, take what the pixels beside
// them say; unknown areas are not used. Changes both arguments. Errors: kInvalidArgument with the reason why the photo
// is not used, in two or three words that make a heading: "too little of a person".
Status Prepare(const PrepareOptions& options, cv::Mat& photo, Labels& labels);

}  // namespace scrim::train
