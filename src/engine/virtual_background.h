// Who is in the picture, and what is drawn instead of the room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "compose/compositor.h"
#include "engine/matting.h"
#include "engine/segmenter.h"
#include "engine/stopwatch.h"
#include "retouch/hair_colour.h"
#include "retouch/skin_smoothing.h"

namespace scrim::engine {

// Since the start.
struct Stats {
  uint64_t frames = 0;           // processed, segmented, or drawn with the background alone
  uint64_t background_only = 0;  // of these, without a person: on demand, or for want of a mask
  uint64_t unchanged = 0;        // with the mask of an earlier frame that looked the same
  uint64_t late = 0;             // with the mask of an earlier, different frame
  uint64_t masks = 0;            // made by the network
  StageTimes times;              // of all frames together
  double latency_ms = 0;         // from a frame's coming to its being drawn, of all frames together
  double max_latency_ms = 0;
  graph::Density density;  // now, and
  int mask_interval = 1;   // for every n-th frame
};

// Fails closed: whenever a frame cannot be processed, the background alone is drawn. Not thread-safe.
class VirtualBackground {
 public:
  // model: its name, for messages.
  explicit VirtualBackground(std::unique_ptr<Matting> matting, std::string model = "")
      : matting_(std::move(matting)), model_(std::move(model)) {}

  Status SetBackground(compose::Background background) { return compositor_.SetBackground(std::move(background)); }

  void SetEdges(const compose::EdgeOptions& options) { compositor_.SetEdges(options); }
  void SetDrawing(const compose::DrawOptions& options) {
    compositor_.SetDrawing(options);
    retouches_ = !options.keep_room;  // otherwise the person is not seen
  }

  // The person's hair and skin, from the next frame on; a strength of 0 costs nothing. kUnsupported, which says what to
  // do, where the network has no plane "hair" or "skin"; all stays as it was then.
  Status SetHairColour(const retouch::HairColourOptions& options);
  Status SetSkinSmoothing(float strength);

  // The network's number of a plane; kUnsupported, which says what there is, where it has none of that name.
  StatusOr<size_t> FindPlane(const std::string& name) const;
  // Whether its alpha is made for every frame, the next one first, also where no retouching wants it.
  Status WantPlane(const std::string& name, bool want);
  // Of the last frame that Process or Segment saw: the person's, or a plane's within it. Empty where that failed, or
  // nobody wanted the plane.
  StatusOr<image::Bytes> PlaneAlpha(const std::string& name) const;

  // Draws the person of `frame` before the background into `out` (see compose::Compositor::Compose); out may be the
  // frame itself. What is transparent in the frame stays so: its alpha multiplies the mask. On every error `out`, where
  // it is a valid frame, shows the background alone.
  Status Process(const image::ConstFrameView& frame, const image::FrameView& out);

  // The background without anything of a room; forgets the previous mask. kInvalidArgument: out is not a frame.
  Status DrawAlone(const image::FrameView& out);

  // The alpha of the last frame that Process or Segment saw; empty where that failed.
  const image::Bytes& alpha() const { return alpha_; }
  Status Segment(const image::ConstFrameView& frame);

  void Reset();
  const StageTimes& times() const { return times_; }  // of the last frame
  Stats stats() const;
  const Matting& matting() const { return *matting_; }

 private:
  image::ConstFrameView Shown(const image::ConstFrameView& frame);
  Status FindAlpha(const image::ConstFrameView& shown, PlaneSet planes);
  image::ConstFrameView Retouched(const image::ConstFrameView& shown, const image::FrameView& out);
  Status TryProcess(const image::ConstFrameView& frame, const image::FrameView& out);
  void Count(bool alone, double latency_ms);

  std::unique_ptr<Matting> matting_;
  std::string model_;
  compose::Compositor compositor_;
  retouch::HairColour hair_;
  retouch::SkinSmoothing skin_;
  size_t hair_plane_ = 0, skin_plane_ = 0;  // known where they are enabled
  bool retouches_ = true;
  PlaneSet wanted_ = 0;     // by the caller
  image::Frame retouched_;  // where out cannot hold it
  image::Bytes alpha_;
  image::Frame shown_;    // of a frame that is transparent somewhere
  image::Bytes opacity_;  // its alpha
  StageTimes times_;
  Stats stats_;
};

}  // namespace scrim::engine
