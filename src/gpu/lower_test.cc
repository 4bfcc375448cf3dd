#include "gpu/lower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gpu/testing.h"
#include "graph/scrimnet.h"
#include "graph/testing.h"
#include "nn/testing.h"

namespace scrim::gpu {
namespace {

Plan PlanOf(const graph::Model& model, graph::Density density, bool halves = false) {
  auto plan = LowerNetwork(model, density, {halves});
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? *std::move(plan) : Plan();
}

TEST(LowerNetwork, EveryPresetBecomesAValidPlan) {
  for (const char* name : {"lite", "default", "quality", "published"}) {
    SCOPED_TRACE(name);
    const graph::Model model = graph::RandomModel(*graph::ScrimnetPreset(name), 1);
    for (const graph::Density density : {graph::Density{256, 144}, graph::Density{161, 95}}) {
      const Plan plan = PlanOf(model, density);
      EXPECT_TRUE(plan.unsupported.empty());
      ExpectValid(plan);
    }
  }
  const Plan plan = PlanOf(graph::EveryOperation(1), {63, 47});
  EXPECT_TRUE(plan.unsupported.empty());
  ExpectValid(plan);
}

TEST(LowerNetwork, OfSeveralPlanesThePersonsComesOut) {
  graph::Model model = graph::RandomModel(*graph::ScrimnetPreset("default:planes=3"), 1);
  model.planes = {"person", "hair", "skin"};
  const Plan plan = PlanOf(model, {64, 48});
  EXPECT_TRUE(plan.unsupported.empty());
  ExpectValid(plan);
  const Plan alone = PlanOf(graph::RandomModel(*graph::ScrimnetPreset("default"), 1), {64, 48});
  const auto size = [](const Plan& p) { return p.buffers[static_cast<size_t>(p.named.at("output"))].bytes; };
  EXPECT_EQ(size(plan), size(alone));
}

TEST(LowerNetwork, ConcatenationsTakeSlotsWhereTheyCan) {
  const auto copies = [](const graph::Graph& graph) {
    const Plan plan = PlanOf(nn::RandomModel(graph, 1), {16, 16});
    ExpectValid(plan);
    return std::count_if(plan.dispatches.begin(), plan.dispatches.end(),
                         [&](const Dispatch& d) { return plan.kernels[static_cast<size_t>(d.kernel)].name == "copy"; });
  };
  nn::GraphBuilder apart("apart", 4);
  apart.Conv(apart.Concat({apart.Conv(0, 8, 1), apart.Conv(0, 6, 3)}), 1, 1);
  EXPECT_EQ(copies(apart.graph()), 0);
  nn::GraphBuilder odd("odd", 4);
  odd.Conv(odd.Concat({odd.Conv(0, 3, 1), odd.Conv(0, 8, 3)}), 1, 1);
  EXPECT_EQ(copies(odd.graph()), 2);
  nn::GraphBuilder dense("dense", 4);  // the second input is made of the first
  const int first = dense.Conv(0, 8, 1);
  dense.Conv(dense.Concat({first, dense.Conv(first, 8, 3)}), 1, 1);
  EXPECT_EQ(copies(dense.graph()), 1);
}

TEST(LowerNetwork, BuffersAreUsedAgain) {
  const graph::Model model = graph::RandomModel(*graph::ScrimnetPreset("default"), 1);
  const Plan plan = PlanOf(model, {256, 144});
  EXPECT_LE(plan.buffers.size(), 14u);
  size_t bytes = 0;
  for (const Buffer& buffer : plan.buffers) bytes += buffer.constant ? 0 : buffer.bytes;
  EXPECT_LE(bytes, size_t{6} << 20);
}

TEST(LowerNetwork, HalvesHalveWhatIsMoved) {
  const graph::Model model = graph::RandomModel(*graph::ScrimnetPreset("default"), 1);
  const Plan floats = PlanOf(model, {256, 144}), halves = PlanOf(model, {256, 144}, true);
  EXPECT_LE(halves.bytes_moved, floats.bytes_moved * 6 / 10);
  EXPECT_LE(halves.constants.size(), floats.constants.size() * 6 / 10);
}

TEST(LowerNetwork, NamesWhatIsTooLarge) {
  nn::GraphBuilder b("large", 3);
  b.Conv(b.Conv(0, 64, 1), 1, 1);
  const Plan plan = PlanOf(nn::RandomModel(b.graph(), 1), {1024, 1024});
  ASSERT_EQ(plan.unsupported.size(), 2u);  // who writes it and who reads it
  EXPECT_EQ(plan.unsupported[0], "conv1: a value of more than 128 MiB");
  EXPECT_TRUE(plan.dispatches.empty());
}

TEST(ToJson, EscapesNames) {
  Plan plan;
  plan.unsupported = {"a \"name\"\\\n\x01"};
  EXPECT_NE(ToJson(plan).find("\"unsupported\":[\"a \\\"name\\\"\\\\\\n\\u0001\"]"), std::string::npos);
}

}  // namespace
}  // namespace scrim::gpu
