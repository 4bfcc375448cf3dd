#include "nn/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "graph/scrimnet.h"
#include "graph/testing.h"
#include "nn/testing.h"

namespace scrim::nn {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::ScrimnetConfig;
using graph::Shape;

// Compiles for every target, runs and compares with the reference.
void ExpectAgrees(const Graph& graph, int width, int height, float tolerance = 1e-4f) {
  SCOPED_TRACE(graph.name + " at " + std::to_string(width) + "x" + std::to_string(height));
  const graph::Model model = RandomModel(graph, 1);
  const auto shapes = graph::InferShapes(graph, height, width);
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  const std::vector<float> input = RandomFloats(static_cast<size_t>(shapes.value()[0].size()), 2);
  const auto values = RunReference(graph, model.weights, height, width, input);
  ASSERT_TRUE(values.ok()) << values.status().message();
  const size_t output = static_cast<size_t>(graph.output);
  const std::vector<float> expected = Planar(values.value()[output], shapes.value()[output].c);
  for (const std::string& target : SupportedTargets()) {
    auto program = Program::Compile(model, {width, height}, {target});
    ASSERT_TRUE(program.ok()) << program.status().message();
    EXPECT_EQ(program.value()->target(), target);
    // Twice: the second run must not depend on what the first left in memory.
    for (int run = 0; run < 2; ++run) {
      WriteInput(input, program.value()->input());
      program.value()->Run();
      EXPECT_LE(LargestError(expected, program.value()->output()), tolerance) << target << ", run " << run;
    }
    const std::vector<float> alone(program.value()->output(), program.value()->output() + expected.size());
    constexpr int kThreads = 3;  // rarely divides the rows
    auto threaded = Program::Compile(model, {width, height}, {target, kThreads});
    ASSERT_TRUE(threaded.ok()) << threaded.status().message();
    for (int run = 0; run < 2; ++run) {
      WriteInput(input, threaded.value()->input());
      threaded.value()->Run();
      EXPECT_EQ(std::memcmp(alone.data(), threaded.value()->output(), alone.size() * sizeof(float)), 0)
          << target << ", " << kThreads << " threads, run " << run;
    }
  }
}

void ExpectScrimnetAgrees(const ScrimnetConfig& config, const std::vector<std::pair<int, int>>& sizes) {
  const auto graph = graph::Scrimnet(config);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  for (const auto& [width, height] : sizes) ExpectAgrees(graph.value(), width, height);
}

TEST(ProgramTest, DefaultNetworkAgreesWithReference) {
  ExpectScrimnetAgrees(graph::ScrimnetPreset("default").value(),
                       {{64, 64}, {96, 64}, {160, 96}, {256, 144}, {80, 48}, {33, 47}, {17, 5}, {1, 1}});
}

TEST(ProgramTest, TheOtherPresetsAgreeWithReference) {
  for (const char* name : {"lite", "quality", "published"})
    ExpectScrimnetAgrees(graph::ScrimnetPreset(name).value(), {{64, 64}, {80, 48}, {33, 47}});
}

struct Variant {
  const char* name;
  std::function<void(ScrimnetConfig&)> change;
};
void PrintTo(const Variant& variant, std::ostream* stream) { *stream << variant.name; }
class VariantTest : public testing::TestWithParam<Variant> {};

TEST_P(VariantTest, AgreesWithReference) {
  ScrimnetConfig config;
  config.name = GetParam().name;
  GetParam().change(config);
  ExpectScrimnetAgrees(config, {{64, 64}, {80, 48}, {33, 47}});
}

INSTANTIATE_TEST_SUITE_P(
    Scrimnet, VariantTest,
    testing::Values(Variant{"NoSkips", [](ScrimnetConfig& c) { c.skips = false; }},
                    Variant{"NoGates", [](ScrimnetConfig& c) { c.attention_gates = false; }},
                    Variant{"NoAttention", [](ScrimnetConfig& c) { c.spatial_attention = false; }},
                    Variant{"NoAspp", [](ScrimnetConfig& c) { c.aspp = false; }},
                    Variant{"NoRefinement", [](ScrimnetConfig& c) { c.refine_layers = 0; }},
                    Variant{"OneRefinement", [](ScrimnetConfig& c) { c.refine_layers = 1; }},
                    Variant{"ThreeRefinements", [](ScrimnetConfig& c) { c.refine_layers = 3; }},
                    Variant{"WideRefinement", [](ScrimnetConfig& c) { c.refine_growth = 5, c.refine_width = 7; }},
                    Variant{"NotSeparable", [](ScrimnetConfig& c) { c.separable = false; }},
                    Variant{"SmallStem", [](ScrimnetConfig& c) { c.stem_stride = 2; }},
                    Variant{"LargeStem", [](ScrimnetConfig& c) { c.stem_kernel = 9; }},
                    Variant{"NoPreviousMask", [](ScrimnetConfig& c) { c.previous_mask = false; }},
                    Variant{"InvertedResiduals", [](ScrimnetConfig& c) { c.expand = 6, c.stem_width = 0; }},
                    Variant{"InvertedResidualsBehindAStem", [](ScrimnetConfig& c) { c.expand = 3, c.deep_kernel = 7; }},
                    Variant{"WideBottlenecks", [](ScrimnetConfig& c) { c.squeeze = 4; }},
                    Variant{"ThreePlanes", [](ScrimnetConfig& c) { c.planes = 3; }},
                    Variant{"ThreePlanesWithoutRefinement",
                            [](ScrimnetConfig& c) { c.planes = 3, c.refine_layers = 0; }},
                    Variant{"SevenPlanes", [](ScrimnetConfig& c) { c.planes = 7, c.refine_layers = 0; }},
                    Variant{"Dropout", [](ScrimnetConfig& c) { c.dropout = 0.1f; }},
                    Variant{"OddWidths",
                            [](ScrimnetConfig& c) {
                              c.width_2 = 5, c.stem_width = 11, c.width_4 = 13, c.width_8 = 21, c.width_16 = 35;
                              c.width_32 = 50, c.aspp_width = 9, c.bottom_width = 33, c.decoder_16 = 19;
                              c.decoder_8 = 12, c.decoder_4 = 7, c.decoder_2 = 3, c.refine_width = 1,
                              c.refine_growth = 1;
                            }}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ProgramTest, DefaultNetworkStaysInItsBudget) {
  const Graph graph = graph::Scrimnet(graph::ScrimnetPreset("default").value()).value();
  const auto program = Program::Compile(RandomModel(graph, 1), {256, 144});
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_LE(program.value()->activation_bytes(), 2'500'000u);
  EXPECT_LE(program.value()->macs(), 65'000'000);
}

TEST(ProgramTest, StepsAccountForAllMacs) {
  const Graph graph = graph::Scrimnet(graph::ScrimnetPreset("published").value()).value();
  const auto program = Program::Compile(RandomModel(graph, 1), {64, 64});
  ASSERT_TRUE(program.ok()) << program.status().message();
  int64_t macs = 0;
  const std::vector<Program::Step> steps = program.value()->RunTimed();
  for (const Program::Step& step : steps) macs += step.macs;
  EXPECT_EQ(macs, program.value()->macs());
}

TEST(ProgramTest, NothingOfTheDefaultNetworkIsLeftUnfused) {
  const Graph graph = graph::Scrimnet(graph::ScrimnetPreset("default").value()).value();
  const auto program = Program::Compile(RandomModel(graph, 1), {256, 144});
  ASSERT_TRUE(program.ok()) << program.status().message();
  const std::vector<Program::Step> steps = program.value()->RunTimed();
  for (const Program::Step& step : steps)
    for (const char* leftover : {"add", "activation", "copy", "mul", "to channels last", "depthwise 1x1"})
      EXPECT_FALSE(step.kernel.starts_with(leftover)) << step.name << ": " << step.kernel;
  EXPECT_EQ(steps.front().name, "half+half_norm+half_relu");
  EXPECT_EQ(steps.back().name, "refine_up+probability");  // the head runs before its few channels are enlarged
}

TEST(ProgramTest, OutputOutlivesWritingTheNextInput) {
  // The input is dead long before the output exists: a plan that looks at one run alone would let them share memory.
  GraphBuilder b("long", 1);
  int x = b.Conv(0, 1, 3);
  for (int i = 0; i < 4; ++i) x = b.Conv(x, 1, 3);
  const auto program = Program::Compile(RandomModel(b.graph(), 1), {64, 64});
  ASSERT_TRUE(program.ok()) << program.status().message();
  WriteInput(RandomFloats(64 * 64, 2), program.value()->input());
  program.value()->Run();
  const std::vector<float> result(program.value()->output(), program.value()->output() + 64 * 64);
  WriteInput(std::vector<float>(64 * 64, 5.f), program.value()->input());
  EXPECT_EQ(LargestError(result, program.value()->output()), 0.f);
}

TEST(ProgramTest, RefusesUnknownTargets) {
  const auto program = Program::Compile(RandomModel(GraphBuilder("small", 3).graph(), 1), {8, 8}, {"MMX"});
  ASSERT_FALSE(program.ok());
  EXPECT_EQ(program.status().code(), Code::kUnsupported);
  EXPECT_NE(program.status().message().find("'MMX'"), std::string::npos) << program.status().message();
}

TEST(ProgramTest, RefusesImpossibleThreads) {
  for (int threads : {0, -1, 65}) {
    const auto program = Program::Compile(RandomModel(GraphBuilder("small", 3).graph(), 1), {8, 8}, {"", threads});
    ASSERT_FALSE(program.ok()) << threads;
    EXPECT_EQ(program.status().code(), Code::kInvalidArgument);
  }
}

TEST(ProgramTest, RefusesGroupsThatWouldFillMemoryWithZeros) {
  GraphBuilder b("groups", 4096);
  graph::ConvAttributes a;
  a.out_channels = 8192, a.groups = 4096, a.kernel_h = a.kernel_w = 3;
  b.ConvOf(0, a);
  const auto program = Program::Compile(RandomModel(b.graph(), 1), {3, 3});
  ASSERT_FALSE(program.ok());
  EXPECT_EQ(program.status().code(), Code::kUnsupported);
  EXPECT_NE(program.status().message().find("'conv1'"), std::string::npos) << program.status().message();
}

TEST(ProgramTest, RefusesImpossibleSizes) {
  const graph::Model model = RandomModel(graph::Scrimnet({}).value(), 1);
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{0, 64}, {64, 0}, {-1, 64}, {16384, 16384}, {1 << 20, 8}}) {
    const auto program = Program::Compile(model, {width, height});
    ASSERT_FALSE(program.ok()) << width << "x" << height;
    EXPECT_EQ(program.status().code(), Code::kInvalidArgument);
  }
}

