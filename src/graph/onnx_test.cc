#include "graph/onnx.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <map>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "base/file.h"
#include "graph/fold.h"
#include "graph/onnx_view.h"
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

// Channels-last without gaps.
void WriteInput(const std::vector<float>& input, const nn::TensorView& view) {
  size_t i = 0;
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x)
      for (int c = 0; c < view.channels; ++c)
        view.data[static_cast<size_t>(y) * view.row_stride + static_cast<size_t>(x) * view.pixel_stride +
                  static_cast<size_t>(c)] = input[i++];
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
  WriteInput(input, (*program)->input());
  (*program)->Run();
  double worst = 0;
  for (int i = 0; i < shape.h * shape.w; ++i)
    worst = std::max(worst, std::abs(double((*program)->output()[i]) - double(theirs.ptr<float>()[i])));
  return worst;
}

TEST(Onnx, AnotherRuntimeAgreesWithOurEngine) {
  for (const Density density : {Density{64, 64}, {160, 96}, {256, 144}})
    for (const char* name : {"default", "published"})
      EXPECT_LE(DifferenceToOpenCv(RandomModel(*ScrimnetPreset(name), 11), density), 1e-4)
          << name << " at " << density.width;
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

// What the engine makes of a picture, channels-last without gaps.
std::vector<float> RunEngine(const Model& model, const std::vector<float>& input) {
  auto program = nn::Program::Compile(model, model.density);
  EXPECT_TRUE(program.ok()) << program.status().message();
  if (!program.ok()) return {};
  WriteInput(input, (*program)->input());
  (*program)->Run();
  return {(*program)->output(), (*program)->output() + model.density.width * model.density.height};
}

TEST(Onnx, EveryOperationComesBack) {
  const Model model = EveryOperation(4);
  const auto bytes = SerializeOnnx(model, model.density);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const auto back = ParseOnnx(bytes->data(), bytes->size(), "memory");
  ASSERT_TRUE(back.ok()) << back.status().message();
  const std::vector<float> input = RandomInput({4, model.density.height, model.density.width}, 5);
  const std::vector<float> ours = RunEngine(model, input), theirs = RunEngine(*back, input);
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-5f) << i;
}

TEST(Onnx, PlanesComeBackWithTheirNames) {
  ScrimnetConfig config;
  config.planes = 3;
  Model model = RandomModel(config, 3);
  model.planes = {"person", "hair", "skin"};
  auto bytes = SerializeOnnx(model, {96, 64});
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const auto back = ParseOnnx(bytes->data(), bytes->size(), "memory");
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->planes, model.planes);
  EXPECT_EQ(back->graph.nodes.size(), model.graph.nodes.size());
  // Three channels without names are somebody else's classes.
  model.planes = {"person"};
  bytes = SerializeOnnx(model, {96, 64});
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(ParseOnnx(bytes->data(), bytes->size(), "memory").status().code(), Code::kUnsupported);
}

// OpenCV 4.6 knows the limits of Clip only as the attributes that they were before opset 11.
std::vector<uint8_t> WithClipAttributes(const std::vector<uint8_t>& file) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromArray(file.data(), static_cast<int>(file.size())));
  std::map<std::string, float> scalars;
  for (const onnx::TensorProto& t : proto.graph().initializer())
    if (t.dims_size() == 0 && t.data_type() == onnx::TensorProto::FLOAT)
      scalars[t.name()] = t.has_raw_data() ? *reinterpret_cast<const float*>(t.raw_data().data()) : t.float_data(0);
  for (onnx::NodeProto& node : *proto.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Clip" || node.input_size() != 3) continue;
    for (int i : {1, 2}) {
      onnx::AttributeProto& limit = *node.add_attribute();
      limit.set_name(i == 1 ? "min" : "max");
      limit.set_type(onnx::AttributeProto::FLOAT);
      limit.set_f(scalars.at(node.input(i)));
    }
    node.mutable_input()->DeleteSubrange(1, 2);
  }
  std::vector<uint8_t> bytes(proto.ByteSizeLong());
  EXPECT_TRUE(proto.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
  return bytes;
}

// Networks of others, as they were published, on a photo; OpenCV runs the same file.
struct Foreign {
  const char* file;
  bool channels_last, bgr;
  float scale, offset;
};
void PrintTo(const Foreign& foreign, std::ostream* stream) { *stream << foreign.file; }
class ForeignTest : public testing::TestWithParam<Foreign> {};

