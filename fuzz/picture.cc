// Picture files with their metadata: orientation, colour profile, the end of the file.
#include <vector>

#include "common/image_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::vector<uint8_t> file(bytes, bytes + size);
  scrim::LooksLikeImage(file);
  const auto picture = scrim::ReadPicture(file, "fuzz");
  if (!picture.ok()) return 0;
  const auto pixels = static_cast<size_t>(picture->width) * static_cast<size_t>(picture->height);
  if (picture->width < 1 || picture->height < 1 || picture->rgba.size() != 4 * pixels) __builtin_trap();
  return 0;
}
