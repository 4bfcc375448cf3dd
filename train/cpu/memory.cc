#include "cpu/memory.h"

#include <algorithm>

namespace scrim::train::cpu {

int Memory::Add(size_t size) {
  ranges_.emplace_back();
  ranges_.back().size = size;
  return int(ranges_.size()) - 1;
}

void Memory::Place(int inner, int outer, size_t offset) {
  ranges_[size_t(inner)].outer = outer, ranges_[size_t(inner)].at = offset;
}

int Memory::Outermost(int range, size_t* offset) const {
  size_t at = 0;
  while (ranges_[size_t(range)].outer >= 0) at += ranges_[size_t(range)].at, range = ranges_[size_t(range)].outer;
  if (offset != nullptr) *offset = at;
  return range;
}

void Memory::UseAt(int range, int time) {
  Range& r = ranges_[size_t(range)];
  r.first = r.first < 0 ? time : std::min(r.first, time);
  r.last = std::max(r.last, time);
}

size_t Memory::Lay() {
  for (size_t i = 0; i < ranges_.size(); ++i) {
    const Range& r = ranges_[i];
    if (r.outer < 0 || r.first < 0) continue;
    const int outermost = Outermost(int(i));
    UseAt(outermost, r.first);
    UseAt(outermost, r.last);
  }
  std::vector<Range*> order, laid;
  for (Range& r : ranges_)
    if (r.outer < 0 && r.first >= 0) order.push_back(&r);
  std::stable_sort(order.begin(), order.end(), [](const Range* a, const Range* b) { return a->first < b->first; });
  size_t end = 0;
  for (Range* r : order) {
    r->at = 0;
    for (const Range* other : laid)  // by where they lie
      if (other->last >= r->first && other->first <= r->last && other->at < r->at + r->size)
        r->at = std::max(r->at, other->at + other->size);
    end = std::max(end, r->at + r->size);
    laid.insert(std::upper_bound(laid.begin(), laid.end(), r, [](auto* a, auto* b) { return a->at < b->at; }), r);
  }
  return end;
}

size_t Memory::offset(int range) const {
  size_t at = 0;
  const int outermost = Outermost(range, &at);
  return ranges_[size_t(outermost)].at + at;
}

}  // namespace scrim::train::cpu
