// The C ABI over engine::VirtualBackground: checks pointers, translates structs, and lets no exception out. What the
// fields of scrim_params mean stands in c_params.h.
#include <scrim/scrim.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "compose/parse_background.h"
#include "engine/c_params.h"
#include "engine/live_segmenter.h"
#include "engine/virtual_background.h"
#include "graph/model.h"
#include "image/convert.h"

using scrim::Code;
using scrim::InvalidArgument;
using scrim::Status;
using scrim::StatusOr;
using scrim::engine::Completed;
using scrim::engine::DefaultParams;
using scrim::engine::kOldestParams;
using scrim::engine::LiveOptions;
using scrim::engine::LiveSegmenter;
using scrim::engine::Matting;
using scrim::engine::Segmenter;
using scrim::engine::SegmenterOptions;
using scrim::engine::ToLiveOptions;
using scrim::engine::ToOptions;
using scrim::engine::VirtualBackground;
using Kind = scrim::compose::Background::Kind;

struct scrim_session {
  scrim_session(std::unique_ptr<Matting> matting, std::string model) : engine(std::move(matting), std::move(model)) {}
  VirtualBackground engine;
};

namespace {

// Two buffers, because without memory there is no string to keep.
thread_local std::string last_error;
thread_local const char* last_error_text = "";

scrim_status Fail(const Status& status) {
  try {
    last_error = status.message();
    last_error_text = last_error.c_str();
  } catch (...) {
    last_error_text = "out of memory";
  }
  switch (status.code()) {
    case Code::kOk:
      return SCRIM_OK;
    case Code::kInvalidArgument:
      return SCRIM_INVALID_ARGUMENT;
    case Code::kNotFound:
      return SCRIM_NOT_FOUND;
    case Code::kCorrupt:
      return SCRIM_CORRUPT;
    case Code::kUnsupported:
      return SCRIM_UNSUPPORTED;
    case Code::kIo:
      return SCRIM_IO;
    case Code::kInternal:
      return SCRIM_INTERNAL;
    case Code::kUnavailable:
      return SCRIM_UNAVAILABLE;
  }
  return SCRIM_INTERNAL;
}

// Runs `body`, which returns a Status. Only allocation can throw in scrim.
template <typename Body>
scrim_status Guarded(const Body& body) {
  try {
    const Status status = body();
    return status.ok() ? SCRIM_OK : Fail(status);
  } catch (const std::bad_alloc&) {
    last_error_text = "out of memory";
    return SCRIM_OUT_OF_MEMORY;
  } catch (...) {
    last_error_text = "unexpected exception";
    return SCRIM_INTERNAL;
  }
}

// A null frame becomes one of 0x0, which everything refuses.
scrim::image::FrameView ToView(const scrim_frame* frame) {
  scrim::image::FrameView view;
  if (frame == nullptr) return view;
  const auto format = static_cast<uint32_t>(frame->format);
  view.format = static_cast<scrim::image::PixelFormat>(format <= SCRIM_FORMAT_YUY2 ? format : 255);
  view.matrix = static_cast<scrim::image::YuvMatrix>(frame->matrix & 3);
  view.width = frame->width, view.height = frame->height;
  for (int p = 0; p < 3; ++p) view.planes[p] = frame->planes[p], view.strides[p] = frame->strides[p];
  return view;
}

// As much of `value` as the caller's header has, and zeros for what it has besides.
template <typename Struct>
void CopyOut(const Struct& value, Struct* out, size_t size) {
  std::memset(static_cast<void*>(out), 0, size);
  std::memcpy(static_cast<void*>(out), &value, std::min(size, sizeof value));
}

StatusOr<std::unique_ptr<Matting>> MakeMatting(std::shared_ptr<const scrim::graph::Model> model,
                                               const scrim_params& params) {
  SCRIM_ASSIGN_OR_RETURN(const SegmenterOptions options, ToOptions(params));
  if (params.live == 0) {
    SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<Matting> matting, Segmenter::Create(std::move(model), options));
    return matting;
  }
#ifdef SCRIM_WITHOUT_LIVE
  return scrim::Unsupported("params: live: this build has none");
#else
  SCRIM_ASSIGN_OR_RETURN(const LiveOptions live, ToLiveOptions(params));
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<Matting> matting, LiveSegmenter::Create(std::move(model), options, live));
  return matting;
#endif
}

