// Copies between the two layouts, and others that only move values.
#pragma once

#include <cstdint>

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

struct SelectArgs {
  TensorView in, out;                 // as large
  const int32_t* channels = nullptr;  // of the input, out.channels of them
};
// Writes exactly out.channels floats of each pixel.
using SelectChannelsKernel = void (*)(const SelectArgs&);
SelectChannelsKernel SelectSelectChannels(Target target);

struct DepthToSpaceArgs {
  TensorView in;  // out.channels · block² channels
  TensorView out;
  int block = 1;
  bool sigmoid = false;  // only where out has one channel and pixels side by side
};
using DepthToSpaceKernel = void (*)(const DepthToSpaceArgs&);
DepthToSpaceKernel SelectDepthToSpace(Target target);

}  // namespace scrim::nn
