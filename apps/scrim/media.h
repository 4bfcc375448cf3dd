// Clips through GStreamer: any container and codec that its plugins play, decoded, handed out frame by frame, and
// encoded again where that is wanted.
#pragma once

#include <gst/gst.h>

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

// Called for each frame in turn, on one thread of GStreamer's. An error stops everything.
using FrameCallback = std::function<Status(const image::FrameView& frame, const FrameInfo& info)>;

// The same behind the element `scrim`, with what that tells of the frame (see docs/gstreamer.md, frame-meta).
using ResultCallback =
    std::function<Status(const image::FrameView& frame, const GstStructure* meta, const FrameInfo& info)>;

struct MediaOptions {
  std::string input;
  FrameCallback on_frame;                      // frames as they are in the clip; may be empty
  ResultCallback on_result;                    // drawn ones; may be empty
  std::function<void(GstElement*)> configure;  // sets the element's properties; empty: frames are not drawn
  bool mirror = false;                         // left and right are exchanged before frames are drawn
  bool alpha = false;                          // on_result gets RGBA
  std::string output;                          // a file to encode into, overwritten; empty: only read
  std::string output_name;                     // what error messages call it
  std::string container;                       // ".mp4", ".mov" or ".mkv" of the output: H.264 and AAC
  int64_t frames = 0;                          // ends after as many; 0: all
  double seconds = 0;                          // ends there; 0: at the clip's end
};

// Containers that MediaOptions::container may name.
bool IsKnownContainer(const std::string& extension);

// What can be said of a file without opening it: missing, a folder, empty.
Status CheckClip(const std::string& path);

// Runs the whole clip, upright, with its own times; sound is carried over. After Ctrl-C the output ends there and is a
// whole file all the same. Errors are one line with the file's name: missing, not a clip, no video, cut off before the
// end that its container promises, output that cannot be written; those of the element are as it says them. Returns the
// number of frames.
StatusOr<int64_t> RunMedia(const MediaOptions& options);

}  // namespace scrim::app
