// Reads an ONNX graph, node by node. Private to LoadOnnx.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/model.h"
#include "graph/onnx_values.h"

namespace scrim::graph {

class OnnxReader : private OnnxValues {
 public:
  OnnxReader(const onnx::GraphProto& from, int opset, std::string what)
      : OnnxValues(opset, std::move(what)), from_(from) {}

  Status Read(Model& model);

 private:
  // 1×c×h×w or 1×h×w×c.
  Status ReadInput(Model& model);
  // One plane of probabilities. Of two classes the second is the person.
  Status ReadOutput(const Model& model);
  // The second channel less the first, computed as early as possible: resizing and convolving are linear.
  StatusOr<int> EmitDifference(const onnx::NodeProto& from, int of);
  static void Subtract(Tensor& rows);
  Status ReadNode(const onnx::NodeProto& from);
  Status ReadConstant(const onnx::NodeProto& from);
  Status ReadSizes(const onnx::NodeProto& from);
  Status ReadAlias(const onnx::NodeProto& from);
  Status ReadChangeOfView(const onnx::NodeProto& from);
  static bool IsChannelAxis(int64_t axis) { return axis == 1 || axis == -3; }
  Status ReadConcat(const onnx::NodeProto& from);
  // Straight from the channels that a shuffle in between has moved.
  Status ReadSplit(const onnx::NodeProto& from);
  Status ReadGather(const onnx::NodeProto& from);
  StatusOr<std::vector<int64_t>> ResizedTo(const onnx::NodeProto& from, const Shape& shape) const;
  Status ReadResize(const onnx::NodeProto& from);
  // One plane to many: a convolution of ones.
  Status ReadExpand(const onnx::NodeProto& from);

  // onnx_arithmetic.cc
  // Whatever treats every element alike leaves the view as it is.
  Status ReadUnary(const onnx::NodeProto& from, Op op, int input = 0);
  Status ReadPRelu(const onnx::NodeProto& from);
  StatusOr<float> Limit(const onnx::NodeProto& from, int input, const char* attribute, float fallback) const;
  Status ReadClip(const onnx::NodeProto& from);
  Status ReadHardSigmoid(const onnx::NodeProto& from);
  Status ReadArithmetic(const onnx::NodeProto& from);
  // x * clip(x / 6 + 1/2, 0, 1)
  bool IsHardSwish(const std::string& x, const std::string& factor) const;
  Status ReadWithConstant(const onnx::NodeProto& from, const std::string& x, int constant);
  // Of two classes: the sigmoids of the differences, both ways.
  Status ReadSoftmax(const onnx::NodeProto& from);

  // onnx_convolutions.cc
  Status ReadGemm(const onnx::NodeProto& from);
  // Strides, pads and dilations of a convolution or a pooling.
  StatusOr<ConvAttributes> ReadWindow(const onnx::NodeProto& from, std::vector<int> kernel) const;
  Status ReadConv(const onnx::NodeProto& from);
  // Where windows do not overlap it is a convolution of one pixel to the pixels of a block.
  Status ReadConvTranspose(const onnx::NodeProto& from);
  Status ReadBatchNorm(const onnx::NodeProto& from);
  Status ReadMaxPool(const onnx::NodeProto& from);
  // Some networks turn all channels into rows and columns and take the largest of each such picture.
  bool IsMaxOverChannels(const View& view, const ConvAttributes& a) const;
  Status ReadAveragePool(const onnx::NodeProto& from);

  const onnx::GraphProto& from_;
  std::map<int, int> logits_of_;  // of a softmax over two channels
};

}  // namespace scrim::graph
