// gpu_cases OUT floats|halves|both MODEL...: networks for web/tests/gpu.test.mjs, each as the plan that a GPU runs, its
// input, and what the reference says, in OUT.json and OUT.bin: small ones for every operation, and model files at their
// own sizes.
#include <cstdio>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/file.h"
#include "gpu/lower.h"
#include "graph/scrimnet.h"
#include "graph/testing.h"
#include "nn/testing.h"

namespace scrim {
namespace {

using graph::Op;
using nn::GraphBuilder;

class Cases {
 public:
  Status Write(const std::string& path) const {
    SCRIM_RETURN_IF_ERROR(WriteText(path + ".json", "[" + json_ + "]"));
    return WriteText(path + ".bin", bytes_);
  }

  // precisions: in floats (false), in halves (true), or in both.
  Status Add(const std::string& name, const graph::Model& model, int width, int height,
             std::initializer_list<bool> precisions) {
    SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Shape> shapes, graph::InferShapes(model.graph, height, width));
    const std::vector<float> input = nn::RandomFloats(static_cast<size_t>(shapes[0].size()), 5);
    SCRIM_ASSIGN_OR_RETURN(const auto values, nn::RunReference(model.graph, model.weights, height, width, input));
    const std::vector<float>& planes = values[static_cast<size_t>(model.graph.output)];
    std::vector<float> expected;
    for (size_t i = 0; i < planes.size(); i += model.planes.size()) expected.push_back(planes[i]);
    for (const bool halves : precisions) {
      SCRIM_ASSIGN_OR_RETURN(const gpu::Plan plan, gpu::LowerNetwork(model, {width, height}, {halves}));
      json_ += std::string(json_.empty() ? "" : ",\n") + "{\"name\":\"" + name + (halves ? ", halves" : "") +
               "\",\"halves\":" + (halves ? "true" : "false") + ",\"constants\":" + Keep(plan.constants) +
               ",\"input\":" + Keep(input) + ",\"expected\":" + Keep(expected) + ",\"plan\":" + ToJson(plan) + "}";
    }
    return {};
  }
  Status Add(const std::string& name, const GraphBuilder& builder, int width, int height) {
    return Add(name, nn::RandomModel(const_cast<GraphBuilder&>(builder).graph(), 1), width, height, {false});
  }

 private:
  template <typename T>
  std::string Keep(const std::vector<T>& values) {
    const std::string at = "[" + std::to_string(bytes_.size()) + "," + std::to_string(values.size() * sizeof(T)) + "]";
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    return at;
  }
  static Status WriteText(const std::string& path, const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return IoError(path + ": cannot be written");
    const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    return std::fclose(file) == 0 && whole ? Status() : IoError(path + ": cannot be written");
  }

