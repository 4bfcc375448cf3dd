// The memory of a lowered graph: every value's place in one block, as views that kernels take.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned.h"
#include "nn/kernels/view.h"
#include "nn/lowered.h"
#include "nn/memory_plan.h"

namespace scrim::nn {

// The zeros around one picture or plane: `head` floats before the first pixel, gaps between rows, `tail` behind the
// last.
struct BorderZeros {
  float* first_pixel = nullptr;
  size_t head = 0, rows = 0, row_length = 0, row_stride = 0, tail = 0;
};
void ClearBorder(const BorderZeros& border);

class Storage {
 public:
  // Plans and allocates. Errors: kInvalidArgument when the pictures are too large for memory.
  static StatusOr<Storage> Make(const Lowered& lowered);

  // A channels-last value, or a planar one of one plane, as a picture.
  TensorView Picture(int value) const;
  // The planes of a planar value.
  std::vector<Plane> Planes(int value) const;

  // Borders that other values write over, by the instruction that must zero them anew before it runs, and those of the
  // input, which must be zero before the first does. All the others were zeroed once, by Make.
  const std::vector<std::vector<BorderZeros>>& dirty_borders() const { return dirty_borders_; }
  const std::vector<BorderZeros>& dirty_input_borders() const { return dirty_input_borders_; }

  size_t bytes() const { return block_.size() * sizeof(float); }

 private:
  struct Home {  // of a value that owns memory
    int buffer = -1;
    size_t origin = 0;  // of the first pixel within the buffer
    size_t row_stride = 0, pixel_stride = 0, plane_stride = 0;
  };

  explicit Storage(const Lowered& lowered) : lowered_(&lowered) {}
  void SetStrides();
  void SetLifetimes();
  void FindDirtyBorders();
  std::vector<BorderZeros> BordersOf(int value) const;
  std::vector<int> Owners(int value) const;
  const Home& home(int value) const { return homes_[static_cast<size_t>(value)]; }
  float* Origin(int value) const;  // of its first pixel

  const Lowered* lowered_;
  std::vector<Home> homes_;
  std::vector<Buffer> buffers_;
  mutable AlignedFloats block_;
  std::vector<std::vector<BorderZeros>> dirty_borders_;
  std::vector<BorderZeros> dirty_input_borders_;
};

}  // namespace scrim::nn
