// Where frames go: what the user wrote, and a GStreamer description for it.
#pragma once

#include <string>

#include "base/status.h"

namespace scrim::app {

enum class SinkKind { kFile, kWindow, kLoopback, kPipeWire, kUrl, kStdout };

// "window"; "pipewire"; /dev/videoN; "-" and "stdout"; URLs; anything else is a file or, for transparency, a folder.
SinkKind KindOfSink(const std::string& text);

inline constexpr const char* kSinkHelp =
    "a file (.mp4, .mov or .mkv: H.264, a clip's sound carried over as AAC), `window`, `pipewire` (a virtual camera), "
    "/dev/videoN (v4l2loopback), rtmp://, srt:// or rtsp:// (H.264), `-` or `stdout` (yuv4mpeg, every frame of a "
    "clip); with --background transparent a folder for one PNG with alpha a frame, without other frames in it";

struct Sink {
  std::string description;  // of elements from raw video on; the last is called "sink"
  bool comes_back = false;  // worth another try when it fails
};

// path: of a file. kInvalidArgument: an unknown URL.
StatusOr<Sink> DescribeSink(const std::string& text, const std::string& path);

}  // namespace scrim::app
