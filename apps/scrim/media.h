// Clips through GStreamer: any container and codec that its plugins play, decoded, handed out frame by frame, and
// encoded again where that is wanted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::app {

struct FrameInfo {
  int64_t index = 0;        // from 0
  double seconds = 0;       // from the clip's start
  double clip_seconds = 0;  // the clip's length by its container; 0: unknown
  double fps = 0;           // nominal; 0: unknown
};

// Called for each frame in turn, on one thread of GStreamer's. Where the clip is encoded again, the frame may be
// changed in place. An error stops everything.
using FrameCallback = std::function<Status(const image::FrameView& frame, const FrameInfo& info)>;

struct MediaOptions {
  std::string input;
  std::string output;       // a file to encode into, overwritten; empty: only read
  std::string output_name;  // what error messages call it
  std::string container;    // ".mp4", ".mov" or ".mkv" of the output: H.264 and AAC
};

// Containers that MediaOptions::container may name.
bool IsKnownContainer(const std::string& extension);

// Runs the whole clip, upright, with its own times; sound is carried over. After Ctrl-C the output ends there and is a
// whole file all the same. Errors are one line with the file's name: missing, not a clip, no video, cut off before the
// end that its container promises, output that cannot be written. Returns the number of frames.
StatusOr<int64_t> RunMedia(const MediaOptions& options, const FrameCallback& callback);

}  // namespace scrim::app
