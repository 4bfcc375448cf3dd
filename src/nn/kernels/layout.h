// Copies between the two layouts.
#pragma once

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct LayoutArgs {
  TensorView picture;             // channels-last side
  const Plane* planes = nullptr;  // planar side: picture.channels
};

using LayoutKernel = void (*)(const LayoutArgs&);
LayoutKernel SelectToPlanar(Target target);

// Writes exactly picture.channels floats of each pixel. Rare, hence scalar.
void ToChannelsLast(const LayoutArgs& args);

}  // namespace scrim::nn
