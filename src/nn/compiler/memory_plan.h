// Where each buffer lies in one block of memory, given when it is in use.
#pragma once

#include <cstddef>
#include <vector>

namespace scrim::nn {

struct Buffer {
  size_t size = 0;          // floats
  int first = 0, last = 0;  // the steps that write it first and read it last
  size_t offset = 0;        // floats from the start of the block: what PlanMemory sets, a multiple of 16 (64 bytes)
};

// Places the buffers so that two whose times of use overlap never share memory, the largest first, each at the lowest
// offset that is free (Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", greedy by
// size). Returns the size of the block in floats.
size_t PlanMemory(std::vector<Buffer>& buffers);

}  // namespace scrim::nn
