#include "graph/scrimnet.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

namespace scrim::graph {
namespace {

// Standard deviation of a convolution's weights in front of a batch norm: Kaiming's fan-out rule, at most 0.1. Larger
// weights under batch norm turn too slowly: their gradient shrinks with their length.
float NormalisedStd(int kernel, int out_channels) {
  return std::min(0.1f, std::sqrt(2.f / static_cast<float>(kernel * kernel * out_channels)));
}

// Adds nodes one after another; every method returns the index of the node that holds its result.
class Builder {
 public:
  explicit Builder(const ScrimnetConfig& config) : config_(config) { graph_.name = "scrimnet-" + config.name; }

  Graph Build() {
    const int input = Input(config_.previous_mask ? 4 : 3);
    const int half = ConvNormRelu("half", input, config_.width_2, 3, 2);
    const int quarter = config_.stem_width > 0 ? Separable("enc4", Stem(input, half), config_.width_4, 1)
                                               : Separable("enc4", half, config_.width_4, 2);
    int eighth = Block("enc8a", quarter, config_.width_8, 2, 3);
    if (config_.expand == 0) eighth = Block("enc8b", eighth, config_.width_8, 1, 3);
    for (int i = 0; i < config_.blocks_8; ++i)
      eighth = Block("enc8_block" + std::to_string(i), eighth, config_.width_8, 1, 3);
    int x = Block("enc16", eighth, config_.width_16, 2, config_.deep_kernel);
    for (int i = 0; i < config_.blocks_16; ++i) {
      const std::string id = std::to_string(i);
      x = Bottleneck("enc16_squeeze" + id, Block("enc16_block" + id, x, config_.width_16, 1, config_.deep_kernel));
    }
    const int sixteenth = x;
    x = Block("enc32", x, config_.width_32, 2, config_.deep_kernel);
    for (int i = 0; i < config_.blocks_32; ++i) {
      const std::string id = std::to_string(i);
      if ((i == 0) != (config_.expand > 0)) x = Block("enc32_block" + id, x, config_.width_32, 1, config_.deep_kernel);
      x = Bottleneck("enc32_squeeze" + id, x);
    }
    x = Dropout("bottom_dropout", config_.aspp ? Aspp(x) : ConvNormRelu("bottom", x, config_.bottom_width, 1, 1));
    x = Decode("dec16", x, sixteenth, config_.decoder_16, true, config_.deep_kernel);
    x = Decode("dec8", x, eighth, config_.decoder_8, true);
    x = Decode("dec4", x, quarter, config_.decoder_4, true);
    x = Decode("dec2", x, half, config_.decoder_2, false);
    graph_.output = Node1("probability", Op::kSigmoid, Refine(x, input));
    return std::move(graph_);
  }

 private:
  int Add(Node node) {
    graph_.nodes.push_back(std::move(node));
    return static_cast<int>(graph_.nodes.size()) - 1;
  }
  int Node1(const std::string& name, Op op, int a) {
    Node node;
    node.name = name, node.op = op, node.inputs = {a};
    return Add(std::move(node));
  }
  int NodeN(const std::string& name, Op op, std::vector<int> inputs) {
    Node node;
    node.name = name, node.op = op, node.inputs = std::move(inputs);
    return Add(std::move(node));
  }
  int Input(int channels) {
    Node node;
    node.name = "input", node.op = Op::kInput, node.channels = channels;
    return Add(std::move(node));
  }
  // Channels of a node's value; only convolutions and concatenations change them.
  int Channels(int index) const {
    const Node& node = graph_.nodes[static_cast<size_t>(index)];
    if (node.op == Op::kInput) return node.channels;
    if (node.op == Op::kConv) return node.conv.out_channels;
    if (node.op == Op::kChannelMean || node.op == Op::kChannelMax) return 1;
    if (node.op != Op::kConcat) return Channels(node.inputs[0]);
    int sum = 0;
    for (int input : node.inputs) sum += Channels(input);
    return sum;
  }

