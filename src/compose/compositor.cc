#include "compose/compositor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "compose/blend.h"
#include "image/convert.h"
#include "image/opacity.h"
#include "image/pixel_ops.h"
#include "image/resample.h"

namespace scrim::compose {

using Kind = Background::Kind;

namespace {

constexpr image::Color kGrey{96, 96, 96};
constexpr image::Color kNothing{0, 0, 0, 0};
constexpr image::Color kBehindPictures{0, 0, 0};  // as the borders of a picture that does not fill the frame

}  // namespace

void CopyPixels(const image::ConstFrameView& from, const image::FrameView& to) {
  for (int p = 0; p < image::PlaneCount(to.format); ++p) {
    const image::PlaneLayout layout = image::LayoutOf(to.format, to.width, to.height, p);
    for (int y = 0; y < layout.rows; ++y) std::memcpy(to.row(p, y), from.row(p, y), layout.row_bytes);
  }
}

Crop CoverCrop(int in_width, int in_height, int out_width, int out_height) {
  const double scale = std::max(double(out_width) / in_width, double(out_height) / in_height);
  const double width = std::min<double>(in_width, out_width / scale),
               height = std::min<double>(in_height, out_height / scale);
  return {{(in_width - width) / 2, width}, {(in_height - height) / 2, height}};
}

Status Compositor::SetBackground(Background background) {
  if (background.kind == Kind::kImage) {
    if (background.picture.empty()) return InvalidArgument("background: the picture is empty");
  }
  if (background.kind == Kind::kBlur && !(background.blur_sigma >= 0.5f && background.blur_sigma <= 100.f)) {
    return InvalidArgument("background: blur strength must be 0.5 to 100");
  }
  background_ = std::move(background);
  if (background_.kind == Kind::kImage) image::Flatten(background_.picture.view(), kBehindPictures);
  fresh_ = false;
  return {};
}

Status Compositor::Check(const image::ConstFrameView& frame, const image::ConstFrameView& out) const {
  SCRIM_RETURN_IF_ERROR(Validate(frame));
  SCRIM_RETURN_IF_ERROR(Validate(out));
  if (frame.width != out.width || frame.height != out.height) {
    return InvalidArgument("input and output frame differ in size");
  }
  if (background_.kind == Kind::kTransparent) {
    if (!HasAlpha(out.format)) return InvalidArgument("transparent background: the output frame must be RGBA or BGRA");
  } else if (frame.format != out.format) {
    return InvalidArgument("input and output frame differ in pixel format");
  }
  return {};
}

namespace {

void Cover(image::ConstFrameView picture, const image::FrameView& out) {
  image::Frame rgba;
  if (picture.format != image::PixelFormat::kRgba) {
    rgba = image::Frame(image::PixelFormat::kRgba, picture.width, picture.height);
    [[maybe_unused]] const Status converted = image::ConvertToRgba(picture, rgba.view());
    assert(converted.ok());  // both are valid
    picture = std::as_const(rgba).view();
  }
  const Crop crop = CoverCrop(picture.width, picture.height, out.width, out.height);
  image::Frame stretched(image::PixelFormat::kRgba, out.width, out.height);
  image::Resampler resampler;
  resampler.Configure(picture.width, picture.height, crop.x, crop.y, out.width, out.height);
  resampler.Run(picture.planes[0], picture.strides[0], 4, stretched.view().planes[0], stretched.view().strides[0]);
  [[maybe_unused]] const Status converted = image::ConvertFromRgba(std::as_const(stretched).view(), out);
  assert(converted.ok());  // both frames are ours
}

}  // namespace

// The colour or picture in the format and size of `like`; for kBlur a frame of that kind with undefined content.
image::ConstFrameView Compositor::Prepared(const image::ConstFrameView& like) {
  const image::ConstFrameView old = std::as_const(prepared_).view();
  if (prepared_.empty() || old.format != like.format || old.matrix != like.matrix || old.width != like.width ||
      old.height != like.height) {
    prepared_ = image::Frame(like.format, like.width, like.height, like.matrix);
    fresh_ = false;
  }
  if (!fresh_ && background_.kind == Kind::kColor) Fill(prepared_.view(), background_.color);
  if (!fresh_ && background_.kind == Kind::kImage) {
    const image::ConstFrameView picture = std::as_const(background_.picture).view();
    const bool same = picture.format == like.format && picture.matrix == like.matrix && picture.width == like.width &&
                      picture.height == like.height;
    if (same) {  // a frame of a clip
      CopyPixels(picture, prepared_.view());
    } else {
      Cover(picture, prepared_.view());
    }
  }
  lit_ &= fresh_;
  fresh_ = true;
  return std::as_const(prepared_).view();
}

Status Compositor::Compose(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::FrameView& out,
                           const image::Bytes* opacity) {
  SCRIM_RETURN_IF_ERROR(Check(frame, out));
  if (alpha.width() != frame.width || alpha.height() != frame.height || alpha.channels() != 1) {
    return InvalidArgument("the alpha's size is not the frame's");
  }
  const bool elsewhere = background_.kind != Kind::kBlur && background_.kind != Kind::kRoom;
  const bool placed = placement_.enabled() && elsewhere && !keep_room_;
  if (placed) placement_.Place(frame, alpha);
  if (opacity != nullptr && opacity->size() != alpha.size())
    return InvalidArgument("the opacity's size is not the frame's");
  if (placed) return Draw(placement_.frame(), placement_.alpha(), out, nullptr);
  return Draw(frame, alpha, out, opacity);
}

Status Compositor::Draw(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::FrameView& out,
                        const image::Bytes* opacity) {
  if (background_.kind == Kind::kRoom) {
    if (out.planes[0] != frame.planes[0]) CopyPixels(frame, out);
    if (opacity == nullptr) return {};
    for (int y = 0; y < out.height; ++y)
      for (int x = 0; x < out.width; ++x) out.row(0, y)[4 * x + 3] = opacity->row(y)[x];
    return {};
  }
  if (keep_room_ || opacity != nullptr) {
    room_alpha_.Resize(frame.width, frame.height);
    for (size_t i = 0; i < alpha.size(); ++i)
      room_alpha_.data()[i] = static_cast<uint8_t>((opacity != nullptr ? opacity->data()[i] : 255) - alpha.data()[i]);
  }
  const image::Bytes& kept = keep_room_ ? room_alpha_ : alpha;
  if (background_.kind == Kind::kTransparent) {
    SCRIM_RETURN_IF_ERROR(image::ConvertToRgba(frame, out));
    if (edges_.enabled()) edges_.Prepare(out, kept, nullptr, false);
    scratch_.resize(size_t{4} * out.width);
    for (int y = 0; y < out.height; ++y) {
      if (edges_.enabled()) {
        image::ExpandAlphaRgba(kept.row(y), scratch_.data(), out.width);
        edges_.CorrectRow(0, y, out.row(0, y), scratch_.data(), out.row(0, y));
      }
      image::CutOutRow(out.row(0, y), kept.row(y), out.row(0, y), out.width);
    }
    return {};
  }
  const image::ConstFrameView background = Prepared(frame);
  const bool blur = background_.kind == Kind::kBlur, edges = edges_.enabled() && !blur;
  if (blur && opacity != nullptr) {  // what is transparent is no room either
    not_room_.Resize(frame.width, frame.height);
    std::transform(room_alpha_.data(), room_alpha_.data() + room_alpha_.size(), not_room_.data(),
                   [](uint8_t room) { return static_cast<uint8_t>(255 - room); });
  }
  if (blur) blur_.Render(frame, opacity != nullptr ? not_room_ : alpha, background_.blur_sigma, prepared_.view());
  const bool brightness = brightness_.enabled() && !blur && !keep_room_;
  if (edges) edges_.Prepare(frame, kept, &background, !lit_);
  if (brightness) brightness_.Prepare(frame, kept, background, !lit_);
  lit_ |= edges || brightness;
  Blend(frame, kept, background, out, &scratch_, edges ? &edges_ : nullptr, brightness ? &brightness_ : nullptr);
  return {};
}

Status Compositor::DrawAlone(const image::FrameView& out) {
  SCRIM_RETURN_IF_ERROR(Validate(out));
  switch (background_.kind) {
    case Kind::kTransparent:
      Fill(out, kNothing);
      return {};
    case Kind::kBlur:
    case Kind::kRoom:
      Fill(out, kGrey);
      return {};
    case Kind::kColor:
      Fill(out, background_.color);
      return {};
    case Kind::kImage:
      break;
  }
  const image::ConstFrameView background = Prepared(out);
  CopyPixels(background, out);
  return {};
}

}  // namespace scrim::compose
