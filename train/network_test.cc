#include "network.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <random>

#include "augment/geometry.h"
#include "graph/model.h"
#include "graph/testing.h"
#include "grow.h"
#include "nn/program.h"
#include "start.h"

namespace scrim::train {
namespace {

// The greatest difference between libtorch's and the engine's probabilities for one input, channels-last.
double Difference(const graph::Model& model, graph::Density density, const std::vector<float>& input) {
  auto network = Network::Create(model.graph, torch::kCPU);
  EXPECT_TRUE(network.ok()) << network.status().message();
  EXPECT_TRUE(network->ImportWeights(model.weights).ok());
  const int channels = model.graph.input().channels;
  torch::NoGradGuard no_grad;
  const torch::Tensor x =
      torch::from_blob(const_cast<float*>(input.data()), {1, density.height, density.width, channels})
          .permute({0, 3, 1, 2})
          .contiguous();
  const torch::Tensor theirs = torch::sigmoid(network->Forward(x, false)).contiguous();

  auto program = nn::Program::Compile(model, density);
  EXPECT_TRUE(program.ok()) << program.status().message();
  const nn::TensorView view = (*program)->input();
  for (int y = 0; y < density.height; ++y)
    for (int col = 0; col < density.width; ++col)
      for (int c = 0; c < channels; ++c)
        view.data[size_t(y) * view.row_stride + size_t(col) * view.pixel_stride + size_t(c)] =
            input[size_t((y * density.width + col) * channels + c)];
  (*program)->Run();
  double worst = 0;
  for (int64_t i = 0; i < theirs.numel(); ++i)
    worst = std::max(worst, std::abs(double(theirs.data_ptr<float>()[i]) - double((*program)->output()[i])));
  return worst;
}

std::vector<float> RandomInput(graph::Density d, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> input(size_t(d.width * d.height * 4));
  for (float& v : input) v = std::uniform_real_distribution<float>(-1, 1)(random);
  return input;
}

TEST(Network, AgreesWithTheEngineOnRandomWeights) {
  for (const graph::Density d : {graph::Density{64, 64}, {160, 96}, {256, 144}, {80, 48}})
    for (const char* name : {"default", "published"})
      EXPECT_LE(Difference(graph::RandomModel(*graph::ScrimnetPreset(name), 5), d, RandomInput(d, 6)), 1e-4)
          << name << " at " << d.width << "x" << d.height;
}

TEST(Network, AgreesWithTheEngineOnEveryOperation) {
  for (const graph::Density d : {graph::Density{64, 48}, {160, 96}})
    EXPECT_LE(Difference(graph::EveryOperation(5), d, RandomInput(d, 6)), 1e-4) << d.width << "x" << d.height;
}

TEST(Network, AgreesWithTheEngineOnTheReleasedModel) {
  const auto model = graph::LoadModel(SCRIM_MODELS "/default.scrim");
  ASSERT_TRUE(model.ok()) << model.status().message();
  for (const graph::Density d : {model->density, graph::Density{64, 64}, {256, 256}})
    EXPECT_LE(Difference(*model, d, RandomInput(d, 8)), 1e-4) << d.width << "x" << d.height;
}

TEST(Network, InitialisesAsTheGraphSays) {
  const graph::Graph g = *graph::Scrimnet({});
  auto network = Network::Create(g, torch::kCPU);
  ASSERT_TRUE(network.ok());
  network->Initialise(1);
  const graph::Weights weights = network->ExportWeights();
  for (const graph::Node& node : g.nodes) {
    if (node.op == graph::Op::kBatchNorm)
      for (float v : weights.at(node.name + ".scale").data) EXPECT_EQ(v, node.init.scale);
    if (node.op == graph::Op::kConv && node.conv.bias)
      for (float v : weights.at(node.name + ".bias").data) EXPECT_EQ(v, node.init.bias);
  }
  // Logits start near zero: sigmoid and loss are far from saturation.
  torch::NoGradGuard no_grad;
  const torch::Tensor logits = network->Forward(torch::rand({2, 4, 64, 64}) * 2 - 1, true);
  EXPECT_LT(logits.abs().max().item<float>(), 2.f);
}

// With the training's gradients and statistics in 32 bit, whatever the convolutions compute with.
TEST(Network, MixedPrecisionComesNear) {
  struct Result {
    torch::Tensor logits, gradients, statistics;
  };
  const auto run = [](bool mix, bool fixed) {
    auto network = Network::Create(*graph::Scrimnet({}), torch::kCPU);
    network->Initialise(1);
    network->MixPrecision(mix);
    network->FixStatistics(fixed);
    torch::manual_seed(3);
    const torch::Tensor input = torch::rand({4, 4, 96, 64}) * 2 - 1;
    const torch::Tensor logits = network->Forward(input, true), truth = torch::zeros_like(logits);
    truth.narrow(2, 48, 48).fill_(1);
    torch::binary_cross_entropy_with_logits(logits, truth).backward();
    return Result{logits.detach(), network->gradients(), network->statistics()};
  };
  for (const bool fixed : {false, true}) {
    const Result plain = run(false, fixed), mixed = run(true, fixed);
    const auto compare = [](const torch::Tensor& a, const torch::Tensor& b, float tolerance) {
      EXPECT_EQ(b.scalar_type(), torch::kFloat32);
      EXPECT_LT((a - b).norm().item<float>(), tolerance * a.norm().item<float>());
    };
    compare(plain.logits, mixed.logits, 0.05f);  // bfloat16 has 8 significant bits
    EXPECT_FALSE(torch::equal(plain.logits, mixed.logits));
    compare(plain.statistics, mixed.statistics, 0.05f);
    // Batch norms with the batch's statistics make much of little: input and weights off by 0.2 % change the gradient
    // of the plain network by 26 %, too.
    compare(plain.gradients, mixed.gradients, fixed ? 0.05f : 0.4f);
  }
}

// Channels that a wider network has besides change nothing at first, and learn.
TEST(Network, GrowsIntoAWiderOne) {
  auto narrow = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("published:spatial_attention=0")), torch::kCPU);
  auto wide = Network::Create(
      *graph::Scrimnet(*graph::ScrimnetPreset(
          "published:spatial_attention=0,width_2=12,stem_width=24,width_4=40,width_8=72,width_16=112,width_32=256,"
          "aspp_width=64,bottom_width=160,decoder_16=80,decoder_8=48,decoder_4=24,decoder_2=16,refine_width=8,"
          "refine_growth=4")),
      torch::kCPU);
  narrow->Initialise(1);
  wide->Initialise(2);
  torch::manual_seed(3);
  const torch::Tensor input = torch::rand({4, 4, 96, 64}) * 2 - 1;
  narrow->MeasureStatistics(input, 0.1f);
  graph::Weights weights = wide->ExportWeights();
  EXPECT_EQ(Grow(narrow->graph(), narrow->ExportWeights(), wide->graph(), &weights), narrow->parameters().numel());
  ASSERT_TRUE(wide->ImportWeights(weights).ok());
  torch::Tensor want;
  {
    torch::NoGradGuard no_grad;
    want = narrow->Forward(input, false);
    EXPECT_LT((wide->Forward(input, false) - want).abs().max().item<float>(), 1e-4f * want.abs().max().item<float>());
  }
  for (int step = 0; step < 2; ++step) {  // the first lets the old channels read the new ones
    wide->gradients().zero_();
    wide->Forward(input, true).square().mean().backward();
    torch::NoGradGuard no_grad;
    wide->parameters().sub_(0.1 * wide->gradients());
  }
  int64_t learning = 0;
  for (const auto& m : wide->matrices())
    learning += wide->gradients().narrow(0, m.offset, m.rows * m.columns).ne(0).sum().item<int64_t>();
  EXPECT_GT(learning, narrow->parameters().numel() * 5 / 4);
}

