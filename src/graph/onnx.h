// Models as ONNX, out and in. A library of its own (scrim_onnx): protobuf stays out of the core.
#pragma once

#include <string>
#include <vector>

#include "graph/model.h"

namespace scrim::graph {

// Opset 13, batch 1, input "input" 1×c×h×w and output "output" 1×planes×h×w, fixed to one density: ONNX has no
// size-independent way to say "as large as that one" which every runtime reads. The model's name, planes and
// preprocessing go into the metadata.
StatusOr<std::vector<uint8_t>> SerializeOnnx(const Model& model, Density density);
Status SaveOnnx(const Model& model, Density density, const std::string& path);

// Reads what SerializeOnnx writes and the networks of others, as far as they can be said in our operations, with their
// weights inside the file; anything else is refused with the node's name (kUnsupported). The input may be 1×c×h×w or
// 1×h×w×c. Layout changes vanish, hard swish is recognised, and an output of two classes becomes one plane, the
// probability of the second. Where the metadata says nothing of preprocessing, the input is taken to be RGB 0..1.
StatusOr<Model> ParseOnnx(const uint8_t* bytes, size_t size, const std::string& what);
StatusOr<Model> LoadOnnx(const std::string& path);

}  // namespace scrim::graph
