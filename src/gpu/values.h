// Where the values of a lowered graph lie on a GPU: formats, slots of joined values, buffers by time of use.
#pragma once

#include <vector>

#include "gpu/kernel_text.h"
#include "nn/compiler/lowered.h"

namespace scrim::gpu {

// Makes concatenations disappear where their inputs can be written into slots of the joined value, and copies them
// (Kind::kCopy) where they cannot. No instruction reads and writes one buffer after that, except such a copy.
void PlaceSlots(nn::Lowered& lowered);

// Every instruction's last activation goes into the instruction that makes its input.
void FuseActivations(nn::Lowered& lowered);

class Values {
 public:
  Values(const nn::Lowered& lowered, bool halves);

  Slot SlotOf(int value) const;
  int BufferOf(int value) const;                                   // index into buffers()
  const std::vector<size_t>& buffers() const { return buffers_; }  // their sizes in bytes

 private:
  void AssignBuffers();

  const nn::Lowered& lowered_;
  bool halves_;
  std::vector<int> buffer_;  // of each value that owns memory
  std::vector<size_t> buffers_;
};

}  // namespace scrim::gpu
