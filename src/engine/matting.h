// Frame in, alpha out: what VirtualBackground draws with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/planes.h"
#include "graph/model.h"
#include "image/frame.h"

namespace scrim::engine {

// Milliseconds of work; of one frame, or of many together.
struct StageTimes {
  double sample = 0;   // frame to network input
  double network = 0;  // 0 for a frame without a run of its own
  double matte = 0;    // stabiliser and refinement
  double compose = 0;  // retouching, background and blending; VirtualBackground only
  double wait = 0;     // for the network's thread, doing nothing; LiveSegmenter only
  double total() const { return sample + network + matte + compose; }
};

// Which frame's mask an alpha was made from.
enum class MaskUse {
  kOwn,        // the frame's own
  kUnchanged,  // that of an earlier frame which looked the same
  kLate,       // that of an earlier, different one: the network was not ready, or not asked
};

// One frame at a time: not thread-safe.
class Matting {
 public:
  virtual ~Matting() = default;

  // alpha: resized to the frame, 0 room to 255 person. On every error alpha is all 0 (or empty, for an impossible
  // frame).
  virtual Status Process(const image::ConstFrameView& frame, image::Bytes* alpha) = 0;

  // What the network says, by name; the first is the person.
  virtual const std::vector<std::string>& planes() const = 0;
  // From the next frame on, these planes get alphas, too: steady and refined as the person's, which is at least as
  // large everywhere. What nobody wants costs nothing.
  virtual void Want(PlaneSet planes) = 0;
  // Of the last frame. Without a size: that frame failed, or the plane was not wanted, or has no mask yet.
  virtual const image::BoxedAlpha& plane(size_t plane) const = 0;

  // Forgets what came before: the next frame is the first of another clip.
  virtual void Reset() = 0;

  // What the caller's own work on the last frame cost; counts towards a budget.
  virtual void AddCompose(double /*ms*/) {}

  // The network's mask that the last alpha was made from, as it came: 0..1, at the network's size.
  virtual const image::Floats& mask() const = 0;
  virtual graph::Density density() const = 0;      // the network's size
  virtual int mask_interval() const { return 1; }  // a mask is made for every n-th frame
  virtual uint64_t masks() const = 0;              // made so far
  virtual MaskUse use() const { return MaskUse::kOwn; }
  virtual const StageTimes& times() const = 0;  // of the last frame
};

}  // namespace scrim::engine
