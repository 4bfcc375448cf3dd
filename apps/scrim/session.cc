#include "session.h"

#include <filesystem>

namespace scrim::app {

namespace fs = std::filesystem;

StatusOr<std::string> FindModel(const CommonOptions& options) {
  if (!options.model.empty()) return options.model;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  // In a build tree the sources lie some folders above; installed, share/ is bin/'s neighbour.
  fs::path folder = program.parent_path();
  for (int level = 0; level < 6 && folder.has_relative_path(); ++level, folder = folder.parent_path()) {
    for (const char* name : {"models/default.scrim", "share/scrim/default.scrim"}) {
      if (fs::is_regular_file(folder / name, error)) return (folder / name).string();
    }
  }
  const std::string installed = std::string(SCRIM_MODEL_FOLDER) + "/default.scrim";
  if (fs::is_regular_file(installed, error)) return installed;
  return NotFound("no default model in models/ above " + program.string() + " nor at " + installed +
                  "; name one with --model FILE");
}

StatusOr<Session> OpenSession(const CommonOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::string path, FindModel(options));
  scrim_params params = scrim_default_params();
  params.density_width = options.density.width, params.density_height = options.density.height;
  if (!options.target.empty()) params.target = options.target.c_str();
  params.threads = options.threads;
  params.guided = !options.bilinear;
  params.stabilise = !options.raw;
  Session session;
  SCRIM_RETURN_IF_ERROR(ToStatus(session.Open(path, params)));
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

}  // namespace scrim::app