  int Conv(const std::string& name, int x, int out, int kernel, int stride, int groups, int dilation, Initializer init,
           bool bias) {
    Node node;
    node.name = name, node.op = Op::kConv, node.inputs = {x}, node.init = init;
    ConvAttributes& a = node.conv;
    a.out_channels = out, a.kernel_h = a.kernel_w = kernel, a.stride = stride, a.dilation = dilation, a.groups = groups,
    a.bias = bias;
    a.pad_top = a.pad_left = a.pad_bottom = a.pad_right = dilation * (kernel - 1) / 2;
    return Add(std::move(node));
  }
  // A convolution that no batch norm follows, with a bias.
  int BiasedConv(const std::string& name, int x, int out, int kernel, float weight_std, float bias) {
    return Conv(name, x, out, kernel, 1, 1, 1, {weight_std, bias, 1.f}, true);
  }
  int BatchNorm(const std::string& name, int x, float scale) {
    const int norm = Node1(name, Op::kBatchNorm, x);
    graph_.nodes.back().init.scale = scale;
    return norm;
  }
  int ConvNorm(const std::string& name, int x, int out, int kernel, int stride, int groups = 1, int dilation = 1,
               float scale = 1.f) {
    const int conv =
        Conv(name, x, out, kernel, stride, groups, dilation, {NormalisedStd(kernel, out), 0.f, 1.f}, false);
    return BatchNorm(name + "_norm", conv, scale);
  }
  int ConvNormRelu(const std::string& name, int x, int out, int kernel, int stride) {
    return Node1(name + "_relu", Op::kRelu, ConvNorm(name, x, out, kernel, stride));
  }
  int Resize(const std::string& name, int x, int like) { return NodeN(name, Op::kResize, {x, like}); }
  int Dropout(const std::string& name, int x) {
    if (config_.dropout <= 0.f) return x;
    const int node = Node1(name, Op::kDropout, x);
    graph_.nodes.back().rate = config_.dropout;
    return node;
  }

  // Depthwise and pointwise convolution, linear between the two; no activation behind them.
  int SeparableLinear(const std::string& name, int x, int out, int stride, float scale, int kernel) {
    if (!config_.separable) return ConvNorm(name + "_full", x, out, kernel, stride, 1, 1, scale);
    const int c = Channels(x);
    return ConvNorm(name + "_pw", ConvNorm(name + "_dw", x, c, kernel, stride, c), out, 1, 1, 1, 1, scale);
  }
  // The same with ReLU; residual when the shapes agree. A residual branch starts small (scale 0.1): a chain of 35 batch
  // norms and ReLUs without that explodes the gradient a hundredfold on its way back to the stem.
  int Separable(const std::string& name, int x, int out, int stride, int kernel = 3) {
    const bool residual = stride == 1 && Channels(x) == out;
    int y = SeparableLinear(name, x, out, stride, residual ? 0.1f : 1.f, kernel);
    if (residual) y = NodeN(name + "_add", Op::kAdd, {y, x});
    return Node1(name + "_relu", Op::kRelu, y);
  }
  int InvertedResidual(const std::string& name, int x, int out, int stride, int kernel) {
    const int c = Channels(x), wide = config_.expand * c;
    const bool residual = stride == 1 && c == out;
    int y = ConvNormRelu(name + "_expand", x, wide, 1, 1);
    y = Node1(name + "_dw_relu", Op::kRelu, ConvNorm(name + "_dw", y, wide, kernel, stride, wide));
    y = ConvNorm(name + "_project", y, out, 1, 1, 1, 1, residual ? 0.1f : 1.f);
    return residual ? NodeN(name + "_add", Op::kAdd, {y, x}) : y;
  }
  int Block(const std::string& name, int x, int out, int stride, int kernel) {
    return config_.expand > 0 ? InvertedResidual(name, x, out, stride, kernel)
                              : Separable(name, x, out, stride, kernel);
  }
  int Bottleneck(const std::string& name, int x) {
    const int c = Channels(x), narrow = std::max(4, c / config_.squeeze);
    int y = ConvNormRelu(name + "_in", x, narrow, 1, 1);
    y = ConvNormRelu(name + "_mid", y, narrow, 3, 1);
    y = ConvNorm(name + "_out", y, c, 1, 1, 1, 1, 0.1f);
    return Node1(name + "_relu", Op::kRelu, NodeN(name + "_add", Op::kAdd, {y, x}));
  }

