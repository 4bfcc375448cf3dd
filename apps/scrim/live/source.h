// Where frames come from: what the user wrote, and a GStreamer bin for it.
#pragma once

#include <string>

#include "base/status.h"
#include "io/descriptor.h"
#include "media/pipeline.h"

namespace scrim::app {

enum class SourceKind { kFile, kCamera, kScreen, kTest, kUrl };

// "camera", /dev/videoN and names of cameras; "screen"; "test"; URLs; anything else is a file.
SourceKind KindOfSource(const std::string& text);

inline constexpr const char* kSourceHelp =
    "a file, `-` (standard input: yuv4mpeg or another clip), `camera` (the first one), /dev/videoN, a name that `scrim "
    "devices` lists, rtsp://, http:// or another "
    "URL, "
    "`screen`, or `test` (a pattern)";

struct Mode {
  int width = 0, height = 0;  // pixels; 0: any
  double rate = 0;            // frames a second; 0: any
};

// WIDTHxHEIGHT, each 2 to 16384.
StatusOr<Mode> ParseSize(const std::string& text);

// Which of a camera's modes to use, as caps with one value for each field that matters: the size nearest to the wish
// (1280x720), then a rate that is high enough (30), then raw frames before MJPEG. Null where there is none that can be
// decoded.
Owned<GstCaps> ChooseMode(const GstCaps* possible, const Mode& wish);

struct Source {
  Descriptor connection;    // of a camera of PipeWire's; goes after the bin
  Owned<GstElement> bin;    // with a pad of decoded video, in any raw format
  std::string name;         // a camera's
  std::string about;        // "HD Webcam, 1280x720, 30/s, image/jpeg"
  bool realtime = false;    // frames come when they happen; otherwise as fast as they are taken
  bool comes_back = false;  // worth another try when it fails
};

// kNotFound, with the remedy, where there is nothing of that name. before: the camera that "camera" was so far. May
// wait for drivers and daemons.
StatusOr<Source> OpenSource(const std::string& text, const Mode& wish, const std::string& before = "");

}  // namespace scrim::app
