#include "nn/quantisation/quantise_model.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <utility>

#include "graph/fold.h"
#include "nn/kernels/depthwise_int8.h"
#include "nn/program.h"

namespace scrim::nn {
namespace {

using graph::Node;
using graph::Op;
using graph::Precision;

size_t Size(int i) { return static_cast<size_t>(i); }

// What a node's value was seen to hold.
struct Observation {
  float low = 0.f, high = 0.f;
  std::vector<float> sample;
  std::vector<double> mean;  // of each channel
};

std::vector<float> InputOf(const graph::Model& model, std::vector<float> input, const std::vector<float>* mask) {
  const auto channels = Size(model.graph.input().channels);
  if (model.previous_mask)
    for (size_t i = 0; i < input.size() / channels; ++i) input[i * channels + 3] = mask == nullptr ? 0.f : (*mask)[i];
  return input;
}

// Of channels-last values.
std::vector<float> FirstPlane(const std::vector<float>& values, int planes) {
  std::vector<float> first;
  for (size_t i = 0; i < values.size(); i += Size(planes)) first.push_back(values[i]);
  return first;
}

// Runs the float model node by node.
StatusOr<std::vector<Observation>> Observe(const graph::Model& model, const std::vector<std::vector<float>>& inputs,
                                           const std::vector<graph::Shape>& shapes, const QuantiseOptions& options) {
  std::vector<Observation> seen(model.graph.nodes.size());
  std::mt19937 random(1);
  double runs = 0;
  for (size_t k = 0; k < inputs.size(); ++k) {
    std::vector<float> mask;
    for (int round = 0; round < (model.previous_mask ? 2 : 1); ++round, ++runs) {
      SCRIM_ASSIGN_OR_RETURN(const auto values,
                             RunReference(model.graph, model.weights, model.density.height, model.density.width,
                                          InputOf(model, inputs[k], round == 0 ? nullptr : &mask)));
      for (size_t n = 0; n < seen.size(); ++n) {
        const std::vector<float>& value = values[n];
        const size_t channels = Size(shapes[n].c), pixels = value.size() / channels;
        seen[n].mean.resize(channels);
        for (size_t i = 0; i < value.size(); ++i) {
          seen[n].low = std::min(seen[n].low, value[i]);
          seen[n].high = std::max(seen[n].high, value[i]);
          seen[n].mean[i % channels] += double{value[i]} / double(pixels);
        }
        std::uniform_int_distribution<size_t> any(0, value.size() - 1);
        for (int i = 0; i < options.samples_per_value; ++i) seen[n].sample.push_back(value[any(random)]);
      }
      mask = options.show(FirstPlane(values[Size(model.graph.output)], shapes[Size(model.graph.output)].c));
    }
    if (k % 16 == 15) options.report("seen " + std::to_string(k + 1) + " of " + std::to_string(inputs.size()));
  }
  for (Observation& o : seen)
    for (double& mean : o.mean) mean /= runs;
  return seen;
}

Precision RangeOf(float low, float high) {
  Precision p;
  p.scale = std::max(high - low, 1e-6f) / 255.f;
  p.zero_point = static_cast<uint8_t>(std::clamp(std::nearbyint(-low / p.scale), 0.f, 255.f));
  return p;
}

double SquaredError(const std::vector<float>& sample, const Precision& p) {
  double error = 0;
  const auto zero = static_cast<float>(p.zero_point);
  for (float v : sample) {
    const float byte = std::clamp(std::nearbyint(v / p.scale + zero), 0.f, 255.f);
    const double difference = double{v} - double{(byte - zero) * p.scale};
    error += difference * difference;
  }
  return error;
}

// Shrinks both ends together, then each by itself.
Precision BestRange(const Observation& seen) {
  float low = 1.f, high = 1.f;
  double best = INFINITY;
  auto attempt = [&](float a, float b) {
    const double error = SquaredError(seen.sample, RangeOf(seen.low * a, seen.high * b));
    if (error < best) best = error, low = a, high = b;
  };
  for (float s = 1.f; s > 0.15f; s *= 0.95f) attempt(s, s);
  const float both_low = low, both_high = high;
  for (float s = 1.3f; s > 0.7f; s *= 0.95f) {
    attempt(std::min(both_low * s, 1.f), both_high);
    attempt(both_low, std::min(both_high * s, 1.f));
  }
  return RangeOf(seen.low * low, seen.high * high);
}

class Quantiser {
 public:
  Quantiser(graph::Model model, const std::vector<Observation>& seen, const std::vector<graph::Shape>& shapes)
      : model_(std::move(model)), seen_(seen), shapes_(shapes) {}

