// Networks in ONNX files. What is read is a model, which a model file can hold.
#include "graph/onnx.h"

#include <cstdlib>

#include "graph/model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace scrim::graph;
  const auto model = ParseOnnx(bytes, size, "fuzz");
  if (!model.ok()) return 0;
  const auto file = SerializeModel(*model, WeightType::kFloat32);
  if (file.ok() && !ParseModel(file->data(), file->size(), "again").ok()) std::abort();
  return 0;
}