TEST_P(ForeignTest, AnotherRuntimeAgrees) {
  const Foreign& foreign = GetParam();
  const std::string path = std::string(SCRIM_SHARED "/peers/") + foreign.file + ".onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no research data: " << path;
  auto model = LoadOnnx(path);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Shape shape{3, model->density.height, model->density.width};
  const cv::Mat photo = cv::imread(SCRIM_TESTDATA "/photos/000000257896.jpg");
  ASSERT_FALSE(photo.empty());
  cv::Mat planar = cv::dnn::blobFromImage(photo, 1., cv::Size(shape.w, shape.h), {}, !foreign.bgr);
  planar.convertTo(planar, CV_32F, static_cast<double>(foreign.scale), static_cast<double>(foreign.offset));
  std::vector<float> input(static_cast<size_t>(shape.size()));
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < shape.h * shape.w; ++i) input[static_cast<size_t>(i * 3 + c)] = planar.ptr<float>(0, c)[i];
  const std::vector<float> ours = RunEngine(*model, input);

  const std::vector<uint8_t> file = WithClipAttributes(*ReadFile(path));
  cv::dnn::Net net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(file.data()), file.size());
  const int dims[] = {1, shape.h, shape.w, 3};
  net.setInput(foreign.channels_last ? cv::Mat(4, dims, CV_32F, input.data()) : planar);
  const cv::Mat theirs = net.forward();
  const size_t size = ours.size(), planes = theirs.total() / size;
  ASSERT_EQ(theirs.total(), planes * size);
  const float* person = theirs.ptr<float>() + (planes - 1) * size;  // the last of one or two classes
  float least = 1, most = 0;
  for (size_t i = 0; i < size; ++i) {
    ASSERT_NEAR(ours[i], person[i], 1e-3f) << i;
    least = std::min(least, ours[i]), most = std::max(most, ours[i]);
  }
  EXPECT_LT(least, 0.1f);  // there is a person, and there is something else
  EXPECT_GT(most, 0.9f);

  FoldForInference(model->graph, model->weights);
  const std::vector<float> folded = RunEngine(*model, input);
  for (size_t i = 0; i < size; ++i) ASSERT_NEAR(ours[i], folded[i], 1e-3f) << i;
}

INSTANTIATE_TEST_SUITE_P(Peers, ForeignTest,
                         testing::Values(Foreign{"mediapipe_selfie_general_256x256", true, false, 1 / 255.f, 0.f},
                                         Foreign{"mediapipe_selfie_landscape_256x144", true, false, 1 / 255.f, 0.f},
                                         Foreign{"pphumanseg_lite_portrait_398x224", false, false, 1 / 127.5f, -1.f},
                                         Foreign{"sinet_320x320", false, true, 6e-5f, -0.007f}),
                         [](const auto& info) { return std::string(info.param.file); });

TEST(OnnxView, FollowsAChannelShuffle) {
  const Shape shape{6, 5, 7};
  const auto split = Reshape(PictureView(0, shape), {0, 2, 3, 5, 7});
  ASSERT_TRUE(split);
  EXPECT_EQ(Extents(*split), (std::vector<int64_t>{1, 2, 3, 5, 7}));
  EXPECT_FALSE(ChannelOrder(*split, shape));
  const auto swapped = Transpose(*split, {0, 2, 1, 3, 4});
  ASSERT_TRUE(swapped);
  const auto joined = Reshape(*swapped, {1, -1, 5, 7});
  ASSERT_TRUE(joined);
  EXPECT_EQ(ChannelOrder(*joined, shape), (std::vector<int>{0, 3, 1, 4, 2, 5}));
  // Back again.
  const auto back = Reshape(*Transpose(*Reshape(*joined, {1, 3, 2, 5, 7}), {0, 2, 1, 3, 4}), {1, 6, 5, 7});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->dims, PictureView(0, shape).dims);
}

TEST(OnnxView, ChangesOfLayoutCancel) {
  const Shape shape{3, 4, 5};
  const View last = ChannelsLastView(0, shape);
  EXPECT_FALSE(ChannelOrder(last, shape));
  EXPECT_EQ(Transpose(last, {0, 3, 1, 2})->dims, PictureView(0, shape).dims);
  EXPECT_EQ(Reshape(*Reshape(last, {-1, 3}), {1, 4, 5, 3})->dims, last.dims);
}

TEST(OnnxView, RefusesWhatCutsThroughARow) {
  const View view = PictureView(0, {2, 4, 6});
  EXPECT_FALSE(Reshape(view, {2, 3, 8}));
  EXPECT_FALSE(Reshape(view, {1, 2, 4, 7}));
  EXPECT_FALSE(Reshape(view, {-1, -1}));
  EXPECT_FALSE(Reshape(view, {int64_t{1} << 40, int64_t{1} << 40}));
  EXPECT_FALSE(Transpose(view, {0, 1, 2}));
  EXPECT_FALSE(Transpose(view, {0, 1, 2, 2}));
  EXPECT_FALSE(Transpose(view, {0, 1, 2, 4}));
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
