// GStreamer's frames as scrim's.
#pragma once

#include <gst/video/video.h>
#include <scrim/scrim.h>

#include <optional>

namespace scrim::gst {

// BT.2020's coefficients lie nearer to BT.709's than to BT.601's; what is unknown is taken for a webcam's.
inline scrim_matrix MatrixOf(const GstVideoColorimetry& colorimetry) {
  const bool bt709 =
      colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709 || colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT2020;
  const bool full = colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  if (full) return bt709 ? SCRIM_MATRIX_BT709_FULL : SCRIM_MATRIX_BT601_FULL;
  return bt709 ? SCRIM_MATRIX_BT709 : SCRIM_MATRIX_BT601;
}

inline std::optional<scrim_format> FormatOf(GstVideoFormat format) {
  switch (format) {
    case GST_VIDEO_FORMAT_RGBA:
      return SCRIM_FORMAT_RGBA;
    case GST_VIDEO_FORMAT_BGRA:
      return SCRIM_FORMAT_BGRA;
    case GST_VIDEO_FORMAT_NV12:
      return SCRIM_FORMAT_NV12;
    case GST_VIDEO_FORMAT_I420:
      return SCRIM_FORMAT_I420;
    case GST_VIDEO_FORMAT_YUY2:
      return SCRIM_FORMAT_YUY2;
    default:
      return std::nullopt;
  }
}

// What frames of this kind are, without their pixels. The format must be one of FormatOf's.
inline scrim_frame LikeOf(const GstVideoInfo& info) {
  scrim_frame like{};
  like.format = FormatOf(GST_VIDEO_INFO_FORMAT(&info)).value_or(SCRIM_FORMAT_I420);
  like.matrix = MatrixOf(info.colorimetry);
  like.width = info.width, like.height = info.height;
  return like;
}

inline GstVideoInfo ToVideoInfo(const scrim_frame& like) {
  constexpr GstVideoFormat kFormats[] = {GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_BGRA, GST_VIDEO_FORMAT_RGB,
                                         GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YUY2};
  GstVideoInfo info;
  gst_video_info_set_format(&info, kFormats[like.format], static_cast<guint>(like.width),
                            static_cast<guint>(like.height));
  if (like.format < SCRIM_FORMAT_NV12) return info;
  const bool bt709 = like.matrix == SCRIM_MATRIX_BT709 || like.matrix == SCRIM_MATRIX_BT709_FULL;
  info.colorimetry.matrix = bt709 ? GST_VIDEO_COLOR_MATRIX_BT709 : GST_VIDEO_COLOR_MATRIX_BT601;
  const bool full = like.matrix >= SCRIM_MATRIX_BT601_FULL;
  info.colorimetry.range = full ? GST_VIDEO_COLOR_RANGE_0_255 : GST_VIDEO_COLOR_RANGE_16_235;
  return info;
}

// The mapped frame's pixels, which stay where they are. Nothing for other formats and for pictures stored upside down.
inline std::optional<scrim_frame> ToScrim(const GstVideoFrame& from) {
  const std::optional<scrim_format> format = FormatOf(GST_VIDEO_FRAME_FORMAT(&from));
  if (!format) return std::nullopt;
  scrim_frame frame{};
  frame.format = *format;
  frame.matrix = MatrixOf(from.info.colorimetry);
  frame.width = GST_VIDEO_FRAME_WIDTH(&from), frame.height = GST_VIDEO_FRAME_HEIGHT(&from);
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&from); ++p) {
    if (GST_VIDEO_FRAME_PLANE_STRIDE(&from, p) < 0) return std::nullopt;
    frame.planes[p] = static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&from, p));
    frame.strides[p] = GST_VIDEO_FRAME_PLANE_STRIDE(&from, p);
  }
  return frame;
}

}  // namespace scrim::gst
