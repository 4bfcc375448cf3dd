#include "media/y4m_writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "io/text.h"

namespace scrim::app {

Status Y4mWriter::Write(const void* bytes, size_t size) {
  if (std::fwrite(bytes, 1, size, stdout) == size) return {};
  return IoError(std::string("standard output: cannot be written: ") + std::strerror(errno));
}

Status Y4mWriter::Picture(const AVFrame& given, int64_t, int64_t) {
  Av<AVFrame> frame(av_frame_clone(&given));
  const bool bt709 = IsBt709(given.colorspace, given.height), full = given.color_range == AVCOL_RANGE_JPEG;
  if (given.format == AV_PIX_FMT_RGBA)
    SCRIM_RETURN_IF_ERROR(to_yuv_.Run(
        given,
        Text("scale=out_range=%s:out_color_matrix=%s,format=yuv420p", full ? "pc" : "tv", bt709 ? "bt709" : "bt601"),
        frame.get()));
  if (!begun_) {
    const AVRational sar = given.sample_aspect_ratio.num > 0 ? given.sample_aspect_ratio : AVRational{1, 1};
    const char* chroma = given.chroma_location == AVCHROMA_LOC_CENTER ? "420jpeg" : "420mpeg2";
    const std::string header =
        Text("YUV4MPEG2 W%d H%d F%d:%d Ip A%d:%d C%s XCOLORRANGE=%s XMATRIX=%s\n", frame->width, frame->height,
             rate_.num, rate_.den, sar.num, sar.den, chroma, full ? "FULL" : "LIMITED", bt709 ? "BT709" : "BT601");
    SCRIM_RETURN_IF_ERROR(Write(header.data(), header.size()));
    begun_ = true;
  }
  SCRIM_RETURN_IF_ERROR(Write("FRAME\n", 6));
  for (int p = 0; p < 3; ++p) {
    const int width = p == 0 ? frame->width : (frame->width + 1) / 2,
              rows = p == 0 ? frame->height : (frame->height + 1) / 2;
    for (int y = 0; y < rows; ++y)
      SCRIM_RETURN_IF_ERROR(Write(frame->data[p] + ptrdiff_t{frame->linesize[p]} * y, static_cast<size_t>(width)));
  }
  return {};
}

Status Y4mWriter::Finish() {
  if (std::fflush(stdout) == 0) return {};
  return IoError(std::string("standard output: cannot be written: ") + std::strerror(errno));
}

}  // namespace scrim::app