template <typename Load>
scrim_status Create(const scrim_params* params, scrim_session** out, const Load& load) {
  return Guarded([&]() -> Status {
    if (out == nullptr) return InvalidArgument("create: out is null");
    *out = nullptr;
    SCRIM_ASSIGN_OR_RETURN(const scrim_params given, Completed(params));
    SCRIM_RETURN_IF_ERROR(ToOptions(given).status());  // before a file is read
    SCRIM_ASSIGN_OR_RETURN(scrim::graph::Model loaded, load());
    std::string name = loaded.name;
    auto model = std::make_shared<const scrim::graph::Model>(std::move(loaded));
    SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<Matting> matting, MakeMatting(std::move(model), given));
    *out = new scrim_session(std::move(matting), std::move(name));
    (*out)->engine.SetEdges({given.decontaminate_edges != 0, given.light_wrap});
    (*out)->engine.SetDrawing(
        {given.keep_room != 0, given.match_brightness, {given.person_size, given.person_position}});
    return {};
  });
}

Status CheckSession(const scrim_session* session) {
  return session != nullptr ? Status() : InvalidArgument("the session is null");
}

scrim_status SetBackground(scrim_session* session, scrim::compose::Background background) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    return session->engine.SetBackground(std::move(background));
  });
}

// Runs `body`, which draws into `to`. Without a session, or when an exception left the engine before it could draw,
// nothing of the room may stay.
template <typename Body>
scrim_status DrawGuarded(scrim_session* session, const scrim::image::FrameView& to, const Body& body) {
  const scrim_status status = Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    return body();
  });
  if (session == nullptr || status == SCRIM_OUT_OF_MEMORY) {
    const scrim::image::Color color = {0, 0, 0, session == nullptr ? uint8_t{255} : uint8_t{0}};
    if (Validate(to).ok()) Fill(to, color);
  }
  if (session != nullptr && status == SCRIM_OUT_OF_MEMORY) session->engine.Reset();  // what is half made goes
  return status;
}

void CopyAlpha(const scrim::image::Bytes& from, uint8_t* to, size_t stride) {
  for (int y = 0; y < from.height(); ++y) std::memcpy(to + stride * y, from.row(y), from.width());
}

Status GiveAlpha(const scrim::image::Bytes& from, int width, int height, uint8_t* to, size_t stride) {
  if (from.width() != width || from.height() != height) {
    return InvalidArgument("alpha: the last frame was " + std::to_string(from.width()) + "x" +
                           std::to_string(from.height()));
  }
  if (to == nullptr || stride < static_cast<size_t>(width)) return InvalidArgument("alpha: no room for a row");
  CopyAlpha(from, to, stride);
  return {};
}

}  // namespace

const char* scrim_version(void) { return SCRIM_VERSION_TEXT; }

const char* scrim_last_error(void) { return last_error_text; }

scrim_status scrim_params_init(scrim_params* params, size_t size) {
  return Guarded([&]() -> Status {
    if (params == nullptr || size < kOldestParams) return InvalidArgument("params_init: no room for the parameters");
    if (size > sizeof *params) {
      std::memset(static_cast<void*>(params), 0, size);
      return scrim::Unsupported("params_init: the program was compiled for a later version than " SCRIM_VERSION_TEXT);
    }
    CopyOut(DefaultParams(), params, size);
    params->struct_size = static_cast<uint32_t>(size);
    return {};
  });
}

scrim_status scrim_create_from_file(const char* path, const scrim_params* params, scrim_session** out) {
  return Create(params, out, [&]() -> StatusOr<scrim::graph::Model> {
    if (path == nullptr) return InvalidArgument("create: path is null");
    return scrim::graph::LoadModel(path);
  });
}

scrim_status scrim_create_from_memory(const void* bytes, size_t size, const scrim_params* params, scrim_session** out) {
  return Create(params, out, [&]() -> StatusOr<scrim::graph::Model> {
    if (bytes == nullptr) return InvalidArgument("create: bytes is null");
    return scrim::graph::ParseModel(static_cast<const uint8_t*>(bytes), size, "model in memory");
  });
}

void scrim_free(scrim_session* session) { delete session; }

scrim_status scrim_set_background_color(scrim_session* session, uint8_t red, uint8_t green, uint8_t blue) {
  scrim::compose::Background background;
  background.color = {red, green, blue};
  return SetBackground(session, std::move(background));
}

