#include "graph/scrimnet.h"

#include <gtest/gtest.h>

namespace scrim::graph {
namespace {

int64_t Macs(const ScrimnetConfig& config, int width, int height) {
  const auto g = Scrimnet(config);
  EXPECT_TRUE(g.ok());
  const auto shapes = InferShapes(*g, height, width);
  EXPECT_TRUE(shapes.ok()) << shapes.status().message();
  return shapes.ok() ? CountMacs(*g, *shapes) : 0;
}

TEST(Scrimnet, DefaultKeepsItsBudget) {
  const auto config = ScrimnetPreset("default");
  ASSERT_TRUE(config.ok());
  EXPECT_LE(Macs(*config, 256, 144), 45'000'000);
  EXPECT_LE(Macs(*config, 256, 256), 80'000'000);
  EXPECT_LE(CountParameters(*Scrimnet(*config)), 250'000);
}

TEST(Scrimnet, LiteAndQualityKeepTheirBudgets) {
  const auto lite = ScrimnetPreset("lite"), quality = ScrimnetPreset("quality");
  ASSERT_TRUE(lite.ok() && quality.ok());
  const auto report = [](const ScrimnetConfig& config, int width, int height) {
    std::printf("%s at %dx%d: %.1f MMAC, %lld parameters\n", config.name.c_str(), width, height,
                static_cast<double>(Macs(config, width, height)) / 1e6,
                static_cast<long long>(CountParameters(*Scrimnet(config))));
    return Macs(config, width, height);
  };
  EXPECT_LE(report(*lite, 160, 96), 15'000'000);
  EXPECT_LE(report(*quality, 256, 256), 200'000'000);
  EXPECT_GE(report(*quality, 256, 256), 150'000'000);  // and use them
}

TEST(Scrimnet, OutputIsOnePlaneAsLargeAsAnyInput) {
  const Graph g = *Scrimnet(ScrimnetConfig());
  for (auto [width, height] : {std::pair{64, 64}, {96, 96}, {160, 96}, {256, 144}, {256, 256}, {33, 47}, {80, 48}}) {
    const auto shapes = InferShapes(g, height, width);
    ASSERT_TRUE(shapes.ok()) << shapes.status().message();
    EXPECT_EQ((*shapes)[static_cast<size_t>(g.output)], (Shape{1, height, width}));
  }
}

// Every switch changes the graph, and in the direction that its name promises.
TEST(Scrimnet, EverySwitchWorks) {
  const int64_t all = Macs(ScrimnetConfig(), 256, 144);
  auto without = [](auto change) {
    ScrimnetConfig c;
    change(c);
    return Macs(c, 256, 144);
  };
  EXPECT_LT(without([](auto& c) { c.skips = false; }), all);
  EXPECT_LT(without([](auto& c) { c.attention_gates = false; }), all);
  EXPECT_LT(without([](auto& c) { c.spatial_attention = false; }), all);
  EXPECT_LT(without([](auto& c) { c.aspp = false; }), all);
  EXPECT_LT(without([](auto& c) { c.refine_layers = 0; }), all);
  EXPECT_GT(without([](auto& c) { c.refine_layers = 3; }), all);
  EXPECT_LT(without([](auto& c) { c.previous_mask = false; }), all);
  EXPECT_GT(without([](auto& c) { c.separable = false; }), all);
  EXPECT_GT(without([](auto& c) { c.squeeze = 4; }), all);
  EXPECT_LT(without([](auto& c) { c.squeeze = 32; }), all);
  EXPECT_NE(without([](auto& c) { c.stem_stride = 2; }), all);
  EXPECT_GT(without([](auto& c) { c.stem_kernel = 7; }), all);
  EXPECT_GT(without([](auto& c) { c.deep_kernel = 7; }), all);
  EXPECT_GT(without([](auto& c) { c.blocks_8 += 1; }), all);

  ScrimnetConfig dropout;
  dropout.dropout = 0.1f;
  int dropouts = 0;
  const Graph dropped = *Scrimnet(dropout);
  for (const Node& node : dropped.nodes) dropouts += node.op == Op::kDropout;
  EXPECT_EQ(dropouts, 4);  // behind the bottom and three decoder steps
}

TEST(Scrimnet, RefusesBadConfigs) {
  for (auto change : {+[](ScrimnetConfig& c) { c.stem_stride = 3; }, +[](ScrimnetConfig& c) { c.stem_kernel = 4; },
                      +[](ScrimnetConfig& c) { c.squeeze = 0; }, +[](ScrimnetConfig& c) { c.width_8 = 0; },
                      +[](ScrimnetConfig& c) { c.deep_kernel = 4; }, +[](ScrimnetConfig& c) { c.blocks_8 = -1; },
                      +[](ScrimnetConfig& c) { c.dropout = 1.f; }}) {
    ScrimnetConfig config;
    change(config);
    EXPECT_FALSE(Scrimnet(config).ok());
  }
  EXPECT_EQ(ScrimnetPreset("huge").status().code(), Code::kNotFound);
}

TEST(Scrimnet, PresetsTakeChanges) {
  const auto config = ScrimnetPreset("default:squeeze=32,attention_gates=0,dropout=0.05,width_8=48");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->name, "default");
  EXPECT_EQ(config->squeeze, 32);
  EXPECT_FALSE(config->attention_gates);
  EXPECT_TRUE(config->spatial_attention);
  EXPECT_EQ(config->dropout, 0.05f);
  EXPECT_EQ(config->width_8, 48);
  for (const char* text :
       {"default:depth=3", "default:squeeze", "default:squeeze=", "default:squeeze=many", "default:=1"}) {
    const auto bad = ScrimnetPreset(text);
    ASSERT_FALSE(bad.ok()) << text;
    EXPECT_EQ(bad.status().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace scrim::graph
