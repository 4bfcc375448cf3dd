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

Status VirtualBackground::SetHairColour(const retouch::HairColourOptions& options) {
  if (options.strength > 0) {
    SCRIM_ASSIGN_OR_RETURN(hair_plane_, FindPlane("hair"));
  }
  hair_.set_options(options);
  return {};
}

Status VirtualBackground::SetSkinSmoothing(float strength) {
  if (strength > 0) {
    SCRIM_ASSIGN_OR_RETURN(skin_plane_, FindPlane("skin"));
  }
  skin_.set_strength(strength);
  return {};
}

StatusOr<size_t> VirtualBackground::FindPlane(const std::string& name) const {
  const std::vector<std::string>& planes = matting_->planes();
  const auto found = std::find(planes.begin(), planes.end(), name);
  const auto plane = static_cast<size_t>(found - planes.begin());
  if (found != planes.end() && plane < kMostPlanes) return plane;
  std::string known;
  for (const std::string& plane_name : planes) known += (known.empty() ? "" : ", ") + plane_name;
  return Unsupported("the model" + (model_.empty() ? "" : " " + model_) + " knows no " + name + ", only " + known +
                     "; take a model that was trained for " + name);
}

Status VirtualBackground::WantPlane(const std::string& name, bool want) {
  SCRIM_ASSIGN_OR_RETURN(const size_t plane, FindPlane(name));
  const PlaneSet bit = PlaneSet{1} << plane;
  wanted_ = want ? wanted_ | bit : wanted_ & ~bit;
  return {};
}

StatusOr<image::Bytes> VirtualBackground::PlaneAlpha(const std::string& name) const {
  SCRIM_ASSIGN_OR_RETURN(const size_t plane, FindPlane(name));
  if (plane == 0 || alpha_.empty()) return alpha_;
  image::Bytes alpha = matting_->plane(plane).alpha;
  // The frame's own transparency is in the person's alpha alone.
  for (size_t i = 0; i < alpha.size(); ++i) alpha.data()[i] = std::min(alpha.data()[i], alpha_.data()[i]);
  return alpha;
}

void VirtualBackground::Reset() {
  matting_->Reset();
  hair_.Reset();
  skin_.Reset();
}

Status VirtualBackground::FindAlpha(const image::ConstFrameView& shown, PlaneSet planes) {
  matting_->Want(planes);
  Status status = matting_->Process(shown, &alpha_);
  if (!status.ok()) alpha_ = {};
  if (status.ok() && !opacity_.empty()) image::MultiplyAlpha(opacity_, &alpha_);
  times_ = matting_->times();
  return status;
}

Status VirtualBackground::Segment(const image::ConstFrameView& frame) {
  Stopwatch watch;
  Status status = FindAlpha(Shown(frame), wanted_);
  Count(!status.ok(), watch.Lap());
  return status;
}

// The frame with another hair and skin. It is drawn into `out`, which may be the frame, or where that has another
// format into a copy.
image::ConstFrameView VirtualBackground::Retouched(const image::ConstFrameView& shown, const image::FrameView& out) {
  const image::BoxedAlpha none;
  const image::BoxedAlpha& hair = retouches_ && hair_.enabled() ? matting_->plane(hair_plane_) : none;
  const image::BoxedAlpha& skin = retouches_ && skin_.enabled() ? matting_->plane(skin_plane_) : none;
  if (hair.box.empty() && skin.box.empty()) return shown;
  image::FrameView to = out;
  if (out.format != shown.format) {
    if (retouched_.width() != shown.width || retouched_.height() != shown.height || retouched_.format() != shown.format)
      retouched_ = image::Frame(shown.format, shown.width, shown.height);
    to = retouched_.view();
  }
  to.matrix = shown.matrix;
  if (to.planes[0] != shown.planes[0]) compose::CopyPixels(shown, to);
  if (!hair.box.empty()) hair_.Apply(to, hair);
  if (!skin.box.empty()) skin_.Apply(to, skin);
  return to;
}

Status VirtualBackground::TryProcess(const image::ConstFrameView& frame, const image::FrameView& out) {
  if (Status status = compositor_.Check(frame, out); !status.ok()) {
    alpha_ = {};
    times_ = {};
    matting_->Reset();
    return status;
  }
  const image::ConstFrameView shown = Shown(frame);
  PlaneSet planes = wanted_;
  if (retouches_ && hair_.enabled()) planes |= PlaneSet{1} << hair_plane_;
  if (retouches_ && skin_.enabled()) planes |= PlaneSet{1} << skin_plane_;
  SCRIM_RETURN_IF_ERROR(FindAlpha(shown, planes));
  Stopwatch watch;
  SCRIM_RETURN_IF_ERROR(
      compositor_.Compose(Retouched(shown, out), alpha_, out, opacity_.empty() ? nullptr : &opacity_));
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
  Reset();
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
