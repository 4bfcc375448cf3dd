// Clips, as yuv4mpeg: what they say of themselves, and how frames of every size and sampling come out of the fitter.
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "common/clip_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const int file = memfd_create("clip", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  static const std::string begin = "YUV4MPEG2 W";
  av_log_set_level(AV_LOG_QUIET);
  if (ftruncate(file, 0) != 0 || pwrite(file, begin.data(), begin.size(), 0) < 0 ||
      pwrite(file, bytes, size, static_cast<off_t>(begin.size())) < 0)
    return 0;
  const auto reader = scrim::ClipReader::Open(path, {});
  if (!reader.ok()) return 0;
  int width = 0, height = 0;
  for (int frame = 0; frame < 4; ++frame) {
    const auto item = (*reader)->Next();
    if (!item.ok() || item->kind == scrim::ClipReader::Kind::kEnd) break;
    if (frame == 0) width = item->frame->width, height = item->frame->height;
    // All frames of a clip are alike.
    if (item->frame->width != width || item->frame->height != height) __builtin_trap();
  }
  return 0;
}
