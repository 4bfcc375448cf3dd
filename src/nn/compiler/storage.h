// The memory of a lowered graph: every value's place in one block, as views that kernels take.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned.h"
#include "nn/compiler/lowered.h"
#include "nn/compiler/memory_plan.h"
#include "nn/kernels/view.h"

namespace scrim::nn {

// What surrounds one picture or plane, in bytes: `head` before the first pixel, gaps between rows, `tail` behind the
// last. Zeros, or where a picture holds bytes its zero points, pixel by pixel.
struct BorderFill {
  uint8_t* first_pixel = nullptr;
  size_t head = 0, rows = 0, row_length = 0, row_stride = 0, tail = 0;
  std::vector<uint8_t> pixel;
};
void FillBorder(const BorderFill& border);

class Storage {
 public:
  // Plans and allocates. Errors: kInvalidArgument when the pictures are too large for memory.
  static StatusOr<Storage> Make(const Lowered& lowered);

  // A channels-last value, or a planar one of one plane, as a picture.
  TensorView Picture(int value) const;
  // The planes of a planar value.
  std::vector<Plane> Planes(int value) const;
  // The same of values of bytes. Channels-last and planar values that are a single picture.
  ByteView ByteViewOf(int value) const;
  std::vector<Quads> QuadsOf(int value) const;

  // Borders that other values write over, by the instruction that must fill them anew before it runs, and those of the
  // input, which must be filled before the first does. All the others were filled once, by Make.
  const std::vector<std::vector<BorderFill>>& dirty_borders() const { return dirty_borders_; }
  const std::vector<BorderFill>& dirty_input_borders() const { return dirty_input_borders_; }

  size_t bytes() const { return block_.size() * sizeof(float); }

 private:
  struct Home {  // of a value that owns memory
    int buffer = -1;
    // In floats or bytes.
    size_t origin = 0;  // of the first pixel within the buffer
    size_t row_stride = 0, pixel_stride = 0, plane_stride = 0;
  };

  explicit Storage(const Lowered& lowered) : lowered_(&lowered) {}
  void SetStrides();
  void SetLifetimes();
  void FindDirtyBorders();
  std::vector<BorderFill> BordersOf(int value) const;
  std::vector<int> Owners(int value) const;
  const Home& home(int value) const { return homes_[static_cast<size_t>(value)]; }
  float* Origin(int value) const;  // of its first pixel
  uint8_t* ByteOrigin(int value) const;
  size_t FirstChannel(int value) const;  // within the value that owns its memory

  const Lowered* lowered_;
  std::vector<Home> homes_;
  std::vector<Buffer> buffers_;
  mutable AlignedFloats block_;
  std::vector<std::vector<BorderFill>> dirty_borders_;
  std::vector<BorderFill> dirty_input_borders_;
};

}  // namespace scrim::nn
