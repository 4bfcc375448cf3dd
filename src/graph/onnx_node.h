// What stands in an ONNX file beside the graph's structure: attributes and constants. Private to the reader.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace scrim::graph {

inline const onnx::AttributeProto* FindAttribute(const onnx::NodeProto& node, const char* name) {
  for (const onnx::AttributeProto& a : node.attribute())
    if (a.name() == name) return &a;
  return nullptr;
}
inline int64_t IntAttribute(const onnx::NodeProto& node, const char* name, int64_t fallback) {
  const auto* a = FindAttribute(node, name);
  return a ? a->i() : fallback;
}
inline float FloatAttribute(const onnx::NodeProto& node, const char* name, float fallback) {
  const auto* a = FindAttribute(node, name);
  return a ? a->f() : fallback;
}
inline std::string TextAttribute(const onnx::NodeProto& node, const char* name, const char* fallback) {
  const auto* a = FindAttribute(node, name);
  return a ? a->s() : fallback;
}
inline std::vector<int> IntsAttribute(const onnx::NodeProto& node, const char* name, std::vector<int> fallback) {
  const auto* a = FindAttribute(node, name);
  return a ? std::vector<int>(a->ints().begin(), a->ints().end()) : fallback;
}

// The file's constants by name: initializers, Constant nodes and the little arithmetic on sizes that exporters leave
// in.
class OnnxConstants {
 public:
  // The tensor must outlive this.
  void Add(const std::string& name, const onnx::TensorProto& tensor) { tensors_[name] = &tensor; }
  void Add(const std::string& name, std::vector<int64_t> values) { sizes_[name] = std::move(values); }
  bool Has(const std::string& name) const { return tensors_.count(name) != 0 || sizes_.count(name) != 0; }

  // Errors say what is wrong with it, without a name.
  StatusOr<Tensor> Floats(const std::string& name) const {
    const auto it = tensors_.find(name);
    if (it == tensors_.end()) return Unsupported("must be a constant");
    const onnx::TensorProto& t = *it->second;
    if (t.data_type() != onnx::TensorProto::FLOAT || t.has_data_location())
      return Unsupported("must be float32 inside the file");
    Tensor tensor;
    size_t size = 1;
    for (int64_t d : t.dims()) {
      if (d < 0 || d > (1 << 20) || size > (size_t{1} << 28)) return Unsupported("has a size out of range");
      tensor.dims.push_back(static_cast<int>(d)), size *= static_cast<size_t>(d);
    }
    if (t.has_raw_data() && t.raw_data().size() == size * sizeof(float)) {
      tensor.data.resize(size);
      std::memcpy(tensor.data.data(), t.raw_data().data(), t.raw_data().size());
    } else {
      tensor.data.assign(t.float_data().begin(), t.float_data().end());
    }
    if (tensor.data.size() != size) return Unsupported("has the wrong number of values");
    return tensor;
  }

  StatusOr<std::vector<int64_t>> Sizes(const std::string& name) const {
    const auto computed = sizes_.find(name);
    if (computed != sizes_.end()) return computed->second;
    const auto it = tensors_.find(name);
    if (it == tensors_.end() || it->second->data_type() != onnx::TensorProto::INT64)
      return Unsupported("must be constant whole numbers");
    const onnx::TensorProto& t = *it->second;
    std::vector<int64_t> values(t.int64_data().begin(), t.int64_data().end());
    if (values.empty() && !t.raw_data().empty()) {
      values.resize(t.raw_data().size() / sizeof(int64_t));
      std::memcpy(values.data(), t.raw_data().data(), values.size() * sizeof(int64_t));
    }
    return values;
  }

 private:
  std::map<std::string, const onnx::TensorProto*> tensors_;
  std::map<std::string, std::vector<int64_t>> sizes_;
};

}  // namespace scrim::graph