// Past further residual blocks as well, which begin with a tenth of a say.
TEST(Network, GrowsIntoADeeperOne) {
  auto shallow = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("default")), torch::kCPU);
  auto deep = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("quality")), torch::kCPU);
  shallow->Initialise(1);
  deep->Initialise(2);
  graph::Weights weights = deep->ExportWeights();
  EXPECT_EQ(Grow(shallow->graph(), shallow->ExportWeights(), deep->graph(), &weights), shallow->parameters().numel());
}

// A larger kernel has the smaller one in its middle, and the other way round.
TEST(Network, GrowsIntoOneWithLargerKernels) {
  auto small = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("published:deep_kernel=3")), torch::kCPU);
  auto large = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("published:deep_kernel=5")), torch::kCPU);
  small->Initialise(1);
  large->Initialise(2);
  const graph::Weights from = small->ExportWeights();
  graph::Weights weights = large->ExportWeights();
  EXPECT_EQ(Grow(small->graph(), from, large->graph(), &weights), small->parameters().numel());
  ASSERT_TRUE(large->ImportWeights(weights).ok());
  torch::manual_seed(3);
  const torch::Tensor input = torch::rand({2, 4, 96, 64}) * 2 - 1;
  torch::NoGradGuard no_grad;
  const torch::Tensor want = small->Forward(input, false);
  EXPECT_LT((large->Forward(input, false) - want).abs().max().item<float>(), 1e-4f * want.abs().max().item<float>());

  graph::Weights back = small->ExportWeights();
  for (auto& [name, tensor] : back) std::fill(tensor.data.begin(), tensor.data.end(), 0.f);
  Grow(large->graph(), weights, small->graph(), &back);
  EXPECT_EQ(back.at("enc16_block0_dw.weight").data, from.at("enc16_block0_dw.weight").data);
}

