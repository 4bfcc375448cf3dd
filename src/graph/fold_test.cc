#include "graph/fold.h"

#include <gtest/gtest.h>

#include <random>

#include "graph/testing.h"
#include "nn/program.h"

namespace scrim::graph {
namespace {

TEST(Fold, ComputesTheSameWithoutBatchNorm) {
  ScrimnetConfig config;
  config.dropout = 0.1f;
  const Model before = RandomModel(config, 3);
  Model after = before;
  FoldForInference(after.graph, after.weights);
  for (const Node& node : after.graph.nodes) {
    EXPECT_NE(node.op, Op::kBatchNorm) << node.name;
    EXPECT_NE(node.op, Op::kDropout) << node.name;
  }
  ASSERT_TRUE(ValidateWeights(after.graph, after.weights).ok());

  const int width = 64, height = 48;
  std::vector<float> input(static_cast<size_t>(width * height * 4));
  std::mt19937 random(5);
  for (float& v : input) v = std::uniform_real_distribution<float>(-1, 1)(random);
  const auto a = nn::RunReference(before.graph, before.weights, height, width, input);
  const auto b = nn::RunReference(after.graph, after.weights, height, width, input);
  ASSERT_TRUE(a.ok() && b.ok());
  const auto& x = (*a)[static_cast<size_t>(before.graph.output)];
  const auto& y = (*b)[static_cast<size_t>(after.graph.output)];
  ASSERT_EQ(x.size(), y.size());
  for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(x[i], y[i], 1e-5f);
}

// A convolution that is read twice keeps its batch norm: the other reader wants the bare value.
TEST(Fold, LeavesSharedConvolutionsAlone) {
  Graph g;
  g.name = "shared";
  Node input, conv, norm, sum;
  input.name = "input", input.op = Op::kInput, input.channels = 2;
  conv.name = "conv", conv.op = Op::kConv, conv.inputs = {0}, conv.conv.out_channels = 2;
  norm.name = "norm", norm.op = Op::kBatchNorm, norm.inputs = {1};
  sum.name = "sum", sum.op = Op::kAdd, sum.inputs = {1, 2};
  g.nodes = {input, conv, norm, sum};
  g.output = 3;
  Weights weights = RandomWeights(g, 1);
  FoldForInference(g, weights);
  EXPECT_EQ(g.nodes.size(), 4u);
  EXPECT_EQ(weights.count("norm.scale"), 1u);
}

}  // namespace
}  // namespace scrim::graph
