// Drawn frames and sound as a clip: H.264 and AAC in MP4, QuickTime or Matroska, or yuv4mpeg on standard output.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "common/av.h"
#include "common/frame_fitter.h"

namespace scrim::app {

struct SoundTrack {
  const AVCodecContext* from = nullptr;  // the decoder that its frames come from
  AVDictionary* tags = nullptr;
};

class ClipWriter {
 public:
  struct Options {
    std::string path;       // of the file that is written; "-": standard output
    std::string name;       // what error messages call it
    std::string container;  // ".mp4", ".m4v", ".mov" or ".mkv"
    AVRational time_base{1, 1000}, rate{0, 1};
    AVDictionary* tags = nullptr;
    std::vector<SoundTrack> sounds;
  };
  virtual ~ClipWriter() = default;

  // first: what frames are like, with their colours.
  static StatusOr<std::unique_ptr<ClipWriter>> Create(const Options& options, const AVFrame& first);

  // AV_PIX_FMT_YUV420P or AV_PIX_FMT_RGBA; time and duration in the time base.
  virtual Status Picture(const AVFrame& frame, int64_t time, int64_t duration) = 0;
  // microseconds: its time. Gaps become silence.
  virtual Status Sound(size_t track, const AVFrame& frame, int64_t microseconds) = 0;
  // Nothing is whole before. What is missing afterwards is a Status.
  virtual Status Finish() = 0;
};

}  // namespace scrim::app
