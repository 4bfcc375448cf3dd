#include "image/frame.h"

#include <cstring>
#include <string>

#include "image/color.h"

namespace scrim::image {

const char* PixelFormatName(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgba:
      return "RGBA";
    case PixelFormat::kBgra:
      return "BGRA";
    case PixelFormat::kRgb:
      return "RGB";
    case PixelFormat::kNv12:
      return "NV12";
    case PixelFormat::kI420:
      return "I420";
    case PixelFormat::kYuy2:
      return "YUY2";
  }
  return "unknown";
}

int PlaneCount(PixelFormat format) {
  switch (format) {
    case PixelFormat::kNv12:
      return 2;
    case PixelFormat::kI420:
      return 3;
    default:
      return 1;
  }
}

PlaneLayout LayoutOf(PixelFormat format, int width, int height, int plane) {
  const int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  switch (format) {
    case PixelFormat::kRgba:
    case PixelFormat::kBgra:
      return {4 * width, height};
    case PixelFormat::kRgb:
      return {3 * width, height};
    case PixelFormat::kNv12:
      return plane == 0 ? PlaneLayout{width, height} : PlaneLayout{2 * half_width, half_height};
    case PixelFormat::kI420:
      return plane == 0 ? PlaneLayout{width, height} : PlaneLayout{half_width, half_height};
    case PixelFormat::kYuy2:
      return {4 * half_width, height};
  }
  return {};
}

Status Validate(const ConstFrameView& frame) {
  if (frame.format > PixelFormat::kYuy2) return InvalidArgument("frame: unknown pixel format");
  const auto what = [&] {  // without memory a good frame must pass
    return std::string(PixelFormatName(frame.format)) + " frame of " + std::to_string(frame.width) + "x" +
           std::to_string(frame.height);
  };
  if (frame.width < 1 || frame.height < 1 || frame.width > kMaxSide || frame.height > kMaxSide) {
    return InvalidArgument(what() + ": each side must be 1 to " + std::to_string(kMaxSide) + " pixels");
  }
  for (int p = 0; p < PlaneCount(frame.format); ++p) {
    const PlaneLayout layout = LayoutOf(frame.format, frame.width, frame.height, p);
    if (frame.planes[p] == nullptr) return InvalidArgument(what() + ": plane " + std::to_string(p) + " is missing");
    if (frame.strides[p] < static_cast<size_t>(layout.row_bytes)) {
      return InvalidArgument(what() + ": stride of plane " + std::to_string(p) + " is " +
                             std::to_string(frame.strides[p]) + ", a row has " + std::to_string(layout.row_bytes) +
                             " bytes");
    }
  }
  return {};
}

void Fill(const FrameView& frame, Color color) {
  std::array<uint8_t, 4> pattern{color.red, color.green, color.blue, color.alpha};  // of plane 0
  std::array<uint8_t, 3> yuv{};
  if (frame.format == PixelFormat::kBgra) std::swap(pattern[0], pattern[2]);
  if (IsYuv(frame.format)) {
    yuv = RgbToYuv(frame.matrix, color.red, color.green, color.blue);
    pattern = {yuv[0], yuv[1], yuv[0], yuv[2]};
  }
  for (int p = 0; p < PlaneCount(frame.format); ++p) {
    int period = frame.format == PixelFormat::kRgb ? 3 : 4;
    if (frame.format == PixelFormat::kNv12 || frame.format == PixelFormat::kI420) {
      pattern = p == 0 ? std::array<uint8_t, 4>{yuv[0]} : std::array<uint8_t, 4>{yuv[p], yuv[2]};
      period = p == 1 && frame.format == PixelFormat::kNv12 ? 2 : 1;
    }
    const PlaneLayout layout = LayoutOf(frame.format, frame.width, frame.height, p);
    uint8_t* first = frame.row(p, 0);
    for (int i = 0; i < layout.row_bytes; i += period) {
      for (int k = 0; k < period; ++k) first[i + k] = pattern[k];
    }
    for (int y = 1; y < layout.rows; ++y) std::memcpy(frame.row(p, y), first, layout.row_bytes);
  }
}

Frame::Frame(PixelFormat format, int width, int height, YuvMatrix matrix) {
  layout_.format = format, layout_.matrix = matrix, layout_.width = width, layout_.height = height;
  size_t size = 0;
  for (int p = 0; p < PlaneCount(format); ++p) {
    const PlaneLayout layout = LayoutOf(format, width, height, p);
    layout_.strides[p] = layout.row_bytes;
    size += size_t{1} * layout.row_bytes * layout.rows;
  }
  bytes_.resize(size);
}

FrameView Frame::view() {
  FrameView view = layout_;
  uint8_t* plane = bytes_.data();
  for (int p = 0; p < PlaneCount(view.format); ++p) {
    view.planes[p] = plane;
    plane += view.strides[p] * LayoutOf(view.format, view.width, view.height, p).rows;
  }
  return view;
}

ConstFrameView Frame::view() const { return const_cast<Frame*>(this)->view(); }

}  // namespace scrim::image
