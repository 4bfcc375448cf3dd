// Multiplies every channel of a picture by one plane: attention gates and spatial attention.
#pragma once

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

struct GateArgs {
  TensorView in, out;  // out may be in
  Plane gate;
};

using GateKernel = void (*)(const GateArgs&);
GateKernel SelectGate(Target target);

}  // namespace scrim::nn
