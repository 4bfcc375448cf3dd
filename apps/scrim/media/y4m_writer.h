// Frames as yuv4mpeg on standard output, for the next program of a pipe.
#pragma once

#include "media/clip_writer.h"

namespace scrim::app {

// The header tells the range as FFmpeg does (XCOLORRANGE) and the matrix (XMATRIX), which the format has no word for.
// It stays below FFmpeg's limit of 96 bytes.
class Y4mWriter : public ClipWriter {
 public:
  explicit Y4mWriter(AVRational rate) : rate_(rate.num > 0 ? rate : AVRational{25, 1}) {}
  Status Picture(const AVFrame& given, int64_t time, int64_t duration) override;
  Status Sound(size_t, const AVFrame&, int64_t) override { return {}; }
  Status Finish() override;

 private:
  static Status Write(const void* bytes, size_t size);

  AVRational rate_;
  bool begun_ = false;
  FilterChain to_yuv_;
};

}  // namespace scrim::app
