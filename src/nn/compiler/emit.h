// From a lowered graph with its storage to steps that run.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "nn/compiler/lowered.h"
#include "nn/compiler/storage.h"
#include "nn/kernels/conv_gemm.h"
#include "nn/kernels/resize.h"
#include "nn/targets.h"

namespace scrim::nn {

// One instruction, ready to run: its kernels with their arguments.
struct ExecutableStep {
  std::string name, kernel;
  int64_t macs = 0;
  std::vector<std::vector<std::function<void()>>> parts;  // may run at the same time, on several threads
};

// What the arguments of kernels point to; addresses stay as they are.
struct Constants {
  std::deque<AlignedFloats> floats;
  std::deque<std::vector<size_t>> segments;
  std::deque<std::vector<ColumnBlock>> blocks;
  std::deque<std::vector<Plane>> planes;
  std::deque<Interpolation> interpolations;
  std::deque<std::vector<int32_t>> channels;
  std::deque<std::vector<Quads>> quads;
  size_t weight_floats = 0;  // packed weights and biases
};

// For `threads` threads: a step that is worth it has as many parts, ranges of rows, any other one.
std::vector<ExecutableStep> Emit(const Lowered& lowered, const Storage& storage, Target target, int threads,
                                 Constants& constants);

}  // namespace scrim::nn
