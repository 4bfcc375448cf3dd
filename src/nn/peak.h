// The machine's limit, to judge kernels by.
#pragma once

#include "nn/targets.h"

namespace scrim::nn {

// The most f32 multiply-accumulates, in 10^9 a second, that one core does on this target right now: independent fused
// multiply-adds on registers, the best of several runs of about a millisecond each. SSE4 has no fused
// instruction: a multiplication and an addition count as one.
double MeasurePeakGmacs(Target target);

}  // namespace scrim::nn
