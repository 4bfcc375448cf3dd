#include "options/background_option.h"

#include <cstdio>

#include "io/image_io.h"
#include "options/session.h"

namespace scrim::app {

StatusOr<BackgroundOption> ParseBackground(const std::string& spec) {
  BackgroundOption background;
  if (const Status status = ToStatus(scrim_parse_background(spec.c_str(), &background.value)); !status.ok())
    return Status(status.code(), "--background " + status.message());
  background.text = spec;
  return background;
}

Status Apply(const BackgroundOption& background, Session* session) {
  if (background.value.kind != SCRIM_BACKGROUND_IMAGE)
    return ToStatus(session->SetBackground(background.value, nullptr));
  std::string note;
  SCRIM_ASSIGN_OR_RETURN(image::Frame picture, ReadImage(background.text, &note));
  if (!note.empty()) std::fprintf(stderr, "scrim: %s\n", note.c_str());
  const scrim_frame frame = ToPublic(picture.view());
  return ToStatus(session->SetBackground(background.value, &frame));
}

}  // namespace scrim::app
