// Bilinear interpolation of bytes, channels-last; a picture of quads is one of four channels.
#pragma once

#include "nn/kernels/resize.h"
#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// Twice the size: (9a + 3b + 3c + d + 8) >> 4. Half the size, more than four channels: (a + b + c + d + 2) >> 2. All
// others in floats, rounded
// to the nearest even.
struct ResizeInt8Args {
  ByteView in, out;  // as many channels
  const Interpolation* vertical = nullptr;
  const Interpolation* horizontal = nullptr;
  int first_row = 0;  // of the whole output, where out begins
};
using ResizeInt8Kernel = void (*)(const ResizeInt8Args&);
ResizeInt8Kernel SelectResizeInt8(Target target);

}  // namespace scrim::nn