  int Stem(int input, int half) {
    if (config_.stem_stride == 2) return ConvNormRelu("stem", half, config_.stem_width, 3, 2);
    return ConvNormRelu("stem", input, config_.stem_width, config_.stem_kernel, config_.stem_stride);
  }

  // Chen et al. 2017, DeepLab v3, with depthwise atrous convolutions.
  int Aspp(int x) {
    const int c = Channels(x), width = config_.aspp_width;
    std::vector<int> branches{ConvNormRelu("aspp_point", x, width, 1, 1)};
    for (int rate : {1, 2, 3}) {
      const std::string name = "aspp_rate" + std::to_string(rate);
      const int atrous = ConvNorm(name + "_dw", x, c, 3, 1, c, rate);
      branches.push_back(ConvNormRelu(name + "_pw", atrous, width, 1, 1));
    }
    const int mean = Node1("aspp_mean", Op::kGlobalAvgPool, x);
    const int pooled = BiasedConv("aspp_pooled", mean, width, 1, 1.f / std::sqrt(static_cast<float>(c)), 0.f);
    branches.push_back(Resize("aspp_spread", Node1("aspp_pooled_relu", Op::kRelu, pooled), x));
    return ConvNormRelu("aspp_join", NodeN("aspp_concat", Op::kConcat, branches), config_.bottom_width, 1, 1);
  }

  // The skip weighted by how well it agrees with the coarser level. Computed at the coarse resolution, as in the paper;
  // only the one-channel result is upsampled. Halving by bilinear resize averages 2×2 pixels.
  int Gate(const std::string& name, int skip, int coarse) {
    const int c = Channels(skip), g = Channels(coarse), mid = std::max(4, c / 2);
    const int theta = Conv(name + "_theta", Resize(name + "_small", skip, coarse), mid, 1, 1, 1, 1,
                           {1.f / std::sqrt(static_cast<float>(c)), 0.f, 1.f}, false);
    const int phi = BiasedConv(name + "_phi", coarse, mid, 1, 1.f / std::sqrt(static_cast<float>(g)), 0.f);
    const int agree = Node1(name + "_relu", Op::kRelu, NodeN(name + "_sum", Op::kAdd, {theta, phi}));
    // Starts at sigmoid(1), nearly open, and far from saturation.
    const int psi = BiasedConv(name + "_psi", agree, 1, 1, 0.1f / std::sqrt(static_cast<float>(mid)), 1.f);
    const int weight = Node1(name + "_sigmoid", Op::kSigmoid, Resize(name + "_up", psi, skip));
    return NodeN(name + "_mul", Op::kMul, {skip, weight});
  }

  int SpatialAttention(const std::string& name, int x) {
    const int pooled = NodeN(name + "_pool", Op::kConcat,
                             {Node1(name + "_mean", Op::kChannelMean, x), Node1(name + "_max", Op::kChannelMax, x)});
    const int map = Node1(name + "_sigmoid", Op::kSigmoid, BiasedConv(name + "_map", pooled, 1, 7, 0.05f, 1.f));
    return NodeN(name + "_mul", Op::kMul, {x, map});
  }