// The stem of stride 2 reads other values than that of stride 4: it takes nothing, in either direction.
TEST(Network, AConvolutionOfAnotherStrideIsAnother) {
  const std::string presets[2] = {"published", "published:stem_stride=2"};
  for (const bool back : {false, true}) {
    auto from = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset(presets[back])), torch::kCPU);
    auto to = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset(presets[!back])), torch::kCPU);
    from->Initialise(1);
    to->Initialise(2);
    graph::Weights weights = to->ExportWeights();
    const graph::Weights before = weights;
    Grow(from->graph(), from->ExportWeights(), to->graph(), &weights);
    EXPECT_EQ(weights.at("stem.weight").data, before.at("stem.weight").data);
    EXPECT_EQ(weights.at("half.weight").data, from->ExportWeights().at("half.weight").data);
  }
}

TEST(Network, GrowsIntoANarrowerOne) {
  auto large = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("published")), torch::kCPU);
  auto lite = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("published:refine_layers=1,refine_width=3")),
                              torch::kCPU);
  large->Initialise(1);
  lite->Initialise(2);
  const graph::Weights from = large->ExportWeights();
  graph::Weights weights = lite->ExportWeights();
  const int64_t taken = Grow(large->graph(), from, lite->graph(), &weights);
  EXPECT_EQ(taken, lite->parameters().numel());
  EXPECT_EQ(weights.at("stem.weight").data, from.at("stem.weight").data);
  EXPECT_TRUE(graph::ValidateWeights(lite->graph(), weights).ok());
}

