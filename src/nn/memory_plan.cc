#include "nn/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/aligned.h"

namespace scrim::nn {

size_t PlanMemory(std::vector<Buffer>& buffers) {
  constexpr size_t kFloatsPerLine = kAlignment / sizeof(float);
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].size > buffers[b].size; });

  std::vector<const Buffer*> placed;  // by offset
  size_t total = 0;
  for (size_t index : order) {
    Buffer& buffer = buffers[index];
    size_t offset = 0;
    for (const Buffer* other : placed) {
      if (other->last < buffer.first || other->first > buffer.last) continue;
      if (offset + buffer.size <= other->offset) break;
      offset = std::max(offset, RoundUp(other->offset + other->size, kFloatsPerLine));
    }
    buffer.offset = offset;
    total = std::max(total, offset + buffer.size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &buffer,
                                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
                  &buffer);
  }
  return total;
}

}  // namespace scrim::nn
