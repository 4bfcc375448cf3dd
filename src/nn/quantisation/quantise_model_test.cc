#include "nn/quantisation/quantise_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/fold.h"
#include "graph/scrimnet.h"
#include "nn/testing.h"

namespace scrim::nn {
namespace {

using graph::Op;

// A model of the graph that was quantised on random inputs.
graph::Model QuantisedRandom(const graph::Graph& graph, graph::Density density, unsigned seed, double tolerance = 1.) {
  graph::Model model = RandomModel(graph, seed);
  model.density = density;
  model.previous_mask = graph.input().channels == 4;
  const size_t size = static_cast<size_t>(density.width) * static_cast<size_t>(density.height) *
                      static_cast<size_t>(graph.input().channels);
  QuantiseOptions options;
  options.tolerance = tolerance;
  auto quantised = QuantiseModel(model, {RandomFloats(size, seed + 1), RandomFloats(size, seed + 2)}, options);
  EXPECT_TRUE(quantised.ok()) << quantised.status().message();
  return quantised.ok() ? *quantised : model;
}

// Every target gives the reference's bytes, and so the same output to the last bit; the reference's own sigmoid is the
// library's.
void ExpectSameBits(const graph::Model& model, graph::Density density) {
  SCOPED_TRACE(model.graph.name + " at " + std::to_string(density.width) + "x" + std::to_string(density.height));
  const auto shapes = graph::InferShapes(model.graph, density.height, density.width);
  const std::vector<float> input = RandomFloats(static_cast<size_t>(shapes.value()[0].size()), 7);
  const auto expected = RunQuantisedReference(model, density, input);
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  std::vector<float> first;
  for (const std::string& target : SupportedTargets()) {
    auto program = Program::Compile(model, density, {target});
    ASSERT_TRUE(program.ok()) << program.status().message();
    for (int run = 0; run < 2; ++run) {
      WriteInput(input, program.value()->input());
      program.value()->Run();
      EXPECT_LE(LargestError(*expected, program.value()->output()), 2e-6f) << target << ", run " << run;
    }
    const float* output = program.value()->output();
    if (first.empty()) first.assign(output, output + expected->size());
    EXPECT_TRUE(std::equal(first.begin(), first.end(), output)) << target;
    auto threads = Program::Compile(model, density, {target, 3});
    ASSERT_TRUE(threads.ok()) << threads.status().message();
    WriteInput(input, threads.value()->input());
    threads.value()->Run();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), threads.value()->output())) << target << ", three threads";
  }
}

TEST(QuantiseModel, PresetsHaveTheSameBitsOnEveryTarget) {
  for (const char* name : {"default", "published", "default:planes=3,refine_width=8"}) {
    const graph::Graph graph = *graph::Scrimnet(*graph::ScrimnetPreset(name));
    const graph::Model model = QuantisedRandom(graph, {64, 32}, 1);
    for (graph::Density density : {graph::Density{64, 32}, {96, 64}, {80, 48}, {33, 47}, {70, 19}})
      ExpectSameBits(model, density);
  }
}

// The end is a plane of bytes' sums, as the default network ends.
int Head(GraphBuilder& b, int x) { return b.Unary(Op::kSigmoid, b.Conv(x, 1, 3)); }

TEST(QuantiseModel, SmallNetworksHaveTheSameBitsOnEveryTarget) {
  for (int channels : {5, 8, 12, 24, 40, 72}) {
    GraphBuilder b("small" + std::to_string(channels), 4);
    const int stem = b.Unary(Op::kRelu, b.ConvStride(0, channels, 3, 2));
    const int deep = b.Unary(Op::kRelu, b.Conv(b.Depthwise(stem, 3), channels, 1));
    const int wide = b.Unary(Op::kRelu, b.Conv(b.Depthwise(deep, 5), 16, 1));
    const int sum = b.Unary(Op::kRelu, b.Add(b.Conv(wide, channels, 3), stem));
    const int up = b.Resize(b.Conv(sum, 4, 1), 0);
    const int features = b.Concat({up, 0});
    const int dense = b.Unary(Op::kRelu, b.Conv(features, 3, 3));
    Head(b, b.Concat({features, dense}));
    const graph::Model model = QuantisedRandom(b.graph(), {32, 24}, 3);
    for (graph::Density density : {graph::Density{32, 24}, {19, 13}, {70, 9}}) ExpectSameBits(model, density);
  }
}