// Graphs made to mislead the passes.

TEST(PassesTest, InputIsOutput) { ExpectAgrees(GraphBuilder("input", 3).graph(), 7, 5); }

TEST(PassesTest, ConvolutionWithTwoReaders) {
  GraphBuilder b("two readers", 3);
  const int conv = b.Conv(0, 8, 3);
  const int norm = b.BatchNorm(conv), relu = b.Unary(Op::kRelu, conv);
  b.Add(norm, b.Unary(Op::kSigmoid, relu));
  ExpectAgrees(b.graph(), 13, 9);
}

TEST(PassesTest, BatchNormAndReluOfTheInput) {
  GraphBuilder b("norm of input", 5);
  b.Unary(Op::kRelu, b.BatchNorm(0));
  ExpectAgrees(b.graph(), 13, 9);
}

TEST(PassesTest, SumOfTwoConvolutionsThenRelu) {
  GraphBuilder b("two convolutions", 12);
  b.Unary(Op::kRelu, b.Add(b.BatchNorm(b.Conv(0, 20, 1)), b.BatchNorm(b.Conv(0, 20, 3))));
  ExpectAgrees(b.graph(), 11, 6);
}

TEST(PassesTest, ReluBeforeAndAfterTheResidual) {
  GraphBuilder b("relu twice", 16);
  const int x = b.Conv(0, 16, 1);
  b.Unary(Op::kRelu, b.Add(x, b.Unary(Op::kRelu, b.Conv(x, 16, 3))));
  ExpectAgrees(b.graph(), 11, 6);
}

