#include "cpu/executor.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graph/scrimnet.h"
#include "graph/testing.h"
#include "network.h"

namespace scrim::train {
namespace {

using torch::Tensor;

double Error(const Tensor& a, const Tensor& exact) {
  return ((a.to(torch::kDouble) - exact).norm() / (exact.norm() + 1e-12)).item<double>();
}

enum class Use { kBatchStatistics, kFixedStatistics, kInference };

// Compares logits, gradients and statistics with libtorch's in double precision.
void Check(const graph::Graph& graph, int n, int h, int w, Use use, double tolerance) {
  SCOPED_TRACE(::testing::Message() << graph.name << " " << n << " of " << w << "x" << h << " use " << int(use));
  ASSERT_TRUE(cpu::Executor::Supports(graph));
  const graph::Weights weights = graph::RandomWeights(graph, 5);
  auto fast = Network::Create(graph, torch::kCPU), exact = Network::Create(graph, torch::kCPU, torch::kDouble);
  ASSERT_TRUE(fast.ok() && exact.ok());
  torch::manual_seed(2);
  const Tensor input = torch::rand({n, graph.input().channels, h, w}) * 2 - 1,
               d = torch::randn({n, graph::InferShapes(graph, h, w)->back().c, h, w});
  Tensor logits[2];
  for (Network* network : {&*fast, &*exact}) {
    ASSERT_TRUE(network->ImportWeights(weights).ok());
    network->FixStatistics(use == Use::kFixedStatistics);
    const torch::Dtype type = network->parameters().scalar_type();
    torch::manual_seed(3);  // for dropout
    torch::AutoGradMode record(use != Use::kInference);
    const Tensor out = network->Forward(input.to(type), use != Use::kInference, 0.1);
    if (use != Use::kInference) {
      network->gradients().fill_(0.125);  // gradients are added to
      out.backward(d.to(type));
    }
    logits[network == &*exact] = out.detach();
  }
  EXPECT_LT(Error(logits[0], logits[1]), tolerance);
  EXPECT_LT(Error(fast->statistics(), exact->statistics()), tolerance);
  EXPECT_LT(Error(fast->gradients() - 0.125, exact->gradients() - 0.125), tolerance);
}

// input -> what `add` makes of it -> a convolution to one channel -> probability.
template <typename Add>
graph::Graph Small(int channels, Add add) {
  graph::Graph g;
  g.name = "small";
  graph::Node input;
  input.name = "input", input.channels = channels;
  g.nodes.push_back(input);
  const auto push = [&](graph::Op op, std::vector<int> inputs, graph::ConvAttributes conv = {}) {
    graph::Node node;
    node.name = "node" + std::to_string(g.nodes.size()), node.op = op, node.inputs = std::move(inputs),
    node.conv = conv;
    node.rate = 0.4f;
    g.nodes.push_back(node);
    return int(g.nodes.size()) - 1;
  };
  const int out = add(push);
  graph::ConvAttributes head;
  head.out_channels = 1, head.bias = true;
  g.output = push(graph::Op::kSigmoid, {push(graph::Op::kResize, {push(graph::Op::kConv, {out}, head), 0})});
  return g;
}

graph::ConvAttributes Conv(int out, int kernel, int stride = 1, int groups = 1, int dilation = 1, bool bias = false) {
  graph::ConvAttributes a;
  a.out_channels = out, a.kernel_h = a.kernel_w = kernel, a.stride = stride, a.groups = groups, a.dilation = dilation;
  a.pad_top = a.pad_left = a.pad_bottom = a.pad_right = dilation * (kernel - 1) / 2;
  a.bias = bias;
  return a;
}

// A 1×1 convolution in front, so that what is looked at has a gradient to give.
void CheckConvolution(int in, const graph::ConvAttributes& conv, int n, int h, int w) {
  SCOPED_TRACE(::testing::Message() << in << "->" << conv.out_channels << " kernel " << conv.kernel_h << " stride "
                                    << conv.stride << " dilation " << conv.dilation << " groups " << conv.groups);
  Check(Small(3, [&](auto push) { return push(graph::Op::kConv, {push(graph::Op::kConv, {0}, Conv(in, 1))}, conv); }),
        n, h, w, Use::kBatchStatistics, 3e-6);
}

TEST(Executor, PointwiseConvolutions) {
  for (int in : {1, 2, 5, 17})
    for (int out : {1, 3, 7, 24}) {
      CheckConvolution(in, Conv(out, 1, 1, 1, 1, true), 2, 3, 5);
      CheckConvolution(in, Conv(out, 1), 3, 21, 33);
    }
}

TEST(Executor, DenseConvolutions) {
  for (int kernel : {1, 3, 5, 7})
    for (int stride : {1, 2, 4})
      for (int dilation : {1, 2}) {
        if (kernel == 1 && stride == 1) continue;
        CheckConvolution(3, Conv(8, kernel, stride, 1, dilation, true), 3, 9, 11);
        CheckConvolution(2, Conv(1, kernel, stride, 1, dilation), 2, 30, 70);
      }
  CheckConvolution(24, Conv(13, 3), 8, 4, 5);
}

TEST(Executor, DepthwiseAndGroupedConvolutions) {
  for (int kernel : {2, 3, 5, 7})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2, 3})
        for (const auto& [h, w] : {std::pair(1, 1), {4, 4}, {5, 8}, {17, 40}, {70, 9}})
          if (h + 2 * (dilation * (kernel - 1) / 2) > dilation * (kernel - 1) &&
              w + 2 * (dilation * (kernel - 1) / 2) > dilation * (kernel - 1))
            CheckConvolution(6, Conv(6, kernel, stride, 6, dilation), 8, h, w);
  CheckConvolution(6, Conv(9, 3, 1, 3), 2, 9, 7);
  CheckConvolution(4, Conv(8, 3, 2, 4), 2, 200, 150);
}

