// What surrounds the network on a GPU, from the camera's picture to the one that leaves: engine::Segmenter and
// compose::Compositor of RGBA frames as plans. The algorithms, and what their numbers mean, are described there.
#pragma once

#include "compose/compositor.h"
#include "compose/edge_colours.h"
#include "gpu/plan.h"
#include "graph/model.h"
#include "image/sampler.h"
#include "matte/mask_loop.h"
#include "matte/refiner.h"

namespace scrim::gpu {

struct FrameOptions {
  int width = 0, height = 0;  // of the frame, upright
  graph::Density network;
  bool external = true;  // the frame is an external texture; else texture_2d<f32>
  image::Normalisation normalisation;
  bool previous_mask = false;
  graph::PreviousMaskRule previous_mask_rule;
  matte::MaskLoopOptions loop;
  matte::RefinerOptions refiner;
  compose::EdgeOptions edges;
  compose::Background::Kind background = compose::Background::Kind::kColor;
  image::Color color;
  float blur_sigma = 14.f;
};

// Frame to "input", h×w×3 or 4 floats as the network wants them. Both plans share what they remember, in buffers with
// names, and "settings": one vector whose first number is 1 for a frame that has nothing to do with the one before.
Plan LowerInput(const FrameOptions& options);

// "mask", h×w floats as the network gives them, and the frame to the picture that leaves.
Plan LowerPicture(const FrameOptions& options);

// The background without anything of a room; grey for a blur.
Plan LowerAlone(const FrameOptions& options);

// A background picture of any size to one of the frame's size.
Plan LowerCover(const FrameOptions& options);

}  // namespace scrim::gpu
