#include "engine/live_segmenter.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "engine/stopwatch.h"
#include "image/resample.h"

namespace scrim::engine {
namespace {

// Masks of one still picture before the network may rest: it sees its own previous mask, and the stabiliser averages.
constexpr int kStillMasks = 6;

double SteadyMs() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A running average that single outliers move little.
void UpdateAverage(double value, double* average) {
  constexpr double kRate = 0.1, kMost = 4;
  *average = *average == 0 ? value : *average + kRate * (std::min(value, kMost * *average) - *average);
}

image::Bytes ResizePicture(const image::Bytes& picture, int width, int height) {
  image::Bytes resized(width, height, picture.channels());
  image::Resampler resampler;
  resampler.Configure(picture.width(), picture.height(), width, height);
  resampler.Run(picture.data(), picture.row_size(), picture.channels(), resized.data(), resized.row_size());
  return resized;
}

}  // namespace

StatusOr<std::unique_ptr<LiveSegmenter>> LiveSegmenter::Create(std::shared_ptr<const graph::Model> model,
                                                               const SegmenterOptions& options,
                                                               const LiveOptions& live) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> network,
                         MaskNetwork::Create(*model, options.density, {options.target, options.threads}, options));
  std::vector<graph::Density> shapes = ShapesFor(*model, options);
  MakeNetwork make;
  if (live.budget_ms > 0 || live.budget_percent > 0 || shapes.size() > 1) {
    make = [model = std::move(model), program = nn::ProgramOptions{options.target, options.threads},
            mask = matte::MaskLoopOptions(options)](graph::Density density) {
      return MaskNetwork::Create(*model, density, program, mask);
    };
  }
  return Create(std::move(network), std::move(make), options.refiner, live, std::move(shapes));
}

StatusOr<std::unique_ptr<LiveSegmenter>> LiveSegmenter::Create(std::unique_ptr<MaskNetwork> network, MakeNetwork make,
                                                               const matte::RefinerOptions& refiner,
                                                               const LiveOptions& live,
                                                               std::vector<graph::Density> shapes) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<NetworkThread> thread,
                         NetworkThread::Start(std::move(network), std::move(make)));
  return std::unique_ptr<LiveSegmenter>(new LiveSegmenter(std::move(thread), refiner, live, std::move(shapes)));
}

LiveSegmenter::LiveSegmenter(std::unique_ptr<NetworkThread> network, const matte::RefinerOptions& refiner,
                             const LiveOptions& live, std::vector<graph::Density> shapes)
    : live_(live),
      network_(std::move(network)),
      shapes_(std::move(shapes)),
      best_(network_->density()),
      refiner_(refiner) {
  if (!live_.clock) live_.clock = SteadyMs;
  if (live_.budget_ms > 0 || live_.budget_percent > 0) budget_.emplace(QualityLevels(best_));
}

void LiveSegmenter::FitShape(int width, int height) {
  if (shapes_.size() < 2) return;
  const graph::Density wanted = graph::NearestShape(shapes_, width, height);
  if (wanted == best_) return;
  best_ = wanted;
  if (budget_) budget_.emplace(QualityLevels(best_));
  network_->SetDensity(best_);
}

graph::Density LiveSegmenter::density() const {
  return HasMask() ? graph::Density{mask_.raw.width(), mask_.raw.height()} : network_->density();
}

void LiveSegmenter::Reset() {
  network_->Forget();
  mask_.number = 0;
  still_masks_ = 0;
}

// Whether the newest mask has all planes that are wanted, as far as there are such.
bool LiveSegmenter::HasPlanes() const {
  for (size_t p = 1; p < planes().size(); ++p)
    if (Has(wanted_, p) && (p >= mask_.steady_planes.size() || mask_.steady_planes[p].empty())) return false;
  return true;
}

Status LiveSegmenter::Process(const image::ConstFrameView& frame, image::Bytes* alpha) {
  plane_alphas_.Clear();
  if (Status status = Validate(frame); !status.ok()) {
    *alpha = {};
    Reset();
    return status;
  }
  Status status = FindMask(frame);
  if (!status.ok()) {
    alpha->Resize(frame.width, frame.height);
    std::fill(alpha->data(), alpha->data() + alpha->size(), uint8_t{0});
    return status;
  }
  Stopwatch watch;
  const image::Floats* mask = &mask_.steady;
  const PlaneMasks* planes = &mask_.steady_planes;
  if (mask_.number != frame_) {
    trimmed_ = mask_.steady;
    matte::TrimLateMask({}, mask_.picture, picture_, &trimmed_);
    mask = &trimmed_;
    if (wanted_ != 0) {
      trimmed_planes_ = mask_.steady_planes;
      for (image::Floats& plane : trimmed_planes_)
        if (!plane.empty()) matte::TrimLateMask({}, mask_.picture, picture_, &plane);
      planes = &trimmed_planes_;
    }
  }
  refiner_.Process(*mask, luma_, frame, alpha);
  plane_alphas_.Refine(wanted_, *planes, luma_, frame, *alpha, &refiner_);
  times_.matte = watch.Lap() + (mask_is_new_ ? mask_.stabiliser_ms : 0);
  return {};
}