TEST(PassesTest, ResidualOfDepthwiseAndOfPlanar) {
  GraphBuilder b("residuals", 24);
  const int sum = b.Add(b.Depthwise(0, 3), 0);
  const int thin = b.Conv(sum, 3, 3);
  b.Unary(Op::kRelu, b.Add(b.Unary(Op::kRelu, b.Conv(thin, 3, 3)), thin));
  ExpectAgrees(b.graph(), 37, 6);
}

TEST(PassesTest, ValueAddedToItself) {
  GraphBuilder b("twice itself", 8);
  const int x = b.Conv(0, 8, 1);
  b.Add(x, x);
  ExpectAgrees(b.graph(), 5, 4);
}

TEST(PassesTest, SigmoidBeforeAddition) {
  GraphBuilder b("sigmoid", 4);
  b.Add(b.Unary(Op::kSigmoid, b.Conv(0, 8, 1)), b.Conv(0, 8, 3));
  ExpectAgrees(b.graph(), 9, 5);
}

TEST(PassesTest, OutputIsAlsoUsedInside) {
  GraphBuilder b("inner output", 3);
  const int x = b.Unary(Op::kRelu, b.Conv(0, 1, 3));
  b.Conv(x, 4, 3);
  b.graph().output = x;
  ExpectAgrees(b.graph(), 21, 9);
}

