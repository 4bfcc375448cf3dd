#include "options/session.h"

#include <filesystem>

#include "common/color.h"
#include "common/default_model.h"
#include "io/paths.h"

namespace scrim::app {

StatusOr<std::string> FindModel(const CommonOptions& options) {
  if (!options.model.empty()) {
    NoteInput(options.model);
    return options.model;
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (std::string path = FindDefaultModel(program, SCRIM_MODEL_FOLDER); !path.empty()) return path;
  return NotFound(NoDefaultModel(program, SCRIM_MODEL_FOLDER) + "; name one with --model FILE");
}

StatusOr<Session> OpenSession(const CommonOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::string path, FindModel(options));
  scrim_params params = DefaultParams();
  params.input_width = options.input_size.width, params.input_height = options.input_size.height;
  if (!options.target.empty()) params.target = options.target.c_str();
  params.threads = options.threads;
  params.refine_edges = options.refine_edges;
  params.stabilise = params.remove_islands = !options.raw;
  params.keep_room = options.keep_room, params.match_brightness = options.match_brightness;
  params.decontaminate_edges = options.decontaminate_edges, params.light_wrap = options.light_wrap;
  params.person_size = options.person_size, params.person_position = options.person_position;
  Session session;
  SCRIM_RETURN_IF_ERROR(ToStatus(session.Open(path, params)));
  if (const std::optional<Rgb> hair = ParseColor(options.hair_color)) {
    SCRIM_RETURN_IF_ERROR(ToStatus(session.SetHairColor(hair->red, hair->green, hair->blue, options.hair_strength)));
  }
  SCRIM_RETURN_IF_ERROR(ToStatus(session.SetSkinSmoothing(options.smooth_skin)));
  return session;
}

Status ToStatus(scrim_status status) {
  const auto code = [&] {
    switch (status) {
      case SCRIM_INVALID_ARGUMENT:
        return Code::kInvalidArgument;
      case SCRIM_NOT_FOUND:
        return Code::kNotFound;
      case SCRIM_CORRUPT:
        return Code::kCorrupt;
      case SCRIM_UNSUPPORTED:
        return Code::kUnsupported;
      case SCRIM_IO:
        return Code::kIo;
      default:
        return Code::kInternal;
    }
  };
  return status == SCRIM_OK ? Status() : Status(code(), scrim_last_error());
}

scrim_frame ToPublic(const image::FrameView& view) {
  scrim_frame frame{};
  frame.format = static_cast<scrim_format>(view.format);
  frame.matrix = static_cast<scrim_matrix>(view.matrix);
  frame.width = view.width, frame.height = view.height;
  for (int p = 0; p < 3; ++p) frame.planes[p] = view.planes[p], frame.strides[p] = view.strides[p];
  return frame;
}

image::FrameView FromPublic(const scrim_frame& frame) {
  image::FrameView view;
  view.format = static_cast<image::PixelFormat>(frame.format);
  view.matrix = static_cast<image::YuvMatrix>(frame.matrix);
  view.width = frame.width, view.height = frame.height;
  for (int p = 0; p < 3; ++p) view.planes[p] = frame.planes[p], view.strides[p] = frame.strides[p];
  return view;
}

}  // namespace scrim::app
