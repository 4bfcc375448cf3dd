// Model files. The checksum is made right first: nobody who means harm gets it wrong.
#include "graph/model.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/crc32.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace scrim::graph;
  constexpr size_t kHeader = 24;
  std::vector<uint8_t> file(bytes, bytes + size);
  if (size > kHeader) {
    const uint32_t crc = scrim::Crc32(bytes + kHeader, size - kHeader);
    const uint64_t payload = size - kHeader;
    std::memcpy(file.data() + 12, &crc, sizeof crc);
    std::memcpy(file.data() + 16, &payload, sizeof payload);
  }
  const auto model = ParseModel(file.data(), file.size(), "fuzz");
  if (!model.ok()) return 0;
  // What was read can be written, and is the same then.
  const auto again = SerializeModel(*model, WeightType::kFloat32);
  if (!again.ok() || !ParseModel(again->data(), again->size(), "again").ok()) std::abort();
  return 0;
}
