// The whole numbers of a convolution on bytes, shared by kernels and reference:
//
//   sum = bias + Σ weight · byte                                    32 bits, exact
//   out = sum · multiplier (+ residual byte · residual_multiplier)  float, each operation rounded once, no FMA
//   byte = clip(nearest_even(out), 0, 255)
//
// All zero points are in the bias (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", section 2; a sum's step is so much finer than a byte's that this loses nothing).
#pragma once

#include <cstdint>
#include <vector>

#include "nn/compiler/lowered.h"
#include "nn/kernels/pool_int8.h"

namespace scrim::nn {

struct QuantisedConv {
  std::vector<int8_t> weight;  // as in the instruction: out × in/groups × kernel_h × kernel_w
  std::vector<int32_t> bias;   // out
  std::vector<float> multiplier;
  float residual_multiplier = 0.f;
};

// out: null where the result is float (then multiplier gives real values). residual: null for none.
QuantisedConv Quantised(const Instruction& conv, const Bytes& in, const Bytes* out, const Bytes* residual);

// Errors: kInvalidArgument where channels of one sum have different scales.
Status ValidateSteps(const Instruction& conv, const Value& in);

// From the sum of `count` bytes to the byte of their mean.
AffineFloat MeanOf(const Bytes& in, int count, const Bytes& out);

// What a gate byte multiplies by, in units of 2^-15, below 1: the sigmoid of the real value, or the value itself.
std::vector<int16_t> GateTable(const Bytes& gate, bool sigmoid);

}  // namespace scrim::nn