TEST(PassesTest, OutputReadByAConvolutionThatMatters) {
  GraphBuilder b("read output", 3);
  const int x = b.Unary(Op::kRelu, b.Conv(0, 1, 3));
  const int y = b.Conv(x, 1, 3);
  b.Add(x, y);
  ExpectAgrees(b.graph(), 21, 9);
  b.graph().output = y;
  ExpectAgrees(b.graph(), 21, 9);
}

TEST(PassesTest, ConcatOfConcats) {
  for (int width : {8, 5}) {
    GraphBuilder b("nested " + std::to_string(width), 3);
    const int x = b.Conv(0, width, 3), y = b.Conv(0, 16, 1);
    const int inner = b.Concat({x, y}), outer = b.Concat({y, inner, x, 0, x});
    b.Add(b.Conv(outer, 12, 3), b.Conv(b.Concat({inner, inner}), 12, 1));
    ExpectAgrees(b.graph(), 19, 7);
  }
}

TEST(PassesTest, ConcatThatNobodyConvolves) {
  GraphBuilder b("plain concat", 3);
  b.Concat({b.Conv(0, 3, 3), 0, b.Conv(0, 2, 3), b.Unary(Op::kChannelMean, 0)});
  ExpectAgrees(b.graph(), 40, 7);
}

TEST(PassesTest, ConcatMemberConvolvedWithAnotherPadding) {
  GraphBuilder b("paddings", 8);
  const int x = b.Conv(0, 8, 1), y = b.Conv(0, 8, 1);
  const int joined = b.Concat({x, y});
  b.Add(b.Conv(x, 8, 5), b.Conv(joined, 8, 3));
  ExpectAgrees(b.graph(), 12, 12);
}

TEST(PassesTest, GroupedConvolutions) {
  for (const auto& [in, out, groups] :
       std::vector<std::array<int, 3>>{{16, 32, 2}, {12, 6, 3}, {8, 16, 8}, {1, 3, 1}, {6, 6, 2}}) {
    GraphBuilder b("groups " + std::to_string(groups), in);
    graph::ConvAttributes a;
    a.kernel_h = 3, a.kernel_w = 2, a.pad_top = 1, a.pad_right = 1, a.groups = groups, a.out_channels = out,
    a.bias = true;
    b.ConvOf(0, a);
    ExpectAgrees(b.graph(), 10, 7);
  }
}

