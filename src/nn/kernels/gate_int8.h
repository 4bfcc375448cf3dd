// Multiplies every channel of a picture of bytes by one number a pixel, below 1 (attention gates, spatial attention).
#pragma once

#include <cstdint>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// out = zero_point + (((in - zero_point) * table[gate] + 2^14) >> 15)
struct GateInt8Args {
  ByteView in, out;                     // more than four channels; out may be in
  Quads gate;                           // the first of the four bytes
  const int16_t* table = nullptr;       // 256 entries, from GateTable
  const int16_t* zero_point = nullptr;  // channels rounded up to kChannelAlign
};
using GateInt8Kernel = void (*)(const GateInt8Args&);
GateInt8Kernel SelectGateInt8(Target target);

}  // namespace scrim::nn
