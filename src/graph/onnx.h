// Models as ONNX, out and in. A library of its own (scrim_onnx): protobuf stays out of the core.
#pragma once

#include <string>
#include <vector>

#include "graph/model.h"

namespace scrim::graph {

// Opset 13, batch 1, input "input" 1×c×h×w and output "output" 1×1×h×w, fixed to one density: ONNX has no
// size-independent way to say "as large as that one" which every runtime reads. The model's name and preprocessing go
// into the metadata.
StatusOr<std::vector<uint8_t>> SerializeOnnx(const Model& model, Density density);
Status SaveOnnx(const Model& model, Density density, const std::string& path);

// Reads what SerializeOnnx writes and other networks made of the same operations, with their weights inside the file.
// Anything else is refused with the node's name (kUnsupported). Where the metadata says nothing of preprocessing, the
// input is taken to be RGB 0..1.
StatusOr<Model> ParseOnnx(const uint8_t* bytes, size_t size, const std::string& what);
StatusOr<Model> LoadOnnx(const std::string& path);

}  // namespace scrim::graph