TEST(PassesTest, UnevenPaddingStrideAndDilation) {
  for (int groups : {1, 8}) {
    GraphBuilder b("uneven", 8);
    graph::ConvAttributes a;
    a.kernel_h = 2, a.kernel_w = 4, a.pad_left = 3, a.pad_bottom = 2, a.stride = 3, a.dilation = 2, a.groups = groups;
    a.out_channels = 8;
    b.ConvOf(0, a);
    ExpectAgrees(b.graph(), 23, 14);
  }
}

TEST(PassesTest, SpatialAttentionAndPooling) {
  GraphBuilder b("attention", 10);
  const int x = b.Conv(0, 10, 3);
  const int stats = b.Concat({b.Unary(Op::kChannelMean, x), b.Unary(Op::kChannelMax, x)});
  const int gated = b.Mul(x, b.Unary(Op::kSigmoid, b.Conv(stats, 1, 7)));
  const int pooled = b.Resize(b.Conv(b.Unary(Op::kGlobalAvgPool, gated), 6, 1), gated);
  b.Unary(Op::kChannelMax, b.Concat({pooled, gated}));
  ExpectAgrees(b.graph(), 20, 11);
}

TEST(PassesTest, GateOfAValueByItself) {
  GraphBuilder b("self gate", 1);
  const int x = b.Conv(0, 1, 3);
  b.Mul(b.Mul(x, x), b.Unary(Op::kChannelMean, x));
  ExpectAgrees(b.graph(), 20, 11);
}

TEST(PassesTest, ResizesUpDownAndSideways) {
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{{31, 9}, {16, 16}, {40, 3}, {1, 1}}) {
    GraphBuilder b("resize", 6);
    const int small = b.ConvStride(0, 6, 3, 2), smaller = b.ConvStride(small, 6, 3, 3);
    const int thin = b.Conv(smaller, 1, 1);
    const int sum = b.Add(b.Resize(smaller, 0), b.Resize(b.Resize(0, small), 0));
    b.Concat({b.Resize(thin, 0), sum, b.Resize(thin, small) >= 0 ? b.Resize(b.Resize(thin, small), 0) : 0});
    ExpectAgrees(b.graph(), width, height);
  }
}

// The MACs of the steps of a small picture, enlarged and convolved.
int64_t MacsBehindResize(int channels, int kernel, bool read_twice) {
  GraphBuilder b("behind", 4);
  const int small = b.ConvStride(0, 16, 3, 2);
  const int resized = b.Resize(small, 0);
  const int features = b.Conv(resized, channels, kernel);
  if (read_twice) b.Concat({features, resized});
  ExpectAgrees(b.graph(), 32, 24);
  ExpectAgrees(b.graph(), 19, 13);
  const auto program = Program::Compile(RandomModel(b.graph(), 1), {32, 24});
  int64_t macs = 0;
  for (const Program::Step& step : program.value()->RunTimed()) macs += step.macs;
  return macs - 16 * 4 * 9 * 16 * 12;
}

TEST(PassesTest, PointwiseConvolutionsRunBeforeEnlargements) {
  EXPECT_EQ(MacsBehindResize(8, 1, false), 8 * 16 * 16 * 12);
  EXPECT_EQ(MacsBehindResize(16, 1, false), 16 * 16 * 16 * 12);
  // More channels, larger kernels, other readers.
  EXPECT_EQ(MacsBehindResize(24, 1, false), 24 * 16 * 32 * 24);
  EXPECT_EQ(MacsBehindResize(8, 3, false), 8 * 16 * 9 * 32 * 24);
  EXPECT_EQ(MacsBehindResize(8, 1, true), 8 * 16 * 32 * 24);
}