  // Reduce at the coarse level, resize, join the gated skip, mix; the reduced features are the residual. No ReLU behind
  // the reduction: it costs ten points of IoU in the overfit check.
  int Decode(const std::string& name, int coarse, int skip, int out, bool attend, int kernel = 3) {
    const int reduced = ConvNorm(name + "_reduce", coarse, out, 1, 1);
    const int up = Resize(name + "_up", reduced, skip);
    int x = up;
    if (config_.skips) {
      const int gated = config_.attention_gates ? Gate(name + "_gate", skip, coarse) : skip;
      x = NodeN(name + "_concat", Op::kConcat, {up, gated});
    }
    const int mixed = SeparableLinear(name, x, out, 1, 0.1f, kernel);
    x = Node1(name + "_relu", Op::kRelu, NodeN(name + "_add", Op::kAdd, {mixed, up}));
    if (config_.spatial_attention && attend) x = SpatialAttention(name + "_attend", x);
    return attend ? Dropout(name + "_dropout", x) : x;
  }

  // DenseNet layers (Huang et al. 2017) on the upsampled features and the input itself, as deep matting refines its
  // alpha (Xu et al. 2017). The last 1×1 convolution is the head: logits.
  int Refine(int x, int input) {
    x = Resize("refine_up", ConvNormRelu("refine_reduce", x, config_.refine_width, 1, 1), input);
    for (int i = 0; i < config_.refine_layers; ++i) {
      const std::string name = "refine" + std::to_string(i);
      if (i == 0) x = NodeN("refine_input", Op::kConcat, {x, input});
      const int layer = ConvNormRelu(name, x, config_.refine_growth, 3, 1);
      x = NodeN(name + "_concat", Op::kConcat, {x, layer});
    }
    return BiasedConv("head", x, config_.planes, 1, 0.1f / std::sqrt(static_cast<float>(Channels(x))), 0.f);
  }

  ScrimnetConfig config_;
  Graph graph_;
};

Status Validate(const ScrimnetConfig& c) {
  auto bad = [&](const char* field, const char* remedy) {
    return InvalidArgument("scrimnet config '" + c.name + "', " + field + ": " + remedy);
  };
  for (int width : {c.width_2, c.width_4, c.width_8, c.width_16, c.width_32, c.aspp_width, c.bottom_width, c.decoder_16,
                    c.decoder_8, c.decoder_4, c.decoder_2, c.refine_width, c.refine_growth})
    if (width < 1 || width > 4096) return bad("widths", "use 1 to 4096 channels");
  if (c.stem_width < 0 || c.stem_width > 4096) return bad("stem_width", "use 0 to 4096 channels");
  if (c.expand < 0 || c.expand > 16) return bad("expand", "use 1 to 16, or 0 for separable convolutions");
  if (c.stem_stride != 2 && c.stem_stride != 4) return bad("stem_stride", "use 2 or 4");
  for (const auto& [field, kernel] : {std::pair("stem_kernel", c.stem_kernel), {"deep_kernel", c.deep_kernel}})
    if (kernel < 3 || kernel > 15 || kernel % 2 == 0) return bad(field, "use an odd number from 3 to 15");
  if (c.squeeze < 1) return bad("squeeze", "use 1 or more");
  for (int blocks : {c.blocks_8, c.blocks_16, c.blocks_32})
    if (blocks < 0 || blocks > 64) return bad("blocks", "use 0 to 64");
  if (c.planes < 1 || c.planes > 16) return bad("planes", "use 1 to 16");
  if (c.refine_layers < 0 || c.refine_layers > 8) return bad("refine_layers", "use 0 to 8");
  if (!(c.dropout >= 0.f && c.dropout < 1.f)) return bad("dropout", "use 0 or more and less than 1");
  return {};
}

// NAME=NUMBER
Status SetField(const std::string& assignment, ScrimnetConfig& c) {
  const std::map<std::string, int*> numbers{{"width_2", &c.width_2},
                                            {"stem_width", &c.stem_width},
                                            {"width_4", &c.width_4},
                                            {"width_8", &c.width_8},
                                            {"width_16", &c.width_16},
                                            {"width_32", &c.width_32},
                                            {"blocks_8", &c.blocks_8},
                                            {"blocks_16", &c.blocks_16},
                                            {"blocks_32", &c.blocks_32},
                                            {"aspp_width", &c.aspp_width},
                                            {"bottom_width", &c.bottom_width},
                                            {"decoder_16", &c.decoder_16},
                                            {"decoder_8", &c.decoder_8},
                                            {"decoder_4", &c.decoder_4},
                                            {"decoder_2", &c.decoder_2},
                                            {"stem_kernel", &c.stem_kernel},
                                            {"stem_stride", &c.stem_stride},
                                            {"deep_kernel", &c.deep_kernel},
                                            {"expand", &c.expand},
                                            {"planes", &c.planes},
                                            {"squeeze", &c.squeeze},
                                            {"refine_layers", &c.refine_layers},
                                            {"refine_growth", &c.refine_growth},
                                            {"refine_width", &c.refine_width}};
  const std::map<std::string, bool*> switches{{"previous_mask", &c.previous_mask},
                                              {"separable", &c.separable},
                                              {"aspp", &c.aspp},
                                              {"skips", &c.skips},
                                              {"attention_gates", &c.attention_gates},
                                              {"spatial_attention", &c.spatial_attention}};
  const size_t equals = std::min(assignment.find('='), assignment.size());
  const std::string name = assignment.substr(0, equals),
                    text = assignment.substr(std::min(equals + 1, assignment.size()));
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(std::abs(value) < 1e6))
    return InvalidArgument("scrimnet config, '" + assignment + "': wanted is FIELD=NUMBER");
  if (const auto number = numbers.find(name); number != numbers.end()) {
    *number->second = static_cast<int>(value);
  } else if (const auto flag = switches.find(name); flag != switches.end()) {
    *flag->second = value != 0;
  } else if (name == "dropout") {
    c.dropout = static_cast<float>(value);
  } else {
    return InvalidArgument("scrimnet config: there is no field '" + name + "'");
  }
  return {};
}

}  // namespace

