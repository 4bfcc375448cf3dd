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

// The released presets, at the sizes that they are meant for.
TEST(Scrimnet, PresetsKeepTheirBudgets) {
  const struct {
    const char* name;
    int width, height;
    int64_t macs, parameters;
  } budgets[] = {{"lite", 160, 96, 15'000'000, 400'000},
                 {"default", 256, 144, 65'000'000, 450'000},
                 {"quality", 256, 256, 260'000'000, 2'000'000},
                 {"published", 256, 144, 45'000'000, 250'000}};
  for (const auto& b : budgets) {
    const auto config = ScrimnetPreset(b.name);
    ASSERT_TRUE(config.ok()) << config.status().message();
    const int64_t macs = Macs(*config, b.width, b.height), parameters = CountParameters(*Scrimnet(*config));
    std::printf("%s at %dx%d: %.1f MMAC, %lld parameters\n", b.name, b.width, b.height, double(macs) / 1e6,
                static_cast<long long>(parameters));
    EXPECT_LE(macs, b.macs) << b.name;
    EXPECT_LE(parameters, b.parameters) << b.name;
    EXPECT_GE(macs, b.macs * 3 / 4) << b.name << " leaves much of its budget unused";
  }
}

// Expand, depthwise, project: the widths between are `expand` times the block's input, and a residual joins equal ones.
TEST(Scrimnet, ExpandMakesInvertedResiduals) {
  const ScrimnetConfig config = ScrimnetPreset("default:expand=3,width_8=20").value();
  const Graph g = *Scrimnet(config);
  int projections = 0, residuals = 0;
  for (const Node& node : g.nodes) {
    if (node.name.find("enc8") == 0 && node.name.find("_project_norm") != std::string::npos) ++projections;
    if (node.name.find("enc8") == 0 && node.op == Op::kAdd) ++residuals;
    if (node.name == "enc8_block0_expand") EXPECT_EQ(node.conv.out_channels, 60);
    if (node.name == "enc8_block0_dw") EXPECT_EQ(node.conv.groups, 60);
    if (node.name == "enc8_block0_project") EXPECT_EQ(node.conv.out_channels, 20);
  }
  EXPECT_EQ(projections, config.blocks_8 + 1);
  EXPECT_EQ(residuals, config.blocks_8);
}

TEST(Scrimnet, OutputIsOnePlaneAsLargeAsAnyInput) {
  const Graph g = *Scrimnet(ScrimnetConfig());
  for (auto [width, height] : {std::pair{64, 64}, {96, 96}, {160, 96}, {256, 144}, {256, 256}, {33, 47}, {80, 48}}) {
    const auto shapes = InferShapes(g, height, width);
    ASSERT_TRUE(shapes.ok()) << shapes.status().message();
    EXPECT_EQ((*shapes)[static_cast<size_t>(g.output)], (Shape{1, height, width}));
  }
}

TEST(Scrimnet, HasAsManyPlanesAsItIsToldTo) {
  const Graph g = *Scrimnet(*ScrimnetPreset("default:planes=3"));
  EXPECT_EQ((*InferShapes(g, 48, 80))[static_cast<size_t>(g.output)], (Shape{3, 48, 80}));
  for (const char* text : {"default:planes=0", "default:planes=17"}) {
    const auto refused = Scrimnet(*ScrimnetPreset(text));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.status().message().find("planes: use 1 to 16"), std::string::npos);
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
  EXPECT_LT(without([](auto& c) { c.stem_width = 0; }), all);
  EXPECT_GT(without([](auto& c) { c.expand = 4; }), all);

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
                      +[](ScrimnetConfig& c) { c.dropout = 1.f; }, +[](ScrimnetConfig& c) { c.expand = -1; },
                      +[](ScrimnetConfig& c) { c.stem_width = -1; }}) {
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
