#include "nn/compiler/memory_plan.h"

#include <algorithm>

#include "base/aligned.h"

namespace scrim::nn {

size_t PlanMemory(std::vector<Buffer>& buffers) {
  constexpr size_t kFloatsPerLine = kAlignment / sizeof(float);
  std::vector<Buffer*> order;  // largest first; some hundred, and std::stable_sort is 4 kB of the browser's module
  for (Buffer& buffer : buffers)
    order.insert(std::upper_bound(order.begin(), order.end(), &buffer,
                                  [](const Buffer* a, const Buffer* b) { return a->size > b->size; }),
                 &buffer);

  std::vector<const Buffer*> placed;  // by offset
  size_t total = 0;
  for (Buffer* buffer : order) {
    size_t offset = 0;
    for (const Buffer* other : placed) {
      if (other->last < buffer->first || other->first > buffer->last) continue;
      if (offset + buffer->size <= other->offset) break;
      offset = std::max(offset, RoundUp(other->offset + other->size, kFloatsPerLine));
    }
    buffer->offset = offset;
    total = std::max(total, offset + buffer->size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), buffer,
                                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
                  buffer);
  }
  return total;
}

}  // namespace scrim::nn
