#include "engine/virtual_background.h"

#include "engine/stopwatch.h"

namespace scrim::engine {

Status VirtualBackground::Segment(const image::ConstFrameView& frame) {
  Status status = segmenter_->Process(frame, &alpha_);
  if (!status.ok()) alpha_ = {};
  times_ = segmenter_->times();
  return status;
}

Status VirtualBackground::TryProcess(const image::ConstFrameView& frame, const image::FrameView& out) {
  SCRIM_RETURN_IF_ERROR(compositor_.Check(frame, out));
  SCRIM_RETURN_IF_ERROR(Segment(frame));
  Stopwatch watch;
  SCRIM_RETURN_IF_ERROR(compositor_.Compose(frame, alpha_, out));
  times_.compose = watch.Lap();
  return {};
}

Status VirtualBackground::Process(const image::ConstFrameView& frame, const image::FrameView& out) {
  Status status = TryProcess(frame, out);
  if (!status.ok()) {
    // `status` is what the caller has to know; drawing fails only where out is no frame.
    [[maybe_unused]] const Status drawn = DrawAlone(out);
  }
  return status;
}

Status VirtualBackground::DrawAlone(const image::FrameView& out) {
  alpha_ = {};
  segmenter_->Reset();
  return compositor_.DrawAlone(out);
}

}  // namespace scrim::engine
