// A segmenter and what is drawn instead of the room.
#pragma once

#include <memory>
#include <utility>

#include "compose/compositor.h"
#include "engine/segmenter.h"

namespace scrim::engine {

// Fails closed: whenever a frame cannot be processed, the background alone is drawn. Not thread-safe.
class VirtualBackground {
 public:
  explicit VirtualBackground(std::unique_ptr<Segmenter> segmenter) : segmenter_(std::move(segmenter)) {}

  Status SetBackground(compose::Background background) { return compositor_.SetBackground(std::move(background)); }

  // Draws the person of `frame` before the background into `out` (see compose::Compositor::Compose); out may be the
  // frame itself. On every error `out`, where it is a valid frame, shows the background alone.
  Status Process(const image::ConstFrameView& frame, const image::FrameView& out);

  // The background without anything of a room; forgets the previous mask. kInvalidArgument: out is not a frame.
  Status DrawAlone(const image::FrameView& out);

  // The alpha of the last frame that Process or Segment saw; empty where that failed.
  const image::Bytes& alpha() const { return alpha_; }
  Status Segment(const image::ConstFrameView& frame);

  void Reset() { segmenter_->Reset(); }
  const StageTimes& times() const { return times_; }
  Segmenter& segmenter() { return *segmenter_; }
  const Segmenter& segmenter() const { return *segmenter_; }

 private:
  Status TryProcess(const image::ConstFrameView& frame, const image::FrameView& out);

  std::unique_ptr<Segmenter> segmenter_;
  compose::Compositor compositor_;
  image::Bytes alpha_;
  StageTimes times_;
};

}  // namespace scrim::engine