// A released model has no batch norms; training from it needs them back, with the same function before the first step.
TEST(Network, ReleasedModelUnfolds) {
  const auto model = graph::LoadModel(SCRIM_MODELS "/default.scrim");
  ASSERT_TRUE(model.ok()) << model.status().message();
  auto folded = Network::Create(model->graph, torch::kCPU);
  auto network = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("default")), torch::kCPU);
  ASSERT_TRUE(folded->ImportWeights(model->weights).ok());
  torch::manual_seed(3);
  const torch::Tensor input = torch::rand({8, 4, 96, 64}) * 2 - 1;
  const Status status = Unfold(*model, input, *network);
  ASSERT_TRUE(status.ok()) << status.message();
  torch::NoGradGuard no_grad;
  const torch::Tensor want = folded->Forward(input, false), got = network->Forward(input, false);
  EXPECT_LT((want - got).abs().max().item<float>(), 2e-3f * want.abs().max().item<float>());
  // Of the same pictures, the statistics of training are the running ones.
  EXPECT_LT((network->Forward(input, true, 0.) - want).abs().max().item<float>(),
            2e-3f * want.abs().max().item<float>());
  for (const auto& [name, tensor] : network->ExportWeights())
    if (name == "enc16_dw.weight") {
      double squares = 0;
      for (float v : tensor.data) squares += double(v) * double(v);
      EXPECT_NEAR(std::sqrt(squares / double(tensor.data.size())), 0.1, 1e-3);
    }
}

TEST(Network, RefusesToUnfoldAnotherNetwork) {
  const auto model = graph::LoadModel(SCRIM_MODELS "/default.scrim"),
             int8 = graph::LoadModel(SCRIM_MODELS "/default.int8.scrim");
  ASSERT_TRUE(model.ok() && int8.ok());
  auto quality = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("quality")), torch::kCPU);
  const torch::Tensor input = torch::zeros({1, 4, 32, 32});
  EXPECT_NE(Unfold(*model, input, *quality).message().find("scrimnet-quality"), std::string::npos);
  EXPECT_NE(Unfold(*int8, input, *quality).message().find("int8"), std::string::npos);
}

// Rounding moves what comes out by a few per cent, only while training, and leaves gradients that point the same way.
TEST(Network, RoundsAsInt8WhileTraining) {
  const auto model = graph::LoadModel(SCRIM_MODELS "/default.scrim");
  ASSERT_TRUE(model.ok()) << model.status().message();
  auto network = Network::Create(*graph::Scrimnet(*graph::ScrimnetPreset("default")), torch::kCPU);
  torch::manual_seed(3);
  const torch::Tensor input = torch::rand({8, 4, 96, 64}) * 2 - 1;
  ASSERT_TRUE(Unfold(*model, input, *network).ok());
  network->FixStatistics(true);
  auto forward = [&](bool round) {
    network->RoundAsInt8(round);
    network->gradients().zero_();
    const torch::Tensor logits = network->Forward(input, true);
    logits.square().mean().backward();
    return std::make_pair(logits.detach(), network->gradients().clone());
  };
  const auto [exact, gradient] = forward(false);
  EXPECT_EQ(network->ranges().abs().sum().item<float>(), 0.f);
  const auto [rounded, rounded_gradient] = forward(true);
  const double error = ((rounded - exact).norm() / exact.norm()).item<double>(),
               cosine = torch::cosine_similarity(gradient, rounded_gradient, 0).item<double>();
  EXPECT_GT(error, 1e-3);
  EXPECT_LT(error, 0.2);
  EXPECT_GT(cosine, 0.9);
  EXPECT_GT(network->ranges().abs().sum().item<float>(), 0.f);
  torch::NoGradGuard no_grad;
  EXPECT_LT((network->Forward(input, false) - exact).norm().item<float>(), 1e-4f * exact.norm().item<float>());
}

TEST(Network, WeightsSurviveExportAndImport) {
  const graph::Graph g = *graph::Scrimnet({});
  auto a = Network::Create(g, torch::kCPU), b = Network::Create(g, torch::kCPU);
  a->Initialise(1);
  b->Initialise(2);
  ASSERT_FALSE(torch::equal(a->parameters(), b->parameters()));
  ASSERT_TRUE(b->ImportWeights(a->ExportWeights()).ok());
  EXPECT_TRUE(torch::equal(a->parameters(), b->parameters()));
  EXPECT_TRUE(torch::equal(a->statistics(), b->statistics()));
}

}  // namespace
}  // namespace scrim::train
