#include "graph/onnx.h"

#include <gtest/gtest.h>

#include <opencv2/dnn.hpp>
#include <random>

#include "graph/fold.h"
#include "graph/testing.h"
#include "nn/program.h"

namespace scrim::graph {
namespace {

std::vector<float> RandomInput(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> input(static_cast<size_t>(shape.size()));
  for (float& v : input) v = std::uniform_real_distribution<float>(-1, 1)(random);
  return input;
}

// Channels-last, as our engine wants it, to a runtime's 1×c×h×w.
cv::Mat ToPlanar(const std::vector<float>& input, const Shape& s) {
  const int dims[] = {1, s.c, s.h, s.w};
  cv::Mat blob(4, dims, CV_32F);
  for (int c = 0; c < s.c; ++c)
    for (int i = 0; i < s.h * s.w; ++i) blob.ptr<float>(0, c)[i] = input[static_cast<size_t>(i * s.c + c)];
  return blob;
}

// The greatest difference between our engine and OpenCV's on the exported model.
double DifferenceToOpenCv(const Model& model, Density density) {
  const auto bytes = SerializeOnnx(model, density);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  cv::dnn::Net net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const Shape shape{model.graph.input().channels, density.height, density.width};
  const std::vector<float> input = RandomInput(shape, 7);
  net.setInput(ToPlanar(input, shape));
  const cv::Mat theirs = net.forward();

  auto program = nn::Program::Compile(model, density);
  EXPECT_TRUE(program.ok()) << program.status().message();
  const nn::TensorView view = (*program)->input();
  for (int y = 0; y < shape.h; ++y)
    for (int x = 0; x < shape.w; ++x)
      for (int c = 0; c < shape.c; ++c)
        view.data[static_cast<size_t>(y) * view.row_stride + static_cast<size_t>(x) * view.pixel_stride +
                  static_cast<size_t>(c)] = input[static_cast<size_t>((y * shape.w + x) * shape.c + c)];
  (*program)->Run();
  double worst = 0;
  for (int i = 0; i < shape.h * shape.w; ++i)
    worst = std::max(worst, std::abs(double((*program)->output()[i]) - double(theirs.ptr<float>()[i])));
  return worst;
}

TEST(Onnx, AnotherRuntimeAgreesWithOurEngine) {
  for (const Density density : {Density{64, 64}, {160, 96}, {256, 144}})
    EXPECT_LE(DifferenceToOpenCv(RandomModel({}, 11), density), 1e-4) << density.width;
}

TEST(Onnx, AnotherRuntimeAgreesOnTheReleasedModel) {
  const auto model = LoadModel(SCRIM_MODELS "/default.scrim");
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_LE(DifferenceToOpenCv(*model, model->density), 1e-4);
}

TEST(Onnx, ComesBackAsItWent) {
  Model model = RandomModel({}, 2);
  FoldForInference(model.graph, model.weights);
  const auto bytes = SerializeOnnx(model, {96, 64});
  ASSERT_TRUE(bytes.ok());
  const auto back = ParseOnnx(bytes->data(), bytes->size(), "memory");
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->name, model.name);
  EXPECT_EQ(back->input_scale, model.input_scale);
  EXPECT_EQ(back->input_offset, model.input_offset);
  EXPECT_TRUE(back->previous_mask);
  EXPECT_EQ(back->density, (Density{96, 64}));
  EXPECT_EQ(*InferShapes(back->graph, 64, 96), *InferShapes(model.graph, 64, 96));
  ASSERT_EQ(back->weights.size(), model.weights.size());
  for (const auto& [name, tensor] : model.weights) EXPECT_EQ(back->weights.at(name).data, tensor.data) << name;
}

TEST(Onnx, RefusesWhatItCannotRead) {
  const std::string text = "not a model";
  EXPECT_EQ(ParseOnnx(reinterpret_cast<const uint8_t*>(text.data()), text.size(), "x").status().code(), Code::kCorrupt);
  const auto bytes = SerializeOnnx(RandomModel({}, 2), {64, 64});
  ASSERT_TRUE(bytes.ok());
  EXPECT_FALSE(ParseOnnx(bytes->data(), bytes->size() / 2, "half").ok());
  // Another operation in place of a known one of the same length.
  std::string changed(bytes->begin(), bytes->end());
  const size_t at = changed.find("Sigmoid");
  ASSERT_NE(at, std::string::npos);
  changed.replace(at, 7, "SoftMax");
  const auto refused = ParseOnnx(reinterpret_cast<const uint8_t*>(changed.data()), changed.size(), "file.onnx");
  ASSERT_EQ(refused.status().code(), Code::kUnsupported);
  EXPECT_NE(refused.status().message().find("SoftMax"), std::string::npos) << refused.status().message();
  EXPECT_NE(refused.status().message().find("node '"), std::string::npos) << refused.status().message();
}

}  // namespace
}  // namespace scrim::graph
