// Reductions: over a picture (one value for each channel), over windows and over channels (one for each pixel).
#pragma once

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct GlobalAvgPoolArgs {
  TensorView in, out;  // out is 1×1
  TensorView added;    // optional, as large as in: the average of the sum
};
using GlobalAvgPoolKernel = void (*)(const GlobalAvgPoolArgs&);
GlobalAvgPoolKernel SelectGlobalAvgPool(Target target);

struct MaxPoolArgs {
  TensorView in, out;  // as many channels
  int kernel_h = 1, kernel_w = 1, stride = 1;
  int pad_top = 0, pad_left = 0;  // every window holds at least one pixel of the input
};
using MaxPoolKernel = void (*)(const MaxPoolArgs&);
MaxPoolKernel SelectMaxPool(Target target);

struct ChannelStatsArgs {
  TensorView in;
  Plane mean, max;  // either may have no data
};
using ChannelStatsKernel = void (*)(const ChannelStatsArgs&);
ChannelStatsKernel SelectChannelStats(Target target);

}  // namespace scrim::nn