TEST(Executor, Operations) {
  using graph::Op;
  const auto check = [](auto add) {
    for (const Use use : {Use::kBatchStatistics, Use::kFixedStatistics, Use::kInference})
      for (const auto& [n, h, w] : {std::tuple(2, 5, 7), {3, 16, 20}})
        Check(Small(3, [&](auto push) { return add(push, push(Op::kConv, {0}, Conv(5, 3))); }), n, h, w, use, 1e-5);
  };
  for (const Op op : {Op::kRelu, Op::kSigmoid, Op::kHardSwish, Op::kDropout, Op::kBatchNorm, Op::kGlobalAvgPool,
                      Op::kChannelMean, Op::kChannelMax}) {
    SCOPED_TRACE(graph::OpName(op));
    check([&](auto push, int x) { return push(op, {x}); });
    check([&](auto push, int x) { return push(op, {push(op, {x})}); });
    // With another reader of what goes in, before and after it.
    check([&](auto push, int x) {
      const int y = push(Op::kConv, {x}, Conv(5, 1)), z = push(op, {x});
      const int sum = push(Op::kAdd, {y, push(Op::kConv, {x}, Conv(5, 1))});
      return push(Op::kConcat, {sum, push(Op::kResize, {z, x})});
    });
  }
  SCOPED_TRACE("several inputs");
  check([&](auto push, int x) { return push(Op::kRelu, {push(Op::kBatchNorm, {x})}); });
  check([&](auto push, int x) { return push(Op::kAdd, {x, x}); });
  check([&](auto push, int x) { return push(Op::kMul, {x, x}); });
  check([&](auto push, int x) { return push(Op::kMul, {x, push(Op::kConv, {x}, Conv(1, 3))}); });
  check([&](auto push, int x) { return push(Op::kMul, {x, push(Op::kGlobalAvgPool, {x})}); });
  check([&](auto push, int x) { return push(Op::kMul, {push(Op::kRelu, {x}), push(Op::kSigmoid, {x})}); });
  check([&](auto push, int x) { return push(Op::kConcat, {x, 0, x}); });
  check([&](auto push, int x) { return push(Op::kConcat, {push(Op::kConcat, {x, 0}), push(Op::kConcat, {0, x})}); });
  check([&](auto push, int x) {
    const int a = push(Op::kRelu, {x}), b = push(Op::kAdd, {a, x}), c = push(Op::kAdd, {b, a});
    return push(Op::kAdd, {push(Op::kRelu, {c}), b});
  });
  check([&](auto push, int x) {
    const int a = push(Op::kConcat, {x, 0});
    return push(Op::kAdd, {push(Op::kConv, {a}, Conv(5, 3)), push(Op::kConv, {push(Op::kRelu, {a})}, Conv(5, 1))});
  });
}

TEST(Executor, Resizing) {
  using graph::Op;
  for (const auto& [h, w] : {std::pair(1, 1), {2, 3}, {7, 9}, {16, 32}, {24, 10}})
    for (int stride : {1, 2, 3, 4})
      for (const bool align : {false, true}) {
        // Down and up again, by way of both directions' odd sizes.
        graph::Graph g = Small(3, [&](auto push) {
          const int x = push(Op::kConv, {0}, Conv(3, 3)), small = push(Op::kConv, {x}, Conv(3, 3, stride)),
                    down = push(Op::kResize, {x, small}), up = push(Op::kResize, {push(Op::kRelu, {down}), x});
          return push(Op::kConcat, {up, push(Op::kResize, {small, 0})});
        });
        for (graph::Node& node : g.nodes) node.align_corners = align;
        if (align && h == 1) continue;  // spread as it is
        Check(g, 2, h, w, Use::kBatchStatistics, 1e-5);
      }
}

TEST(Executor, WholeNetworks) {
  for (const char* preset : {"default", "published", "quality", "lite", "default:dropout=0.3,stem_width=8,separable=0",
                             "default:planes=3,refine_width=8"})
    for (const auto& [n, h, w] : {std::tuple(2, 128, 128), {6, 48, 80}, {5, 50, 75}})
      for (const Use use : {Use::kFixedStatistics, Use::kInference, Use::kBatchStatistics})
        // Batch norms with the batch's statistics make much of little, most so where few pixels are.
        Check(*graph::Scrimnet(*graph::ScrimnetPreset(preset)), n, h, w, use,
              use == Use::kBatchStatistics ? 3e-2 : 3e-5);
}

TEST(Executor, RefusesToGoBackTwice) {
  auto network = Network::Create(*graph::Scrimnet({}), torch::kCPU);
  network->Initialise(1);
  const Tensor input = torch::rand({1, 4, 32, 32}), first = network->Forward(input, true);
  network->Forward(input, true);
  EXPECT_THROW(first.sum().backward(), c10::Error);
}

}  // namespace
}  // namespace scrim::train