TEST(QuantiseModel, KeepsTheMaskOfTheFloatModel) {
  const graph::Graph graph = *graph::Scrimnet(*graph::ScrimnetPreset("default"));
  const graph::Model quantised = QuantisedRandom(graph, {64, 32}, 5);
  graph::Model model = RandomModel(graph, 5);
  const std::vector<float> input = RandomFloats(64 * 32 * 4, 6);
  const auto exact = RunReference(model.graph, model.weights, 32, 64, input);
  const auto rough = RunQuantisedReference(quantised, {64, 32}, input);
  ASSERT_TRUE(rough.ok()) << rough.status().message();
  const std::vector<float>& mask = (*exact)[static_cast<size_t>(graph.output)];
  double error = 0;
  for (size_t i = 0; i < mask.size(); ++i) error += std::abs(double{mask[i]} - double{(*rough)[i]});
  EXPECT_LT(error / static_cast<double>(mask.size()), 0.03);
}

TEST(QuantiseModel, WeightsAreWholeMultiplesOfTheirSteps) {
  const graph::Graph graph = *graph::Scrimnet(*graph::ScrimnetPreset("default"));
  const graph::Model model = QuantisedRandom(graph, {32, 32}, 8);
  ASSERT_EQ(model.precision.size(), model.graph.nodes.size());
  int64_t whole = 0;
  for (const graph::Node& node : model.graph.nodes) {
    if (node.op != Op::kConv) continue;
    const graph::Tensor& weight = model.weights.at(node.name + ".weight");
    const std::vector<int8_t> numbers = graph::WholeNumbers(weight.data, weight.step, weight.in_step);
    const size_t depth = static_cast<size_t>(weight.dims[1]), taps = weight.data.size() / weight.step.size() / depth;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const float in_step = weight.in_step.empty() ? 1.f : weight.in_step[i / taps % depth];
      ASSERT_FLOAT_EQ(weight.data[i], numbers[i] * weight.step[i / taps / depth] * in_step) << node.name;
      ASSERT_LE(std::abs(numbers[i]), graph::kMaxQuantisedWeight);
      ++whole;
    }
  }
  const auto bytes = graph::SerializeModel(model, graph::WeightType::kFloat32);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_LT(static_cast<double>(bytes->size()), 1.3 * static_cast<double>(whole));
  // What comes back runs with the same bits.
  const auto back = graph::ParseModel(bytes->data(), bytes->size(), "memory");
  ASSERT_TRUE(back.ok()) << back.status().message();
  const std::vector<float> input = RandomFloats(32 * 32 * 4, 9);
  EXPECT_EQ(*RunQuantisedReference(model, {32, 32}, input), *RunQuantisedReference(*back, {32, 32}, input));
}

TEST(QuantiseModel, GivesBackWhatCostsTooMuch) {
  GraphBuilder b("fragile", 4);
  const int x = b.Unary(Op::kRelu, b.Conv(0, 16, 3));
  Head(b, b.Unary(Op::kRelu, b.Conv(x, 16, 1)));
  const graph::Model loose = QuantisedRandom(b.graph(), {32, 24}, 11, 1.);
  const graph::Model strict = QuantisedRandom(b.graph(), {32, 24}, 11, 0.);
  auto in_f32 = [](const graph::Model& m) {
    return std::count_if(m.precision.begin(), m.precision.end(), [](const auto& p) { return !p.int8; });
  };
  EXPECT_EQ(in_f32(loose), 0);
  EXPECT_GT(in_f32(strict), 0);
  // A mixed network runs, and agrees across targets as floats do.
  const std::vector<float> input = RandomFloats(32 * 24 * 4, 12);
  std::vector<float> first;
  for (const std::string& target : SupportedTargets()) {
    auto program = Program::Compile(strict, {32, 24}, {target});
    ASSERT_TRUE(program.ok()) << program.status().message();
    WriteInput(input, program.value()->input());
    program.value()->Run();
    const float* output = program.value()->output();
    if (first.empty()) first.assign(output, output + 32 * 24);
    EXPECT_LE(LargestError(first, output), 0.05f) << target;
  }
}

TEST(QuantiseModel, RefusesWrongInputs) {
  GraphBuilder b("tiny", 3);
  Head(b, 0);
  graph::Model model = RandomModel(b.graph(), 1);
  model.density = {32, 24};
  EXPECT_EQ(QuantiseModel(model, {}).status().code(), Code::kInvalidArgument);
  EXPECT_NE(QuantiseModel(model, {std::vector<float>(10)}).status().message().find("10 values"), std::string::npos);
}

TEST(QuantiseModel, StepsThatDoNotFitTheirInputAreRefused) {
  GraphBuilder b("steps", 4);
  const int x = b.Unary(Op::kRelu, b.Conv(0, 4, 3));
  Head(b, b.Concat({x, 0}));
  graph::Model model = QuantisedRandom(b.graph(), {32, 24}, 13);
  for (auto& [name, tensor] : model.weights)
    if (!tensor.in_step.empty()) tensor.in_step[0] *= 2.f;
  const auto program = Program::Compile(model, {32, 24});
  EXPECT_EQ(program.status().code(), Code::kInvalidArgument);
  EXPECT_NE(program.status().message().find("steps"), std::string::npos) << program.status().message();
}

}  // namespace
}  // namespace scrim::nn
