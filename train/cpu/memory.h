// Where values that live at different times may lie in the same memory.
#pragma once

#include <cstddef>
#include <vector>

namespace scrim::train::cpu {

// Ranges of one stretch of memory, each with a size and the times at which it is in use. A range may be placed inside
// another, with which it then shares its memory and its life.
class Memory {
 public:
  // Returns the new range's index.
  int Add(size_t size);
  // `inner` lies in `outer` from now on, `offset` floats behind its beginning. inner must not be placed yet.
  void Place(int inner, int outer, size_t offset);
  bool IsPlaced(int range) const { return ranges_[size_t(range)].outer >= 0; }
  // The range holds something at this time. It does, too, at all times between two at which it does.
  void UseAt(int range, int time);

  // Gives every range its place: as low as what lives beside it allows. Returns the size of all.
  size_t Lay();
  // After Lay, in floats; a multiple of 16 if sizes and offsets are.
  size_t offset(int range) const;

  // The outermost range around it, and how far into that it begins.
  int Outermost(int range, size_t* offset = nullptr) const;

 private:
  struct Range {
    size_t size = 0, at = 0;  // at: in outer, or of all memory
    int outer = -1, first = -1, last = -1;
  };
  std::vector<Range> ranges_;
};

}  // namespace scrim::train::cpu