TEST(PassesTest, EveryOperation) {
  const Graph graph = graph::EveryOperation(1).graph;
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{{64, 48}, {33, 47}, {5, 7}, {3, 3}})
    ExpectAgrees(graph, width, height);
}

TEST(PassesTest, ActivationsOfWhatCannotEndWithThem) {
  for (Op op : {Op::kHardSwish, Op::kPRelu}) {
    GraphBuilder b(graph::OpName(op), 3);
    const int thin = b.Unary(op, b.Conv(0, 2, 3)), dot = b.Unary(op, b.Conv(b.Unary(op, b.Conv(0, 20, 1)), 1, 1));
    const int twice = b.Unary(Op::kRelu, b.Unary(op, b.Unary(Op::kRelu, b.Conv(thin, 3, 3))));
    const int resized = b.Unary(op, b.Resize(b.ConvStride(twice, 3, 3, 2), 0));
    b.Unary(op, b.Concat({thin, dot, twice, b.Unary(op, b.Add(resized, b.Unary(op, b.Depthwise(resized, 3))))}));
    ExpectAgrees(b.graph(), 35, 10);
  }
}

TEST(PassesTest, GainsAndResiduals) {
  for (int channels : {1, 3, 20}) {
    GraphBuilder b("gains of " + std::to_string(channels), 3);
    const int x = b.Conv(0, channels, 3);
    const int gain = b.Unary(Op::kSigmoid, b.Conv(b.Unary(Op::kGlobalAvgPool, x), channels, 1));
    const int scaled = b.Unary(Op::kRelu, b.Add(b.Mul(x, gain), b.Conv(0, channels, 1)));
    b.Concat({b.Add(b.Mul(scaled, gain), x), b.Mul(gain, gain) >= 0 ? b.Mul(x, gain) : 0});
    ExpectAgrees(b.graph(), 13, 6);
  }
}

TEST(PassesTest, AveragesOfSums) {
  GraphBuilder b("averages", 3);
  const int x = b.Unary(Op::kSigmoid, b.Conv(0, 10, 3)), y = b.Unary(Op::kSigmoid, b.Conv(0, 10, 1));
  const int kept = b.Add(x, y), rectified = b.Unary(Op::kRelu, b.Add(x, b.Unary(Op::kSigmoid, kept)));
  b.Concat({b.Unary(Op::kGlobalAvgPool, b.Add(x, y)), b.Unary(Op::kGlobalAvgPool, kept),
            b.Unary(Op::kGlobalAvgPool, b.Add(x, x)), b.Unary(Op::kGlobalAvgPool, rectified)});
  ExpectAgrees(b.graph(), 1, 1);
  b.Mul(kept, b.Unary(Op::kGlobalAvgPool, b.Add(x, y)));
  ExpectAgrees(b.graph(), 13, 6);
}

TEST(PassesTest, SelectedChannelsInConcats) {
  GraphBuilder b("shuffle", 3);
  const int x = b.Unary(Op::kRelu, b.Conv(0, 20, 3));
  const int left = b.Select(x, {0, 10, 1, 11, 2, 12, 3}), right = b.Select(x, {19, 18, 17, 16, 15, 14, 13, 12, 11});
  const int joined = b.Concat({left, b.Conv(right, 9, 1), b.Select(0, {2, 1, 0, 0})});
  b.Select(joined, {5, 0, 19});
  ExpectAgrees(b.graph(), 11, 6);
}

TEST(PassesTest, DenseBlockOfPlanes) {
  GraphBuilder b("dense", 3);
  int x = b.Conv(0, 2, 3);
  for (int layer = 0; layer < 3; ++layer)
    x = b.Concat({x, b.Unary(Op::kRelu, b.BatchNorm(b.Conv(x, 1 + layer, 3))), 0});
  b.Conv(x, 4, 1);
  ExpectAgrees(b.graph(), 35, 10);
}

}  // namespace
}  // namespace scrim::nn