  graph::Model Run() {
    model_.precision.resize(model_.graph.nodes.size());
    for (size_t n = 0; n < model_.graph.nodes.size(); ++n) SetRange(n);
    for (size_t n = 0; n < model_.graph.nodes.size(); ++n) model_.precision[n].int8 = true;
    for (const Node& node : model_.graph.nodes)
      if (node.op == Op::kConv) RoundWeights(node);
    return std::move(model_);
  }

 private:
  // Nodes that only move values keep the range of what they move.
  void SetRange(size_t n) {
    const Node& node = model_.graph.nodes[n];
    Precision& p = model_.precision[n];
    switch (node.op) {
      case Op::kInput:
        // 255 levels for -1 to 1, zero exact: of the 256 values of a byte only two fall together.
        p.scale = 1.f / 127.f, p.zero_point = 127;
        if (seen_[n].low < -1.01f || seen_[n].high > 1.01f) p = RangeOf(seen_[n].low, seen_[n].high);
        return;
      case Op::kResize:
      case Op::kDropout:
        p = model_.precision[Size(node.inputs[0])];
        return;
      case Op::kMul:
        p = IsGate(node) ? model_.precision[Size(node.inputs[0])] : BestRange(seen_[n]);
        return;
      default:
        p = BestRange(seen_[n]);
    }
  }

  bool IsGate(const Node& node) const {
    return node.op == Op::kMul && shapes_[Size(node.inputs[1])].c == 1 && shapes_[Size(node.inputs[0])].c > 1;
  }

  // The scale of every channel of a value, as AssignTypes finds it.
  std::vector<float> Scales(int n) const {
    const Node& node = model_.graph.nodes[Size(n)];
    const bool moved = node.op == Op::kResize || node.op == Op::kDropout || IsGate(node);
    if (moved) return Scales(node.inputs[0]);
    if (node.op != Op::kConcat) return std::vector<float>(Size(shapes_[Size(n)].c), model_.precision[Size(n)].scale);
    std::vector<float> scales;
    for (int input : node.inputs) {
      const std::vector<float> more = Scales(input);
      scales.insert(scales.end(), more.begin(), more.end());
    }
    return scales;
  }

  // The smallest step at which no weight is too large and the runs of products that kernels add in 16 bits fit: their
  // positive weights, and their negative ones, add up to at most 128 steps (128 · 255 < 2^15).
  template <typename Weight>
  static float SmallestStep(const Weight& weight, size_t depth, size_t taps, int kernel_w, bool depthwise) {
    double step = 0;
    for (size_t c = 0; c < depth; ++c)
      for (size_t t = 0; t < taps; ++t) step = std::max(step, std::abs(weight(c, t)) / graph::kMaxQuantisedWeight);
    double positive = 0, negative = 0;
    // Half a step for each weight that may be rounded up.
    auto finish = [&](int count) {
      step = std::max({step, positive / (128. - 0.5 * count), -negative / (128. - 0.5 * count)});
      positive = negative = 0;
    };
    auto add = [&](size_t c, size_t t) {
      if (c >= depth || t >= taps) return;
      const double w = weight(c, t);
      (w > 0 ? positive : negative) += w;
    };
    if (depthwise) {
      for (size_t first = 0; first < taps; first += kDepthwiseRun) {
        for (size_t t = first; t < first + kDepthwiseRun; ++t) add(0, t);
        finish(kDepthwiseRun);
      }
      return static_cast<float>(step);
    }
    // Matrix products: two groups of four bytes, in the order kernel row, column, channel. They add bytes 0 and 1 of
    // both groups, and bytes 2 and 3.
    const size_t padded = (depth + 3) / 4 * 4, all = padded * taps;
    for (size_t k = 0; k + 4 < all; k += 4)
      for (size_t i : {k, k + 2}) {
        for (size_t j : {i, i + 1, i + 4, i + 5}) add(j % padded, j / padded);
        finish(4);
      }
    // Quads: three neighbours in a row of the kernel, two channels.
    const auto columns = Size(kernel_w);
    for (size_t c = 0; c < depth; c += 2)
      for (size_t t = 0; t + 3 <= taps; t += columns == 3 ? 3 : 1) {
        if (columns < 3 || t % columns + 3 > columns) continue;
        for (size_t j = t; j < t + 3; ++j) add(c, j), add(c + 1, j);
        finish(6);
      }
    return static_cast<float>(step);
  }