  std::string json_, bytes_;
};

graph::ConvAttributes Window(int channels, int height, int width, int stride, int dilation, int groups) {
  graph::ConvAttributes a;
  a.out_channels = channels, a.kernel_h = height, a.kernel_w = width, a.stride = stride, a.dilation = dilation;
  a.groups = groups, a.bias = true;
  a.pad_top = a.pad_bottom = dilation * (height - 1) / 2, a.pad_left = 1, a.pad_right = dilation * (width - 1) / 2;
  return a;
}

Status AddOperations(Cases& cases) {
  struct Shape {
    const char* name;
    int channels;
    graph::ConvAttributes window;
  };
  for (const Shape& shape : std::vector<Shape>{{"conv 3x3 stride 2", 4, Window(16, 3, 3, 2, 1, 1)},
                                               {"conv 5x3 of odd channels", 5, Window(7, 5, 3, 1, 1, 1)},
                                               {"conv 3x3 dilation 2", 9, Window(3, 3, 3, 1, 2, 1)},
                                               {"conv 7x7 of two channels", 2, Window(1, 7, 7, 1, 1, 1)},
                                               {"conv of two groups", 10, Window(6, 3, 3, 1, 1, 2)},
                                               {"depthwise 5x5 stride 2", 6, Window(6, 5, 5, 2, 1, 6)},
                                               {"depthwise 3x3 dilation 3", 8, Window(8, 3, 3, 1, 3, 8)}}) {
    GraphBuilder b(shape.name, shape.channels);
    b.ConvOf(0, shape.window);
    SCRIM_RETURN_IF_ERROR(cases.Add(shape.name, b, 13, 11));
  }
  for (Op op : {Op::kRelu, Op::kSigmoid, Op::kHardSwish, Op::kPRelu, Op::kChannelMean, Op::kChannelMax,
                Op::kGlobalAvgPool, Op::kBatchNorm}) {
    GraphBuilder b(graph::OpName(op), 7);
    b.Unary(op, b.Conv(0, 10, 1));
    SCRIM_RETURN_IF_ERROR(cases.Add(std::string(graph::OpName(op)) + " of 10 channels", b, 9, 7));
  }
  GraphBuilder alone("alone", 3);
  alone.Unary(Op::kSigmoid, 0);
  SCRIM_RETURN_IF_ERROR(cases.Add("sigmoid of the input", alone, 9, 7));
  {
    GraphBuilder b("residual", 5);
    const int a = b.Conv(0, 6, 3);
    b.Unary(Op::kRelu, b.Add(b.Conv(a, 6, 1), a));
    SCRIM_RETURN_IF_ERROR(cases.Add("residual, then ReLU", b, 10, 5));
    GraphBuilder c("residual", 5);
    const int first = c.Conv(0, 6, 3);
    c.Add(c.Unary(Op::kRelu, c.Conv(first, 6, 3)), first);
    SCRIM_RETURN_IF_ERROR(cases.Add("ReLU, then residual", c, 10, 5));
  }
  {
    GraphBuilder b("resize", 3);
    const int half = b.ConvStride(0, 8, 3, 2);
    const int quarter = b.ConvStride(half, 8, 3, 2);
    b.Unary(Op::kSigmoid, b.Resize(b.Add(b.Resize(quarter, half), half), 0));
    SCRIM_RETURN_IF_ERROR(cases.Add("resize up", b, 15, 9));
    GraphBuilder c("resize", 6);
    c.Resize(0, c.ConvStride(0, 4, 3, 2));
    SCRIM_RETURN_IF_ERROR(cases.Add("resize down", c, 15, 9));
  }
  {
    GraphBuilder b("concat", 4);
    const int a = b.Conv(0, 8, 1), c = b.Conv(0, 3, 1), d = b.Conv(0, 6, 1);
    const int joined = b.Concat({a, c, 0, d});
    b.Conv(b.Concat({joined, a}), 5, 3);
    SCRIM_RETURN_IF_ERROR(cases.Add("concatenations of any channels", b, 11, 6));
    GraphBuilder dense("dense", 4);
    int all = 0;
    for (int i = 0; i < 3; ++i) all = dense.Concat({all, dense.Unary(Op::kRelu, dense.Conv(all, 4, 3))});
    dense.Conv(all, 1, 1);
    SCRIM_RETURN_IF_ERROR(cases.Add("dense layers", dense, 11, 6));
    GraphBuilder stats("attention", 4);
    const int features = stats.Conv(0, 12, 3);
    const int both = stats.Concat({stats.Unary(Op::kChannelMean, features), stats.Unary(Op::kChannelMax, features)});
    stats.Mul(features, stats.Unary(Op::kSigmoid, stats.Conv(both, 1, 7)));
    SCRIM_RETURN_IF_ERROR(cases.Add("spatial attention", stats, 12, 7));
  }
  return {};
}

Status Run(const std::string& out, const std::string& precision, const std::vector<std::string>& models) {
  Cases cases;
  SCRIM_RETURN_IF_ERROR(AddOperations(cases));
  SCRIM_RETURN_IF_ERROR(cases.Add("every operation", graph::EveryOperation(3), 63, 47, {false, true}));
  SCRIM_ASSIGN_OR_RETURN(const graph::ScrimnetConfig published, graph::ScrimnetPreset("published"));
  SCRIM_RETURN_IF_ERROR(cases.Add("published scrimnet", graph::RandomModel(published, 7), 95, 53, {false}));
  SCRIM_ASSIGN_OR_RETURN(const graph::ScrimnetConfig parts, graph::ScrimnetPreset("default:planes=3"));
  graph::Model model = graph::RandomModel(parts, 8);
  model.planes = {"person", "hair", "skin"};
  SCRIM_RETURN_IF_ERROR(cases.Add("three planes", model, 64, 48, {false}));
  for (const std::string& path : models) {
    SCRIM_ASSIGN_OR_RETURN(const graph::Model model, graph::LoadModel(path));
    const auto add = [&](std::initializer_list<bool> precisions) {
      return cases.Add("model " + model.name, model, model.density.width, model.density.height, precisions);
    };
    if (precision != "halves") SCRIM_RETURN_IF_ERROR(add({false}));
    if (precision != "floats") SCRIM_RETURN_IF_ERROR(add({true}));
  }
  return cases.Write(out);
}

}  // namespace
}  // namespace scrim

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "gpu_cases OUT floats|halves|both MODEL...\n");
    return 1;
  }
  const scrim::Status status = scrim::Run(argv[1], argv[2], {argv + 3, argv + argc});
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