scrim_status scrim_set_background_blur(scrim_session* session, float strength) {
  scrim::compose::Background background;
  background.kind = Kind::kBlur;
  background.blur_sigma = strength;
  return SetBackground(session, std::move(background));
}

scrim_status scrim_set_background_image(scrim_session* session, const scrim_frame* picture) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    const scrim::image::ConstFrameView view = ToView(picture);
    SCRIM_RETURN_IF_ERROR(Validate(view));
    scrim::compose::Background background;
    background.kind = Kind::kImage;
    background.picture = scrim::image::Frame(view.format, view.width, view.height, view.matrix);
    scrim::compose::CopyPixels(view, background.picture.view());
    return session->engine.SetBackground(std::move(background));
  });
}

scrim_status scrim_set_background_transparent(scrim_session* session) {
  scrim::compose::Background background;
  background.kind = Kind::kTransparent;
  return SetBackground(session, std::move(background));
}

scrim_status scrim_set_background_room(scrim_session* session) {
  scrim::compose::Background background;
  background.kind = Kind::kRoom;
  return SetBackground(session, std::move(background));
}

scrim_status scrim_set_hair_color(scrim_session* session, uint8_t red, uint8_t green, uint8_t blue, float strength) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    if (!(strength >= 0 && strength <= 1)) return InvalidArgument("hair color: the strength must be 0 to 1");
    return session->engine.SetHairColour({{red, green, blue}, strength});
  });
}

scrim_status scrim_set_skin_smoothing(scrim_session* session, float strength) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    if (!(strength >= 0 && strength <= 1)) return InvalidArgument("skin smoothing: the strength must be 0 to 1");
    return session->engine.SetSkinSmoothing(strength);
  });
}

const char* scrim_get_plane_name(const scrim_session* session, int index) {
  if (session == nullptr || index < 0) return nullptr;
  const std::vector<std::string>& planes = session->engine.matting().planes();
  return static_cast<size_t>(index) < planes.size() ? planes[static_cast<size_t>(index)].c_str() : nullptr;
}

scrim_status scrim_want_plane(scrim_session* session, const char* plane, int want) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    if (plane == nullptr) return InvalidArgument("plane: the name is null");
    return session->engine.WantPlane(plane, want != 0);
  });
}

scrim_status scrim_parse_background(const char* text, scrim_background* out) {
  return Guarded([&]() -> Status {
    if (text == nullptr || out == nullptr) return InvalidArgument("parse: text or out is null");
    SCRIM_ASSIGN_OR_RETURN(const scrim::compose::Background background, scrim::compose::ParseBackground(text));
    *out = {};
    switch (background.kind) {
      case Kind::kImage:
        out->kind = SCRIM_BACKGROUND_IMAGE;
        break;
      case Kind::kBlur:
        out->kind = SCRIM_BACKGROUND_BLUR;
        out->strength = background.blur_sigma;
        break;
      case Kind::kColor:
        out->kind = SCRIM_BACKGROUND_COLOR;
        out->red = background.color.red, out->green = background.color.green, out->blue = background.color.blue;
        break;
      case Kind::kTransparent:
        out->kind = SCRIM_BACKGROUND_TRANSPARENT;
        break;
      case Kind::kRoom:
        out->kind = SCRIM_BACKGROUND_ROOM;
        break;
    }
    return {};
  });
}

scrim_status scrim_parse_input_size(const char* text, int* width, int* height) {
  return Guarded([&]() -> Status {
    if (text == nullptr || width == nullptr || height == nullptr) return InvalidArgument("parse: text or out is null");
    SCRIM_ASSIGN_OR_RETURN(const scrim::graph::Density density, scrim::graph::ParseDensity(text));
    *width = density.width, *height = density.height;
    return {};
  });
}

scrim_status scrim_process(scrim_session* session, const scrim_frame* in, const scrim_frame* out) {
  const scrim::image::FrameView to = ToView(out);
  return DrawGuarded(session, to, [&] { return session->engine.Process(ToView(in), to); });
}

scrim_status scrim_draw_background(scrim_session* session, const scrim_frame* out) {
  const scrim::image::FrameView to = ToView(out);
  return DrawGuarded(session, to, [&] { return session->engine.DrawAlone(to); });
}

