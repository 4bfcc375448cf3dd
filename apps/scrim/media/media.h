// A clip's frames, one by one: handed out, drawn on, and encoded again where that is wanted.
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
  double clip_seconds = 0;  // how long the run is: the clip by its container, or its part within the limits; 0: unknown
  double fps = 0;           // nominal; 0: unknown

  double middle() const { return seconds + (fps > 0 ? 0.5 / fps : 0); }
};

// Called for each frame in turn, on the caller's thread. An error stops everything.
using FrameCallback = std::function<Status(const image::FrameView& frame, const FrameInfo& info)>;

// Draws the frame into `out`, of the same size; RGBA where MediaOptions::alpha asks for it, else of the same format.
using DrawCallback =
    std::function<Status(const image::FrameView& frame, const image::FrameView& out, const FrameInfo& info)>;

struct MediaOptions {
  std::string input;        // "-": standard input
  FrameCallback on_frame;   // frames as they are in the clip: I420 or, where the clip has alpha, RGBA; may be empty
  DrawCallback draw;        // empty: frames are not drawn
  FrameCallback on_drawn;   // drawn ones; may be empty
  bool mirror = false;      // left and right are exchanged before frames are drawn
  bool alpha = false;       // frames are drawn as RGBA
  std::string output;       // a file to encode into, overwritten, or "-" for yuv4mpeg; empty: only read
  std::string output_name;  // what error messages call it
  std::string container;    // ".mp4", ".mov" or ".mkv" of the output: H.264 and AAC
  int64_t frames = 0;       // ends after as many; 0: all
  double seconds = 0;       // ends there; 0: at the clip's end
};

// Containers that MediaOptions::container may name.
bool IsKnownContainer(const std::string& extension);

// What can be said of a file without opening it: missing, a folder, empty. "-" is always there.
Status CheckClip(const std::string& path);

// Runs the whole clip, upright, with its own times from its first one on, in one size; every sound track is carried
// over. After Ctrl-C the output ends there and is a whole file all the same. What was left out is told on stderr.
// Errors are one line with the file's name: missing, not a clip, no video, cut off before the end that its container
// promises, output that cannot be written; those of the callbacks are as they say them. Returns the number of frames.
StatusOr<int64_t> RunMedia(const MediaOptions& options);

}  // namespace scrim::app
