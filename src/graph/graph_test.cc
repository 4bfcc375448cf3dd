#include "graph/graph.h"

#include <gtest/gtest.h>

#include "graph/testing.h"

namespace scrim::graph {
namespace {

// input (3 channels) -> conv 3×3 to 8, stride 2 -> relu -> resized back -> concat with the input
Graph Small() {
  Graph g;
  g.name = "small";
  Node input;
  input.name = "input", input.op = Op::kInput, input.channels = 3;
  Node conv;
  conv.name = "conv", conv.op = Op::kConv, conv.inputs = {0};
  conv.conv.out_channels = 8, conv.conv.kernel_h = conv.conv.kernel_w = 3, conv.conv.stride = 2, conv.conv.bias = true;
  conv.conv.pad_top = conv.conv.pad_left = conv.conv.pad_bottom = conv.conv.pad_right = 1;
  Node relu;
  relu.name = "relu", relu.op = Op::kRelu, relu.inputs = {1};
  Node up;
  up.name = "up", up.op = Op::kResize, up.inputs = {2, 0};
  Node join;
  join.name = "join", join.op = Op::kConcat, join.inputs = {3, 0};
  g.nodes = {input, conv, relu, up, join};
  g.output = 4;
  return g;
}

void ExpectError(const Graph& g, const std::string& node, const std::string& part) {
  const auto shapes = InferShapes(g, 16, 16);
  ASSERT_FALSE(shapes.ok());
  EXPECT_NE(shapes.status().message().find("'" + node + "'"), std::string::npos) << shapes.status().message();
  EXPECT_NE(shapes.status().message().find(part), std::string::npos) << shapes.status().message();
}

TEST(Graph, InfersShapes) {
  const auto shapes = InferShapes(Small(), 33, 20);
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ((*shapes)[1], (Shape{8, 17, 10}));
  EXPECT_EQ((*shapes)[4], (Shape{11, 33, 20}));
  EXPECT_EQ(ToString((*shapes)[4]), "11x33x20");
}

TEST(Graph, CountsMacsAndParameters) {
  const Graph g = Small();
  EXPECT_EQ(CountMacs(g, *InferShapes(g, 32, 32)), 8 * 16 * 16 * 3 * 9);
  EXPECT_EQ(CountParameters(g), 8 * 3 * 9 + 8);
}

TEST(Graph, NamesTheNodeAtFault) {
  Graph g = Small();
  g.nodes[1].conv.groups = 2;
  ExpectError(g, "conv", "groups");
  g = Small();
  g.nodes[1].conv.kernel_h = 25;
  ExpectError(g, "conv", "kernel is larger");
  g = Small();
  g.nodes[4].inputs = {2, 0};
  ExpectError(g, "join", "heights and widths differ");
  g = Small();
  g.nodes[2].inputs = {3};
  ExpectError(g, "relu", "does not come before");
  g = Small();
  g.nodes[2].inputs = {0, 1};
  ExpectError(g, "relu", "2 inputs");
  g = Small();
  g.nodes[2].name = "conv";
  ExpectError(g, "conv", "twice");
  g = Small();
  g.nodes[4].op = Op::kAdd;
  ExpectError(g, "join", "adds");
  g = Small();
  g.nodes[2].op = Op::kDropout, g.nodes[2].rate = 1.f;
  ExpectError(g, "relu", "rate");
  g = Small();
  g.nodes[2].op = static_cast<Op>(200);
  ExpectError(g, "relu", "unknown");
}

TEST(Graph, ChecksTheAttributesOfEveryOperation) {
  const Graph good = EveryOperation(1).graph;
  const auto shapes = InferShapes(good, 48, 64);
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ(shapes->back(), (Shape{1, 48, 64}));
  for (size_t i = 0; i < good.nodes.size(); ++i) {
    Graph bad = good;
    Node& node = bad.nodes[i];
    if (node.op == Op::kMaxPool) {
      EXPECT_EQ((*shapes)[i], (Shape{12, 12, 16}));
      node.conv.pad_top = 3;
      ExpectError(bad, node.name, "padding");
    } else if (node.op == Op::kSelect) {
      node.select[3] = 12;
      ExpectError(bad, node.name, "no channel 12");
      node.select.clear();
      ExpectError(bad, node.name, "selects 0");
    } else if (node.op == Op::kDepthToSpace) {
      node.block = 3;
      ExpectError(bad, node.name, "blocks of 3");
    } else if (node.op == Op::kMul) {
      node.inputs = {0, node.inputs[1]};
      ExpectError(bad, node.name, "multiplies");
    }
  }
}

TEST(Graph, RefusesImpossibleInputs) {
  EXPECT_FALSE(InferShapes(Small(), 0, 16).ok());
  EXPECT_FALSE(InferShapes(Small(), 16, 1 << 20).ok());
  EXPECT_FALSE(InferShapes(Graph{}, 16, 16).ok());
}

TEST(Graph, RefusesMoreValuesThanAnAddressReaches) {
  Graph g = Small();
  g.nodes[1].conv.out_channels = 16384, g.nodes[1].conv.stride = 1;
  g.nodes.resize(3), g.output = 2;
  EXPECT_TRUE(InferShapes(g, 128, 128).ok());
  const auto shapes = InferShapes(g, 129, 128);
  ASSERT_FALSE(shapes.ok());
  EXPECT_NE(shapes.status().message().find("16384x129x128"), std::string::npos) << shapes.status().message();
  // Padding lets sides grow from node to node.
  g = Small();
  g.nodes.resize(1);
  for (int i = 1; i < 20; ++i) {
    Node wider;
    wider.name = "wider" + std::to_string(i), wider.op = Op::kConv, wider.inputs = {i - 1};
    wider.conv.out_channels = 1, wider.conv.pad_left = wider.conv.pad_right = 1024;
    g.nodes.push_back(wider);
  }
  g.output = 7;
  EXPECT_FALSE(InferShapes(g, 16, 16).ok());
  g.nodes.resize(8);
  EXPECT_TRUE(InferShapes(g, 16, 16).ok());
}

TEST(Graph, ChecksWeights) {
  const Graph g = Small();
  Weights weights = RandomWeights(g, 1);
  EXPECT_TRUE(ValidateWeights(g, weights).ok());
  Weights missing = weights;
  missing.erase("conv.bias");
  EXPECT_NE(ValidateWeights(g, missing).message().find("conv.bias"), std::string::npos);
  Weights wrong = weights;
  wrong["conv.weight"].dims = {3, 8, 3, 3};
  EXPECT_FALSE(ValidateWeights(g, wrong).ok());
  Weights nan = weights;
  nan["conv.weight"].data[5] = NAN;
  EXPECT_FALSE(ValidateWeights(g, nan).ok());
  Weights surplus = weights;
  surplus["other"] = {{1}, {0.f}};
  EXPECT_FALSE(ValidateWeights(g, surplus).ok());
}

}  // namespace
}  // namespace scrim::graph