// Leaves in mask_ what the frame may be drawn with, at picture_'s size.
Status LiveSegmenter::FindMask(const image::ConstFrameView& frame) {
  const double now = live_.clock();
  KeepBudget(now);
  times_ = {};
  Stopwatch watch;
  // Another size or format is another source.
  if (frame.width != shape_.width || frame.height != shape_.height || frame.format != shape_.format ||
      frame.matrix != shape_.matrix) {
    if (frame_ > 0) Reset();
    FitShape(frame.width, frame.height);
  }
  shape_ = frame;
  ++frame_;
  const graph::Density density = network_->density();
  picture_.Resize(density.width, density.height, 4);
  sampler_.Sample(frame, &picture_);
  NativeToLuma(frame.format, picture_, &luma_);
  NativeToRgb(frame.format, frame.matrix, &picture_);
  mask_is_new_ = false;
  Take();
  if (HasMask() && !(graph::Density{mask_.steady.width(), mask_.steady.height()} == density)) {
    mask_.steady = ResizeMask(mask_.steady, density.width, density.height);
    for (image::Floats& plane : mask_.steady_planes)
      if (!plane.empty()) plane = ResizeMask(plane, density.width, density.height);
    mask_.picture = ResizePicture(mask_.picture, density.width, density.height);
  }
  const bool unchanged = HasMask() && still_.Unchanged(mask_.picture, picture_);
  const bool answered = mask_.number != 0 && mask_.number == submitted_;
  // Only while the network is known to be alive does a still picture keep its mask from ageing.
  if (unchanged && answered) mask_.time = now;
  const bool rest = unchanged && answered && HasPlanes() && still_masks_ >= kStillMasks &&
                    frame_ - submitted_ < uint64_t(live_.refresh);
  const bool due = !HasMask() || frame_ - submitted_ >= uint64_t(mask_interval());
  times_.sample = watch.Lap();
  if (!rest && due && network_->Submit(frame_, now, picture_, wanted_)) {
    still_masks_ = unchanged ? still_masks_ + 1 : 0;
    submitted_ = frame_;
    watch.Lap();
    if (std::max(typical_ms_, network_->running_ms()) <= live_.wait_ms) network_->Wait(frame_, live_.wait_ms);
    Take();
    times_.wait = watch.Lap();
  }
  if (mask_is_new_) times_.network = mask_.network_ms;
  use_ = mask_.number == frame_ ? MaskUse::kOwn : unchanged ? MaskUse::kUnchanged : MaskUse::kLate;

  if (mask_.number == 0) return Unavailable("there is no mask yet");
  SCRIM_RETURN_IF_ERROR(mask_.status);
  const double age = now - mask_.time;
  if (age > live_.max_mask_age_ms) {
    return Unavailable("the network has stalled: the newest mask is " + std::to_string(std::lround(age)) + " ms old");
  }
  return {};
}

bool LiveSegmenter::Take() {
  if (!network_->Take(&mask_)) return false;
  mask_is_new_ = true;
  UpdateAverage(mask_.network_ms, &typical_ms_);
  return true;
}

// The frame before is complete now: what it cost decides about this one.
void LiveSegmenter::KeepBudget(double now) {
  if (frame_ > 0) UpdateAverage(now - last_time_, &interval_);
  last_time_ = now;
  if (!budget_ || frame_ == 0) return;
  double budget = live_.budget_ms > 0 ? live_.budget_ms : 1e9;
  if (live_.budget_percent > 0 && interval_ > 0) budget = std::min(budget, live_.budget_percent / 100 * interval_);
  if (network_->refusals() > refusals_) {
    ++refusals_;
    budget_->Refuse();
  }
  const graph::Density density{mask_.raw.width(), mask_.raw.height()};
  budget_->Add(times_.sample + times_.matte + times_.compose, times_.network, density, budget);
  network_->SetDensity(budget_->level().density);
}

}  // namespace scrim::engine
