// Reductions of bytes: over a picture and over the channels of a pixel. Sums are exact; a mean is sum · multiplier +
// offset, a maximum max · multiplier + offset, in floats, rounded to the nearest even and clipped.
#pragma once

#include <cstdint>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct AffineFloat {
  float multiplier = 1.f, offset = 0.f;
};

struct GlobalAvgPoolInt8Args {
  ByteView in, out;  // out is 1×1; exactly its channels are written
  AffineFloat mean;
};
void GlobalAvgPoolInt8(const GlobalAvgPoolInt8Args& args);  // rare and small, hence scalar

struct ChannelStatsInt8Args {
  ByteView in;
  ByteView mean, max;  // one byte a pixel is written; either may have no data
  AffineFloat to_mean, to_max;
};
using ChannelStatsInt8Kernel = void (*)(const ChannelStatsInt8Args&);
ChannelStatsInt8Kernel SelectChannelStatsInt8(Target target);

}  // namespace scrim::nn