  void RoundWeights(const Node& node) {
    graph::Tensor& weight = model_.weights.at(node.name + ".weight");
    const auto out = Size(weight.dims[0]), depth = Size(weight.dims[1]);
    const size_t taps = weight.data.size() / out / depth;
    const bool depthwise = node.conv.groups > 1;
    const std::vector<float> scales = Scales(node.inputs[0]);
    weight.step.assign(out, 0.f);
    weight.in_step.clear();
    const bool uniform = std::all_of(scales.begin(), scales.end(), [&](float s) { return s == scales[0]; });
    if (!uniform && !depthwise)
      for (float scale : scales) weight.in_step.push_back(scales[0] / scale);
    const std::vector<double>& mean = seen_[Size(node.inputs[0])].mean;
    graph::Tensor* bias = BiasOf(node);
    for (size_t o = 0; o < out; ++o) {
      float* row = weight.data.data() + o * depth * taps;
      const auto in_step = [&](size_t c) { return weight.in_step.empty() ? 1.f : weight.in_step[c]; };
      const auto at = [&](size_t c, size_t t) { return double{row[c * taps + t]} / double{in_step(c)}; };
      float& step = weight.step[o];
      step = std::max(SmallestStep(at, depth, taps, node.conv.kernel_w, depthwise), 1e-20f);
      double shift = 0;
      for (size_t c = 0; c < depth; ++c)
        for (size_t t = 0; t < taps; ++t) {
          constexpr double kMost = graph::kMaxQuantisedWeight;
          const double whole = std::clamp(std::nearbyint(at(c, t) / double{step}), -kMost, kMost);
          const float rounded = static_cast<float>(whole) * step * in_step(c);
          shift += double{rounded - row[c * taps + t]} * mean[depthwise ? o : c];
          row[c * taps + t] = rounded;
        }
      if (bias != nullptr) bias->data[o] -= static_cast<float>(shift);
    }
  }

  graph::Tensor* BiasOf(const Node& node) {
    const auto found = model_.weights.find(node.name + ".bias");
    return found == model_.weights.end() ? nullptr : &found->second;
  }

  graph::Model model_;
  const std::vector<Observation>& seen_;
  const std::vector<graph::Shape>& shapes_;
};

using Masks = std::vector<std::vector<float>>;

// Masks of every input, cold and, where the model takes one, with `previous` as previous mask.
StatusOr<Masks> MasksOf(const graph::Model& model, const std::vector<std::vector<float>>& inputs,
                        const QuantiseOptions& options, const Masks* previous) {
  SCRIM_ASSIGN_OR_RETURN(const auto program, Program::Compile(model, model.density));
  const TensorView to = program->input();
  const size_t size = Size(to.height) * Size(to.width);
  Masks masks;
  for (size_t k = 0; k < inputs.size(); ++k) {
    for (int round = 0; round < (model.previous_mask ? 2 : 1); ++round) {
      std::vector<float> shown;
      if (round == 1) shown = options.show(previous == nullptr ? masks.back() : (*previous)[2 * k]);
      const std::vector<float> input = InputOf(model, inputs[k], round == 0 ? nullptr : &shown);
      for (size_t y = 0; y < Size(to.height); ++y)
        for (size_t x = 0; x < Size(to.width); ++x)
          std::copy_n(input.data() + (y * Size(to.width) + x) * Size(to.channels), to.channels,
                      to.data + y * to.row_stride + x * to.pixel_stride);
      program->Run();
      masks.emplace_back(program->output(), program->output() + size);
    }
  }
  return masks;
}

// 1 - IoU at 1/2, averaged; masks without a person on either side agree.
double Disagreement(const Masks& a, const Masks& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    int both = 0, either = 0;
    for (size_t i = 0; i < a[k].size(); ++i) {
      both += a[k][i] > 0.5f && b[k][i] > 0.5f;
      either += a[k][i] > 0.5f || b[k][i] > 0.5f;
    }
    // A few pixels of nothing say little about the model.
    const double unsure = 0.01 * static_cast<double>(a[k].size());
    sum += 1. - (both + unsure) / (either + unsure);
  }
  return sum / static_cast<double>(a.size());
}

// Gives the convolution back to f32: the weights as they were, and the nodes behind it that are fused with it.
void GiveBack(const graph::Model& original, size_t node, graph::Model& model) {
  const std::string& name = model.graph.nodes[node].name;
  model.weights.at(name + ".weight") = original.weights.at(name + ".weight");
  const auto bias = original.weights.find(name + ".bias");
  if (bias != original.weights.end()) model.weights.at(bias->first) = bias->second;
  model.precision[node].int8 = false;
}

std::string Percent(double fraction) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f %%", 100 * fraction);
  return text;
}

}  // namespace

