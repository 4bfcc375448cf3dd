// Pictures in memory: views of other people's 8-bit frames, and rasters of our own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace scrim::image {

enum class PixelFormat : uint8_t {
  kRgba,  // 4 bytes a pixel, one plane
  kBgra,
  kRgb,   // 3 bytes a pixel, one plane
  kNv12,  // plane 0 Y; plane 1 U and V interleaved, half width and height, rounded up
  kI420,  // plane 0 Y; planes 1 and 2 U and V, half width and height, rounded up
  kYuy2,  // one plane of Y0 U Y1 V, half as many groups as pixels, rounded up
};
const char* PixelFormatName(PixelFormat format);
inline bool IsYuv(PixelFormat format) { return format >= PixelFormat::kNv12; }
inline bool HasAlpha(PixelFormat format) { return format == PixelFormat::kRgba || format == PixelFormat::kBgra; }

// How Y, U and V become colours. Video: Y 16..235, chroma 16..240; full: 0..255.
enum class YuvMatrix : uint8_t { kBt601Video, kBt709Video, kBt601Full, kBt709Full };

inline constexpr int kMaxSide = 16384;

// A frame in somebody else's memory, read or written according to Byte. Strides count bytes.
template <typename Byte>
struct BasicFrameView {
  PixelFormat format = PixelFormat::kRgba;
  YuvMatrix matrix = YuvMatrix::kBt601Video;  // of the three YUV formats
  int width = 0, height = 0;
  std::array<Byte*, 3> planes{};
  std::array<size_t, 3> strides{};

  Byte* row(int plane, int y) const { return planes[plane] + strides[plane] * y; }
  operator BasicFrameView<const uint8_t>() const {
    return {format, matrix, width, height, {planes[0], planes[1], planes[2]}, strides};
  }
};
using FrameView = BasicFrameView<uint8_t>;
using ConstFrameView = BasicFrameView<const uint8_t>;

struct PlaneLayout {
  int row_bytes = 0, rows = 0;
};
int PlaneCount(PixelFormat format);
PlaneLayout LayoutOf(PixelFormat format, int width, int height, int plane);

// kInvalidArgument unless sides are 1..kMaxSide, all planes are there and strides hold a row.
Status Validate(const ConstFrameView& frame);

// Paints the whole frame in one colour, alpha 255 or as given. Allocates nothing.
struct Color {
  uint8_t red = 0, green = 0, blue = 0, alpha = 255;
};
void Fill(const FrameView& frame, Color color);

// A frame that owns its memory; rows are packed.
class Frame {
 public:
  Frame() = default;
  Frame(PixelFormat format, int width, int height, YuvMatrix matrix = YuvMatrix::kBt601Video);

  bool empty() const { return bytes_.empty(); }
  int width() const { return layout_.width; }
  int height() const { return layout_.height; }
  PixelFormat format() const { return layout_.format; }
  FrameView view();
  ConstFrameView view() const;

 private:
  FrameView layout_;  // without addresses, so that a Frame can be copied and moved
  std::vector<uint8_t> bytes_;
};

// Interleaved channels without gaps: masks, alphas and the small pictures inside scrim.
template <typename T>
class Raster {
 public:
  Raster() = default;
  Raster(int width, int height, int channels = 1) { Resize(width, height, channels); }

  // Keeps the memory where it suffices; the content is undefined after a change of size.
  void Resize(int width, int height, int channels = 1) {
    data_.resize(size_t{1} * width * height * channels);  // may throw: the sizes stay true then
    width_ = width, height_ = height, channels_ = channels;
  }
  bool empty() const { return data_.empty(); }
  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  size_t size() const { return data_.size(); }
  size_t row_size() const { return size_t{1} * width_ * channels_; }
  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  T* row(int y) { return data_.data() + row_size() * y; }
  const T* row(int y) const { return data_.data() + row_size() * y; }

 private:
  int width_ = 0, height_ = 0, channels_ = 1;
  std::vector<T> data_;
};
using Bytes = Raster<uint8_t>;
using Floats = Raster<float>;

}  // namespace scrim::image