scrim_status scrim_segment(scrim_session* session, const scrim_frame* in, uint8_t* alpha, size_t stride) {
  const scrim::image::ConstFrameView view = ToView(in);
  // A size that no frame has says nothing about how large alpha is.
  const bool has_size =
                 std::min(view.width, view.height) > 0 && std::max(view.width, view.height) <= scrim::image::kMaxSide,
             has_room = has_size && alpha != nullptr && stride >= static_cast<size_t>(view.width);
  const scrim_status status = Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    if (alpha == nullptr) return InvalidArgument("segment: alpha is null");
    SCRIM_RETURN_IF_ERROR(Validate(view));
    if (!has_room) return InvalidArgument("segment: the alpha's stride is shorter than a row");
    SCRIM_RETURN_IF_ERROR(session->engine.Segment(view));
    CopyAlpha(session->engine.alpha(), alpha, stride);
    return {};
  });
  if (status != SCRIM_OK && has_room) {
    for (int y = 0; y < view.height; ++y)
      std::memset(alpha + stride * static_cast<size_t>(y), 0, static_cast<size_t>(view.width));
  }
  if (session != nullptr && status == SCRIM_OUT_OF_MEMORY) session->engine.Reset();
  return status;
}

scrim_status scrim_get_alpha(const scrim_session* session, int width, int height, uint8_t* alpha, size_t stride) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    const scrim::image::Bytes& last = session->engine.alpha();
    if (last.empty()) return InvalidArgument("alpha: there is none, the last frame failed or no frame came yet");
    return GiveAlpha(last, width, height, alpha, stride);
  });
}

scrim_status scrim_get_plane_alpha(const scrim_session* session, const char* plane, int width, int height,
                                   uint8_t* alpha, size_t stride) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    if (plane == nullptr) return InvalidArgument("plane: the name is null");
    SCRIM_ASSIGN_OR_RETURN(const scrim::image::Bytes last, session->engine.PlaneAlpha(plane));
    if (last.empty()) {
      return InvalidArgument(std::string("alpha of ") + plane +
                             ": there is none, the last frame failed or the plane was not wanted before it came");
    }
    return GiveAlpha(last, width, height, alpha, stride);
  });
}

scrim_status scrim_get_mask(const scrim_session* session, float* mask, size_t count) {
  return Guarded([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(CheckSession(session));
    if (session->engine.alpha().empty())
      return InvalidArgument("mask: there is none, the last frame failed or no frame came yet");
    const scrim::image::Floats& last = session->engine.matting().mask();
    if (mask == nullptr || count != last.size())
      return InvalidArgument("mask: it takes " + std::to_string(last.size()) + " floats, not " + std::to_string(count));
    std::copy(last.data(), last.data() + count, mask);
    return {};
  });
}

void scrim_reset(scrim_session* session) {
  if (session != nullptr) session->engine.Reset();
}

void scrim_get_input_size(const scrim_session* session, int* width, int* height) {
  scrim::graph::Density size;
  if (session != nullptr) size = session->engine.matting().density();
  if (width != nullptr) *width = size.width;
  if (height != nullptr) *height = size.height;
}

scrim_status scrim_get_times(const scrim_session* session, scrim_times* times, size_t size) {
  return Guarded([&]() -> Status {
    if (times == nullptr) return InvalidArgument("times: out is null");
    scrim_times all{};
    if (session != nullptr) {
      const scrim::engine::StageTimes& from = session->engine.times();
      all = {from.sample, from.network, from.matte, from.compose, from.wait};
    }
    CopyOut(all, times, size);
    return CheckSession(session);
  });
}

scrim_status scrim_get_stats(const scrim_session* session, scrim_stats* stats, size_t size) {
  return Guarded([&]() -> Status {
    if (stats == nullptr) return InvalidArgument("stats: out is null");
    scrim_stats all{};
    if (session != nullptr) {
      const scrim::engine::Stats from = session->engine.stats();
      all.frames = from.frames, all.background_only = from.background_only, all.masks = from.masks;
      all.unchanged = from.unchanged, all.late = from.late;
      all.sample = from.times.sample, all.network = from.times.network, all.matte = from.times.matte;
      all.compose = from.times.compose, all.wait = from.times.wait;
      all.latency = from.latency_ms, all.latency_max = from.max_latency_ms;
      all.input_width = from.density.width, all.input_height = from.density.height;
      all.mask_interval = from.mask_interval;
    }
    CopyOut(all, stats, size);
    return CheckSession(session);
  });
}
