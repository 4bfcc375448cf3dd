// What products of bytes want beforehand, and what the CPU has for them.
#pragma once

#include <hwy/detect_compiler_arch.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace scrim::nn {

// The bias that matrix products on bytes are given: where the target multiplies signed bytes only (ARM), kernels read a
// byte x as x - 128, and 128 times the sum of an output's weights goes to its bias. weights: outputs × depth,
// row-major; bias: outputs, or more, which stay as they are.
std::vector<int32_t> KernelBias(const int8_t* weights, size_t outputs, size_t depth, std::vector<int32_t> bias);

// Whether this ARM64 CPU has the dot products of ARMv8.2 (udot, sdot); asked once. False elsewhere.
bool HasDotProduct();

}  // namespace scrim::nn
