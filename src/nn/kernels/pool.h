// Reductions: over a picture (one value for each channel) and over channels (one for each pixel).
#pragma once

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct GlobalAvgPoolArgs {
  TensorView in, out;  // out is 1×1
};
using GlobalAvgPoolKernel = void (*)(const GlobalAvgPoolArgs&);
GlobalAvgPoolKernel SelectGlobalAvgPool(Target target);

struct ChannelStatsArgs {
  TensorView in;
  Plane mean, max;  // either may have no data
};
using ChannelStatsKernel = void (*)(const ChannelStatsArgs&);
ChannelStatsKernel SelectChannelStats(Target target);

}  // namespace scrim::nn
