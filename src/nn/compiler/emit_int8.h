// The steps of instructions that run on bytes.
#pragma once

#include "nn/compiler/emit.h"

namespace scrim::nn {

// Adds to the step's calls and gives it its kernel's name.
void EmitInt8(const Lowered& lowered, const Storage& storage, Target target, int threads,
              const Instruction& instruction, Constants& constants, ExecutableStep& step);

}  // namespace scrim::nn
