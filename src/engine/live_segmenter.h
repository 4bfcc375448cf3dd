// Frame in, alpha out, for a camera: no frame waits for a slow network.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/budget.h"
#include "engine/matting.h"
#include "engine/network_thread.h"
#include "engine/segmenter.h"
#include "engine/still_detector.h"
#include "image/sampler.h"
#include "matte/late_mask.h"
#include "matte/refiner.h"

namespace scrim::engine {

struct LiveOptions {
  // How long a frame may wait for its own mask. The network takes a millisecond or two and a frame of 30 a second has
  // 33, so that nearly every frame has the mask that fits it, without a frame of delay. Where the network usually takes
  // longer, frames do not wait at all.
  double wait_ms = 10;
  double max_mask_age_ms = 500;   // between a frame and the one that its mask was made from
  double budget_ms = 0;           // of work for a frame, in all stages together; 0: none
  double budget_percent = 0;      // the same as share of one core; 0: none. The smaller one counts
  int refresh = 30;               // the network looks at every n-th frame at least, also where nothing changes
  std::function<double()> clock;  // milliseconds that never go back; empty: the system's steady clock. For tests
};

// The network runs in a thread of its own; the newest picture replaces one that still waits. A frame is drawn with its
// own mask where that comes in time, otherwise with the newest one (see matte::TrimLateMask), refined along the frame's
// own edges. Frames that look like the one of the newest mask take that mask as it is. A budget is held by density and
// mask rate.
class LiveSegmenter final : public Matting {
 public:
  // The errors of Segmenter::Create; kIo when the system gives no thread. The model is kept where there is a budget or
  // a choice of shapes.
  static StatusOr<std::unique_ptr<LiveSegmenter>> Create(std::shared_ptr<const graph::Model> model,
                                                         const SegmenterOptions& options, const LiveOptions& live);
  // With networks of another make: `make` for other densities than that of `network`. shapes: frames are looked at with
  // the one nearest to their own; empty: always with that of `network`.
  static StatusOr<std::unique_ptr<LiveSegmenter>> Create(std::unique_ptr<MaskNetwork> network, MakeNetwork make,
                                                         const matte::RefinerOptions& refiner, const LiveOptions& live,
                                                         std::vector<graph::Density> shapes = {});

  // Errors: kInvalidArgument for an impossible frame; kUnavailable before the first mask and where the newest one is
  // too old; kInternal when the newest run of the network failed. Later frames may succeed again.
  Status Process(const image::ConstFrameView& frame, image::Bytes* alpha) override;
  void Reset() override;
  void AddCompose(double ms) override { times_.compose = ms; }
  const std::vector<std::string>& planes() const override { return network_->planes(); }
  void Want(PlaneSet planes) override { wanted_ = planes; }
  const image::BoxedAlpha& plane(size_t plane) const override { return plane_alphas_.of(plane); }

  const image::Floats& mask() const override { return mask_.raw; }
  graph::Density density() const override;
  int mask_interval() const override { return budget_ ? budget_->level().mask_interval : 1; }
  uint64_t masks() const override { return network_->runs(); }
  MaskUse use() const override { return use_; }
  const StageTimes& times() const override { return times_; }

 private:
  LiveSegmenter(std::unique_ptr<NetworkThread> network, const matte::RefinerOptions& refiner, const LiveOptions& live,
                std::vector<graph::Density> shapes);
  void FitShape(int width, int height);
  Status FindMask(const image::ConstFrameView& frame);
  void KeepBudget(double now);
  bool Take();
  bool HasPlanes() const;
  bool HasMask() const { return mask_.number != 0 && mask_.status.ok(); }

  LiveOptions live_;
  std::unique_ptr<NetworkThread> network_;
  std::vector<graph::Density> shapes_;
  graph::Density best_;  // the one in use while no budget lowers it
  std::optional<BudgetController> budget_;
  int refusals_ = 0;

  image::Sampler sampler_;
  matte::Refiner refiner_;
  StillDetector still_;
  PlaneSet wanted_ = 0;
  PlaneAlphas plane_alphas_;
  image::Bytes picture_, luma_;  // the frame at the network's size
  TimedMask mask_;               // the newest; its time: of the last frame that it is known to fit
  image::Floats trimmed_;        // the same under a later frame
  PlaneMasks trimmed_planes_;
  double typical_ms_ = 0;        // of the network's runs
  image::ConstFrameView shape_;  // of the frame before: size and format

  uint64_t frame_ = 0, submitted_ = 0;  // numbers of this frame and of the last one submitted
  int still_masks_ = 0;                 // masks in a row whose pictures looked alike
  double last_time_ = 0, interval_ = 0;
  bool mask_is_new_ = false;  // taken for this frame
  MaskUse use_ = MaskUse::kOwn;
  StageTimes times_;
};

}  // namespace scrim::engine
