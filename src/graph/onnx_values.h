// What the names of an ONNX file stand for, and the graph that grows out of it. Private to the reader.
#pragma once

#include <onnx/onnx_pb.h>

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/onnx_node.h"
#include "graph/onnx_view.h"

namespace scrim::graph {

// What a small file can blow up to: a pool becomes a convolution with a weight for each of its pixels.
inline constexpr size_t kMaxWeights = size_t{1} << 26;

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// gain * clip(scale * x + offset, low, high): what exporters spell out in steps. Becomes an operation when it is known
// which.
struct Ramp {
  float scale = 1.f, offset = 0.f, low = -kInfinity, high = kInfinity, gain = 1.f;

  bool clipped() const { return low > -kInfinity || high < kInfinity; }
  bool identity() const { return !clipped() && scale == 1.f && offset == 0.f && gain == 1.f; }
  // clip(x / 6 + 1/2, 0, 1)
  bool IsHardSigmoid() const {
    auto near = [](float a, float b) { return std::abs(a - b) < 1e-5f; };
    return near(gain * low, 0.f) && near(gain * high, 1.f) && near(gain * scale, 1 / 6.f) && near(gain * offset, 0.5f);
  }
};

class OnnxValues {
 protected:
  // What stands behind a name of the file.
  struct Value {
    View view;
    Ramp ramp;
  };
  using Parts = std::vector<std::pair<const char*, Tensor>>;  // a node's weights: ".weight" and its values

  OnnxValues(int opset, std::string what) : opset_(opset), what_(std::move(what)) {}

  Status Refuse(const onnx::NodeProto& node, const std::string& why) const;

  static std::string Input(const onnx::NodeProto& node, int input) {
    return input < node.input_size() ? node.input(input) : std::string();
  }
  StatusOr<Tensor> Floats(const onnx::NodeProto& node, int input) const {
    return Named(node, input, constants_.Floats(Input(node, input)));
  }
  StatusOr<std::vector<int64_t>> Sizes(const onnx::NodeProto& node, int input) const {
    return Named(node, input, constants_.Sizes(Input(node, input)));
  }
  const Shape& ShapeOf(int node) const { return shapes_[static_cast<size_t>(node)]; }

  // A value as it is, without a ramp.
  StatusOr<View> ViewOf(const onnx::NodeProto& from, const std::string& name);
  StatusOr<View> ViewOf(const onnx::NodeProto& from, int input) { return ViewOf(from, Input(from, input)); }
  StatusOr<Value*> Unclipped(const onnx::NodeProto& from, const std::string& name);
  // A value as the picture 1×c×h×w; channels out of order are put in order.
  StatusOr<int> Picture(const onnx::NodeProto& from, int input);
  // A constant as one number for each channel of the view, which ONNX aligns with the last dimension.
  std::optional<std::vector<float>> ForChannels(const View& view, const Tensor& tensor) const;

  void Set(const onnx::NodeProto& from, View view, const Ramp& ramp = {}, int output = 0) {
    values_[from.output(output)] = {std::move(view), ramp};
  }
  void SetPicture(const onnx::NodeProto& from, int node, int output = 0) {
    Set(from, PictureView(node, ShapeOf(node)), {}, output);
  }

  // A new node, named after the file's.
  StatusOr<int> Emit(const onnx::NodeProto& from, Node node, Parts parts);
  StatusOr<int> EmitUnary(const onnx::NodeProto& from, Op op, int of);
  StatusOr<int> EmitPointwise(const onnx::NodeProto& from, int of, Tensor weight, std::vector<float> bias);
  StatusOr<int> EmitSelect(const onnx::NodeProto& from, int of, std::vector<int> channels);
  // scale[c] * x + offset[c]
  StatusOr<int> EmitAffine(const onnx::NodeProto& from, int of, std::vector<float> scale, std::vector<float> offset);
  // The usual end: the node's value is the picture that ONNX means.
  Status EmitPicture(const onnx::NodeProto& from, Node node, Parts parts);

  const int opset_;
  const std::string what_;
  Graph* graph_ = nullptr;
  Weights* weights_ = nullptr;
  OnnxConstants constants_;
  std::map<std::string, Value> values_;
  std::vector<Shape> shapes_;
  std::set<std::string> names_;
  size_t weight_count_ = 0;

 private:
  template <typename T>
  StatusOr<T> Named(const onnx::NodeProto& node, int input, StatusOr<T> found) const {
    if (found.ok()) return found;
    return Refuse(node, "input " + std::to_string(input) + " " + found.status().message());
  }
};

}  // namespace scrim::graph