StatusOr<graph::Model> QuantiseModel(const graph::Model& model, const std::vector<std::vector<float>>& inputs,
                                     const QuantiseOptions& options) {
  graph::Model original = model;
  original.precision.clear();
  graph::FoldForInference(original.graph, original.weights);
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Shape> shapes,
                         graph::InferShapes(original.graph, original.density.height, original.density.width));
  if (inputs.empty()) return InvalidArgument("quantising needs at least one example input");
  for (const std::vector<float>& input : inputs)
    if (input.size() != static_cast<size_t>(shapes[0].size()))
      return InvalidArgument("an example input holds " + std::to_string(input.size()) + " values, not " +
                             std::to_string(shapes[0].size()));
  // Every convolution gets a bias, which takes the correction.
  for (Node& node : original.graph.nodes)
    if (node.op == Op::kConv && !node.conv.bias) {
      node.conv.bias = true;
      original.weights[node.name + ".bias"] = {{node.conv.out_channels},
                                               std::vector<float>(Size(node.conv.out_channels))};
    }
  SCRIM_ASSIGN_OR_RETURN(const std::vector<Observation> seen, Observe(original, inputs, shapes, options));
  graph::Model quantised = Quantiser(original, seen, shapes).Run();

  SCRIM_ASSIGN_OR_RETURN(const Masks wanted, MasksOf(original, inputs, options, nullptr));
  auto measure = [&](const graph::Model& candidate) -> StatusOr<double> {
    SCRIM_ASSIGN_OR_RETURN(const Masks masks, MasksOf(candidate, inputs, options, &wanted));
    return Disagreement(masks, wanted);
  };
  SCRIM_ASSIGN_OR_RETURN(double error, measure(quantised));
  options.report("all in int8: masks differ by " + Percent(error));
  for (int given = 0; given < options.most_in_f32 && error > options.tolerance; ++given) {
    double best_gain = 0, best_error = error;
    size_t best = 0;
    for (size_t n = 0; n < quantised.graph.nodes.size(); ++n) {
      const Node& node = quantised.graph.nodes[n];
      if (node.op != Op::kConv || !quantised.precision[n].int8) continue;
      graph::Model candidate = quantised;
      GiveBack(original, n, candidate);
      SCRIM_ASSIGN_OR_RETURN(const double less, measure(candidate));
      const double macs = static_cast<double>(shapes[n].size()) *
                          static_cast<double>(candidate.weights.at(node.name + ".weight").data.size()) /
                          node.conv.out_channels;
      // Small layers cost their changes of type: count them as if they had 100,000 multiply-adds more.
      const double gain = (error - less) / (macs + 1e5);
      if (gain > best_gain) best_gain = gain, best_error = less, best = n;
    }
    if (best_gain <= 0) break;
    GiveBack(original, best, quantised);
    error = best_error;
    options.report(quantised.graph.nodes[best].name + " stays in f32: masks differ by " + Percent(error));
  }
  return quantised;
}

}  // namespace scrim::nn
