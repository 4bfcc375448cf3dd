#include "engine/virtual_background.h"

#include <algorithm>
#include <utility>

#include "image/opacity.h"

namespace scrim::engine {
namespace {

constexpr image::Color kErased{96, 96, 96};  // a blur's grey, see Compositor::DrawAlone

}  // namespace

// The frame without what its own alpha hides, and opacity_, empty where the frame is opaque.
image::ConstFrameView VirtualBackground::Shown(const image::ConstFrameView& frame) {
  opacity_ = {};
  if (!Validate(frame).ok() || image::IsOpaque(frame)) return frame;
  if (shown_.width() != frame.width || shown_.height() != frame.height || shown_.format() != frame.format)
    shown_ = image::Frame(frame.format, frame.width, frame.height);
  image::SplitAlpha(frame, kErased, shown_.view(), &opacity_);
  return std::as_const(shown_).view();
}

Status VirtualBackground::FindAlpha(const image::ConstFrameView& shown) {
  Status status = matting_->Process(shown, &alpha_);
  if (!status.ok()) alpha_ = {};
  if (status.ok() && !opacity_.empty()) image::MultiplyAlpha(opacity_, &alpha_);
  times_ = matting_->times();
  return status;
}

Status VirtualBackground::Segment(const image::ConstFrameView& frame) {
  Stopwatch watch;
  Status status = FindAlpha(Shown(frame));
  Count(!status.ok(), watch.Lap());
  return status;
}

Status VirtualBackground::TryProcess(const image::ConstFrameView& frame, const image::FrameView& out) {
  if (Status status = compositor_.Check(frame, out); !status.ok()) {
    alpha_ = {};
    times_ = {};
    matting_->Reset();
    return status;
  }
  const image::ConstFrameView shown = Shown(frame);
  SCRIM_RETURN_IF_ERROR(FindAlpha(shown));
  Stopwatch watch;
  SCRIM_RETURN_IF_ERROR(compositor_.Compose(shown, alpha_, out, opacity_.empty() ? nullptr : &opacity_));
  times_.compose = watch.Lap();
  matting_->AddCompose(times_.compose);
  return {};
}

Status VirtualBackground::Process(const image::ConstFrameView& frame, const image::FrameView& out) {
  Stopwatch watch;
  Status status = TryProcess(frame, out);
  if (!status.ok()) {
    alpha_ = {};
    // `status` is what the caller has to know; drawing fails only where out is no frame.
    [[maybe_unused]] const Status drawn = compositor_.DrawAlone(out);
  }
  Count(!status.ok(), watch.Lap());
  return status;
}

Status VirtualBackground::DrawAlone(const image::FrameView& out) {
  Stopwatch watch;
  alpha_ = {};
  times_ = {};
  matting_->Reset();
  Status status = compositor_.DrawAlone(out);
  Count(true, watch.Lap());
  return status;
}

void VirtualBackground::Count(bool alone, double latency_ms) {
  ++stats_.frames;
  stats_.background_only += alone;
  stats_.unchanged += !alone && matting_->use() == MaskUse::kUnchanged;
  stats_.late += !alone && matting_->use() == MaskUse::kLate;
  stats_.times.sample += times_.sample, stats_.times.network += times_.network, stats_.times.matte += times_.matte;
  stats_.times.compose += times_.compose, stats_.times.wait += times_.wait;
  stats_.latency_ms += latency_ms;
  stats_.max_latency_ms = std::max(stats_.max_latency_ms, latency_ms);
}

Stats VirtualBackground::stats() const {
  Stats stats = stats_;
  stats.masks = matting_->masks();
  stats.density = matting_->density();
  stats.mask_interval = matting_->mask_interval();
  return stats;
}

}  // namespace scrim::engine
