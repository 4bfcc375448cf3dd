// Between floats and bytes, in either layout, and copies of bytes.
#pragma once

#include <cstdint>

#include "nn/kernels/view.h"
#include "nn/targets.h"

namespace scrim::nn {

// byte = clip(nearest_even(real · inverse_scale + zero_point), 0, 255); exactly bytes.channels of a pixel are written,
// all four where they lie side by side on both sides.
struct QuantiseArgs {
  TensorView real;
  ByteView bytes;
  float inverse_scale = 1.f, zero_point = 0.f;
};
using QuantiseKernel = void (*)(const QuantiseArgs&);
QuantiseKernel SelectQuantise(Target target);

// real = (byte - zero_point) · scale for each channel. Writes exactly real.channels.
struct DequantiseArgs {
  ByteView bytes;
  TensorView real;
  const float* scale = nullptr;  // channels
  const float* zero_point = nullptr;
};
void Dequantise(const DequantiseArgs& args);

struct CopyInt8Args {
  ByteView in, out;  // exactly out.channels of a pixel are written
};
void CopyInt8(const CopyInt8Args& args);

}  // namespace scrim::nn
