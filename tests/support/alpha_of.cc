// alpha_of MODEL CLIP.y4m FRAMES OUT: writes the alphas of the first frames of a raw I420 clip, one after another. This
// is what the browser's are held against.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <scrim/scrim.hpp>
#include <string>
#include <vector>

#include "base/file.h"

namespace {

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return Fail("alpha_of MODEL CLIP.y4m FRAMES OUT");
  std::FILE* clip = std::fopen(argv[2], "rb");
  char header[256];
  int width = 0, height = 0;
  if (clip == nullptr || std::fgets(header, sizeof header, clip) == nullptr ||
      std::sscanf(header, "YUV4MPEG2 C420 W%d H%d", &width, &height) != 2 || width < 1 || height < 1)
    return Fail(std::string(argv[2]) + ": not a y4m clip of I420");

  scrim::Session session;
  if (session.Open(argv[1]) != SCRIM_OK) return Fail(scrim_last_error());
  const size_t half_width = static_cast<size_t>(width + 1) / 2, half_height = static_cast<size_t>(height + 1) / 2;
  const size_t luma = static_cast<size_t>(width) * static_cast<size_t>(height), chroma = half_width * half_height;
  std::vector<uint8_t> pixels(luma + 2 * chroma);
  scrim_frame frame{};
  frame.format = SCRIM_FORMAT_I420;
  frame.width = width, frame.height = height;
  frame.planes[0] = pixels.data(), frame.strides[0] = static_cast<size_t>(width);
  frame.planes[1] = pixels.data() + luma, frame.strides[1] = half_width;
  frame.planes[2] = pixels.data() + luma + chroma, frame.strides[2] = half_width;

  const size_t frames = std::strtoul(argv[3], nullptr, 10);
  std::vector<uint8_t> alphas(frames * luma);
  for (size_t i = 0; i < frames; ++i) {
    char begin[6];
    if (std::fread(begin, 1, 6, clip) != 6 || std::memcmp(begin, "FRAME\n", 6) != 0 ||
        std::fread(pixels.data(), 1, pixels.size(), clip) != pixels.size())
      return Fail(std::string(argv[2]) + ": too short");
    if (session.Segment(frame, alphas.data() + i * luma, static_cast<size_t>(width)) != SCRIM_OK)
      return Fail(scrim_last_error());
  }
  std::fclose(clip);
  const scrim::Status status = scrim::WriteFile(argv[4], alphas.data(), alphas.size());
  return status.ok() ? 0 : Fail(status.message());
}
