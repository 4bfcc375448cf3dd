#include "engine/virtual_background.h"

#include <algorithm>

namespace scrim::engine {

Status VirtualBackground::FindAlpha(const image::ConstFrameView& frame) {
  Status status = matting_->Process(frame, &alpha_);
  if (!status.ok()) alpha_ = {};
  times_ = matting_->times();
  return status;
}

Status VirtualBackground::Segment(const image::ConstFrameView& frame) {
  Stopwatch watch;
  Status status = FindAlpha(frame);
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
  SCRIM_RETURN_IF_ERROR(FindAlpha(frame));
  Stopwatch watch;
  SCRIM_RETURN_IF_ERROR(compositor_.Compose(frame, alpha_, out));
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
  stats_.alone += alone;
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
  stats.every = matting_->every();
  return stats;
}

}  // namespace scrim::engine