StatusOr<ScrimnetConfig> ScrimnetPreset(const std::string& text) {
  const size_t colon = std::min(text.find(':'), text.size());
  ScrimnetConfig config;
  config.name = text.substr(0, colon);
  if (config.name != "published") {
    config.width_2 = 16, config.stem_width = 0, config.width_4 = 16;
    config.width_8 = 32, config.width_16 = 64, config.width_32 = 128;
    config.expand = 3, config.deep_kernel = 5, config.squeeze = 4;
    config.blocks_8 = 2, config.blocks_16 = 4, config.blocks_32 = 2;
    config.aspp_width = 32;
    config.refine_layers = 0, config.refine_width = 3;
  }
  if (config.name == "lite") {
    config.width_2 = 8, config.width_8 = 24, config.width_16 = 40, config.width_32 = 96;
    config.aspp_width = 24, config.bottom_width = 96;
    config.decoder_16 = 48, config.decoder_8 = 32;
  } else if (config.name == "quality") {
    config.width_2 = 24, config.width_4 = 32, config.width_8 = 48, config.width_16 = 96, config.width_32 = 176;
    config.blocks_16 = 5, config.aspp_width = 48, config.bottom_width = 160;
    config.decoder_16 = 80, config.decoder_8 = 56, config.decoder_4 = 24, config.decoder_2 = 16;
  }
  if (config.name != "published" && config.name != "lite" && config.name != "default" && config.name != "quality")
    return NotFound("there is no scrimnet preset '" + config.name + "'; use lite, default, quality or published");
  for (size_t begin = colon + 1; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    SCRIM_RETURN_IF_ERROR(SetField(text.substr(begin, end - begin), config));
    begin = end + 1;
  }
  return config;
}

StatusOr<Graph> Scrimnet(const ScrimnetConfig& config) {
  SCRIM_RETURN_IF_ERROR(Validate(config));
  return Builder(config).Build();
}

}  // namespace scrim::graph
