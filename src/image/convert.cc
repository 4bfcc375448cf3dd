#include "image/convert.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "image/color.h"
#include "image/pixel_ops.h"

namespace scrim::image {
namespace {

Status CheckPair(const ConstFrameView& in, const ConstFrameView& out) {
  SCRIM_RETURN_IF_ERROR(Validate(in));
  SCRIM_RETURN_IF_ERROR(Validate(out));
  if (in.width != out.width || in.height != out.height) return InvalidArgument("conversion: the frames differ in size");
  return {};
}

// Reorders bytes; a missing alpha is 255. `order` gives the input byte of each of red, green, blue.
void ReorderRow(const uint8_t* in, int in_step, const int order[3], bool in_alpha, uint8_t* out, int out_step, int n) {
  for (int x = 0; x < n; ++x, in += in_step, out += out_step) {
    const uint8_t pixel[4] = {in[order[0]], in[order[1]], in[order[2]], in_alpha ? in[3] : uint8_t{255}};
    std::memcpy(out, pixel, out_step);
  }
}

}  // namespace

void LoadYuvRow(const ConstFrameView& frame, int row, uint8_t* y, uint8_t* u, uint8_t* v) {
  const int n = frame.width;
  const uint8_t* in = frame.row(0, row);
  if (frame.format == PixelFormat::kYuy2) {
    for (int x = 0; x < n; ++x) {
      const uint8_t* group = in + x / 2 * 4;
      y[x] = in[2 * x], u[x] = group[1], v[x] = group[3];
    }
    return;
  }
  std::memcpy(y, in, n);
  if (frame.format == PixelFormat::kNv12) {
    const uint8_t* uv = frame.row(1, row / 2);
    for (int x = 0; x < n; ++x) u[x] = uv[x / 2 * 2], v[x] = uv[x / 2 * 2 + 1];
  } else {
    const uint8_t *us = frame.row(1, row / 2), *vs = frame.row(2, row / 2);
    for (int x = 0; x < n; ++x) u[x] = us[x / 2], v[x] = vs[x / 2];
  }
}

Status ConvertToRgba(const ConstFrameView& in, const FrameView& out) {
  SCRIM_RETURN_IF_ERROR(CheckPair(in, out));
  if (!HasAlpha(out.format)) return InvalidArgument("conversion: the output must be RGBA or BGRA");
  const bool swap = out.format == PixelFormat::kBgra;
  if (!IsYuv(in.format)) {
    const bool reversed = (in.format == PixelFormat::kBgra) != swap;
    const int order[3] = {reversed ? 2 : 0, 1, reversed ? 0 : 2};
    const bool in_alpha = HasAlpha(in.format);
    for (int y = 0; y < in.height; ++y) {
      ReorderRow(in.row(0, y), in_alpha ? 4 : 3, order, in_alpha, out.row(0, y), 4, in.width);
    }
    return {};
  }
  std::vector<uint8_t> scratch(size_t{3} * in.width);
  uint8_t *luma = scratch.data(), *u = luma + in.width, *v = u + in.width;
  YuvCoefficients k = CoefficientsOf(in.matrix);
  const int order[3] = {2, 1, 0};
  for (int y = 0; y < in.height; ++y) {
    LoadYuvRow(in, y, luma, u, v);
    YuvToRgbaRow(k, luma, u, v, out.row(0, y), in.width);
    if (swap) ReorderRow(out.row(0, y), 4, order, true, out.row(0, y), 4, in.width);
  }
  return {};
}

Status ConvertFromRgba(const ConstFrameView& in, const FrameView& out) {
  SCRIM_RETURN_IF_ERROR(CheckPair(in, out));
  if (in.format != PixelFormat::kRgba) return InvalidArgument("conversion: the input must be RGBA");
  const int width = in.width, height = in.height;
  if (!IsYuv(out.format)) {
    const bool bgra = out.format == PixelFormat::kBgra;
    const int order[3] = {bgra ? 2 : 0, 1, bgra ? 0 : 2};
    for (int y = 0; y < height; ++y) {
      ReorderRow(in.row(0, y), 4, order, false, out.row(0, y), HasAlpha(out.format) ? 4 : 3, width);
    }
    return {};
  }
  const bool yuy2 = out.format == PixelFormat::kYuy2;
  const int luma_step = yuy2 ? 2 : 1, group_rows = yuy2 ? 1 : 2;
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = in.row(0, y);
    uint8_t* to = out.row(0, y);
    for (int x = 0; x < width; ++x)
      to[luma_step * x] = RgbToYuv(out.matrix, from[4 * x], from[4 * x + 1], from[4 * x + 2])[0];
    if (yuy2 && width % 2 != 0) to[2 * width] = to[2 * (width - 1)];  // the group's second pixel lies outside
  }
  for (int y = 0; y < height; y += group_rows) {
    const uint8_t *row0 = in.row(0, y), *row1 = in.row(0, std::min(y + group_rows - 1, height - 1));
    for (int x = 0; x < width; x += 2) {
      const int x0 = 4 * x, x1 = 4 * std::min(x + 1, width - 1);
      const auto mean = [&](int c) { return (row0[x0 + c] + row0[x1 + c] + row1[x0 + c] + row1[x1 + c] + 2) >> 2; };
      const std::array<uint8_t, 3> yuv = RgbToYuv(out.matrix, mean(0), mean(1), mean(2));
      if (yuy2) {
        out.row(0, y)[2 * x + 1] = yuv[1], out.row(0, y)[2 * x + 3] = yuv[2];
      } else if (out.format == PixelFormat::kNv12) {
        out.row(1, y / 2)[x] = yuv[1], out.row(1, y / 2)[x + 1] = yuv[2];
      } else {
        out.row(1, y / 2)[x / 2] = yuv[1], out.row(2, y / 2)[x / 2] = yuv[2];
      }
    }
  }
  return {};
}

}  // namespace scrim::image
