// Frames of every format and size from one to another: sampled, expanded, converted. The first eight bytes say which;
// the others are pixels, over and over. Every plane ends where its last row does.
#include <memory>
#include <vector>

#include "image/convert.h"
#include "image/sampler.h"

namespace {

using namespace scrim::image;

class Memory {
 public:
  Memory(PixelFormat format, YuvMatrix matrix, int width, int height, size_t gap, const uint8_t* bytes, size_t size) {
    view_.format = format, view_.matrix = matrix, view_.width = width, view_.height = height;
    size_t at = 0;
    for (int p = 0; p < PlaneCount(format); ++p) {
      const PlaneLayout layout = LayoutOf(format, width, height, p);
      const size_t row = static_cast<size_t>(layout.row_bytes), rows = static_cast<size_t>(layout.rows);
      view_.strides[static_cast<size_t>(p)] = row + gap;
      std::vector<uint8_t>& plane = planes_[p];
      plane.resize((row + gap) * (rows - 1) + row);
      for (uint8_t& value : plane) value = size > 0 ? bytes[at++ % size] : 0;
      view_.planes[static_cast<size_t>(p)] = plane.data();
    }
  }
  FrameView view() const { return view_; }

 private:
  std::vector<uint8_t> planes_[3];
  FrameView view_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 8) return 0;
  const int width = bytes[0] % 72 + 1, height = bytes[1] % 40 + 1;
  const auto format = static_cast<PixelFormat>(bytes[2] % 6), other = static_cast<PixelFormat>(bytes[3] % 6);
  const auto matrix = static_cast<YuvMatrix>(bytes[4] % 4);
  const Memory in(format, matrix, width, height, bytes[5] % 9, bytes + 8, size - 8),
      rgba(PixelFormat::kRgba, matrix, width, height, bytes[5] % 5, nullptr, 0),
      out(other, matrix, width, height, bytes[5] % 7, nullptr, 0);
  if (!Validate(in.view()).ok() || !ConvertToRgba(in.view(), rgba.view()).ok() ||
      !ConvertFromRgba(rgba.view(), out.view()).ok())
    __builtin_trap();

  Bytes small(bytes[6] % 48 + 1, bytes[7] % 48 + 1, 4), luma;
  Sampler().Sample(in.view(), &small);
  Expander().Expand(small, out.view());
  luma.Resize(small.width(), small.height());
  NativeToLuma(format, small, &luma);
  NativeToRgb(format, matrix, &small);
  std::vector<float> input(small.size());
  Normalise(small, {}, input.data(), small.row_size(), 4);
  return 0;
}
