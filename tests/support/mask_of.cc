// mask_of MODEL PICTURE.ppm OUT: writes the network's mask of a picture as raw floats.
// mask_of MODEL PICTURE.ppm --compare EXPECTED: fails where one differs by more than 1e-4.
// mask_of MODEL PICTURE.ppm --same-bits EXPECTED: fails where one differs at all, as no int8 network's may.
// This is how one machine's results are held against another's.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <scrim/scrim.hpp>
#include <string>
#include <vector>

#include "base/file.h"

namespace {

constexpr float kTolerance = 1e-4f;

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool same_bits = argc == 5 && std::strcmp(argv[3], "--same-bits") == 0;
  const bool compare = same_bits || (argc == 5 && std::strcmp(argv[3], "--compare") == 0);
  if (argc != 4 && !compare) return Fail("mask_of MODEL PICTURE.ppm OUT | --compare EXPECTED | --same-bits EXPECTED");

  auto picture = scrim::ReadFile(argv[2]);
  if (!picture.ok()) return Fail(picture.status().message());
  int width = 0, height = 0, header = 0;
  picture.value().push_back(0);
  if (std::sscanf(reinterpret_cast<const char*>(picture.value().data()), "P6 %d %d 255%n", &width, &height, &header) !=
          2 ||
      picture.value().size() != static_cast<size_t>(header + 2 + 3 * width * height))
    return Fail(std::string(argv[2]) + ": not a PPM picture");

  scrim::Session session;
  if (session.Open(argv[1]) != SCRIM_OK) return Fail(scrim_last_error());
  const scrim_frame frame = scrim::PackedFrame(SCRIM_FORMAT_RGB, width, height, picture.value().data() + header + 1);
  std::vector<uint8_t> alpha(static_cast<size_t>(width * height));
  // Two frames: in the second the first one's mask is an input.
  for (int i = 0; i < 2; ++i)
    if (session.Segment(frame, alpha.data(), static_cast<size_t>(width)) != SCRIM_OK) return Fail(scrim_last_error());
  int columns = 0, rows = 0;  // of the shape nearest to the picture's, which the session takes with the first frame
  scrim_get_input_size(session.get(), &columns, &rows);
  std::vector<float> mask(static_cast<size_t>(columns * rows));
  if (session.GetMask(mask.data(), mask.size()) != SCRIM_OK) return Fail(scrim_last_error());
  const auto [low, high] = std::minmax_element(mask.begin(), mask.end());
  std::printf("%dx%d floats, %.4f to %.4f\n", columns, rows, *low, *high);

  const size_t size = mask.size() * sizeof(float);
  if (!compare) {
    const scrim::Status status = scrim::WriteFile(argv[3], reinterpret_cast<const uint8_t*>(mask.data()), size);
    return status.ok() ? 0 : Fail(status.message());
  }
  const auto bytes = scrim::ReadFile(argv[4]);
  if (!bytes.ok()) return Fail(bytes.status().message());
  if (bytes.value().size() != size) return Fail(std::string(argv[4]) + ": of another size");
  std::vector<float> expected(mask.size());
  std::memcpy(expected.data(), bytes.value().data(), size);
  float largest = 0;
  for (size_t i = 0; i < mask.size(); ++i) largest = std::max(largest, std::abs(mask[i] - expected[i]));
  std::printf("largest difference %.3g\n", largest);
  if (same_bits) return std::memcmp(mask.data(), expected.data(), size) == 0 ? 0 : 1;
  return largest <= kTolerance ? 0 : 1;
}
