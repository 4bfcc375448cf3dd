#include "network.h"

#include <cmath>
#include <limits>
#include <map>

#include "cpu/executors.h"

namespace scrim::train {
namespace {

using graph::Node;
using graph::Op;
using torch::Tensor;

bool EndsWith(const std::string& s, const char* end) {
  const std::string e(end);
  return s.size() >= e.size() && s.compare(s.size() - e.size(), e.size(), e) == 0;
}
bool IsStatistic(const graph::WeightSpec& spec) {
  return EndsWith(spec.name, ".mean") || EndsWith(spec.name, ".variance");
}

int64_t Count(const graph::WeightSpec& spec) {
  int64_t n = 1;
  for (int d : spec.dims) n *= d;
  return n;
}

Tensor Convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, const graph::ConvAttributes& a) {
  const bool symmetric = a.pad_top == a.pad_bottom && a.pad_left == a.pad_right;
  const Tensor padded = symmetric ? x : torch::constant_pad_nd(x, {a.pad_left, a.pad_right, a.pad_top, a.pad_bottom});
  const std::vector<int64_t> pads =
      symmetric ? std::vector<int64_t>{a.pad_top, a.pad_left} : std::vector<int64_t>{0, 0};
  return torch::conv2d(padded, weight, bias, {a.stride, a.stride}, pads, {a.dilation, a.dilation}, a.groups);
}

Tensor ResizeLike(const Tensor& x, const Tensor& like, bool align_corners) {
  const std::vector<int64_t> size{like.size(2), like.size(3)};
  if (x.size(2) == size[0] && x.size(3) == size[1]) return x;
  if (x.size(2) == 1 && x.size(3) == 1) return x.expand({x.size(0), x.size(1), size[0], size[1]});
  return torch::upsample_bilinear2d(x, size, align_corners);
}

// A parameter as x's type: 16 bit in mixed precision.
Tensor As(const Tensor& x, const Tensor& parameter) {
  return parameter.defined() ? parameter.to(x.scalar_type()) : parameter;
}

Tensor MaxPool(const Tensor& x, const graph::ConvAttributes& a) {
  const Tensor padded = torch::constant_pad_nd(x, {a.pad_left, a.pad_right, a.pad_top, a.pad_bottom},
                                               -std::numeric_limits<double>::infinity());
  return torch::max_pool2d(padded, {a.kernel_h, a.kernel_w}, {a.stride, a.stride});
}

}  // namespace

StatusOr<Network> Network::Create(const graph::Graph& graph, torch::Device device, torch::Dtype type) {
  SCRIM_ASSIGN_OR_RETURN(std::vector<graph::WeightSpec> specs, graph::ListWeights(graph));
  if (graph.nodes[static_cast<size_t>(graph.output)].op != Op::kSigmoid)
    return InvalidArgument("graph '" + graph.name + "': only a graph that ends in a sigmoid can be trained");
  Network net;
  net.graph_ = graph;
  int64_t parameter_count = 0, statistic_count = 0;
  for (const auto& spec : specs) (IsStatistic(spec) ? statistic_count : parameter_count) += Count(spec);
  const auto options = torch::TensorOptions().dtype(type).device(device);
  net.parameters_ = torch::zeros({parameter_count}, options);
  net.gradients_ = torch::zeros({parameter_count}, options);
  net.statistics_ = torch::zeros({statistic_count}, options);
  net.decay_mask_ = torch::zeros({parameter_count}, options);

  net.ranges_ = torch::zeros({2 * int64_t(graph.nodes.size())}, options);
  net.nodes_.resize(graph.nodes.size());
  int64_t p = 0, s = 0;
  for (const auto& spec : specs) {
    const int64_t count = Count(spec);
    const std::vector<int64_t> dims(spec.dims.begin(), spec.dims.end());
    NodeTensors& t = net.nodes_[static_cast<size_t>(spec.node)];
    if (IsStatistic(spec)) {
      (EndsWith(spec.name, ".mean") ? t.mean : t.variance) = net.statistics_.narrow(0, s, count).view(dims);
      s += count;
      continue;
    }
    Tensor view = net.parameters_.narrow(0, p, count).view(dims).detach().requires_grad_(true);
    view.mutable_grad() = net.gradients_.narrow(0, p, count).view(dims);
    const bool weight = EndsWith(spec.name, ".weight");
    if (weight) net.decay_mask_.narrow(0, p, count).fill_(1.f);
    const Node& node = graph.nodes[static_cast<size_t>(spec.node)];
    if (weight && node.op == Op::kConv && node.conv.groups == 1 && dims[0] > 1)
      net.matrices_.push_back({p, dims[0], count / dims[0]});
    (EndsWith(spec.name, ".bias") || EndsWith(spec.name, ".offset") ? t.bias : t.weight) = view;
    p += count;
  }
  net.specs_ = std::move(specs);
  net.supported_ = cpu::Executor::Supports(graph);
  return net;
}

void Network::Initialise(uint64_t seed) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(seed);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = graph_.nodes[i];
    NodeTensors& t = nodes_[i];
    if (node.op == Op::kConv) {
      const double fan_in = double(t.weight.numel()) / t.weight.size(0);
      const double std = node.init.weight_std > 0.f ? node.init.weight_std : std::sqrt(2. / fan_in);
      t.weight.copy_(torch::randn(t.weight.sizes()) * std);
      if (t.bias.defined()) t.bias.fill_(node.init.bias);
    } else if (node.op == Op::kBatchNorm) {
      t.weight.fill_(node.init.scale);
      t.bias.zero_();
      t.mean.zero_();
      t.variance.fill_(1.);
    } else if (node.op == Op::kPRelu) {
      t.weight.fill_(0.25f);
    }
  }
}

Tensor Network::RunNode(size_t index, const std::vector<Tensor>& values, bool training, double momentum) {
  const Node& node = graph_.nodes[index];
  NodeTensors& t = nodes_[index];
  auto in = [&](size_t i) -> const Tensor& { return values[static_cast<size_t>(node.inputs[i])]; };
  switch (node.op) {
    case Op::kInput:
      break;
    case Op::kConv:
      return Convolve(in(0), As(in(0), training && round_ ? Rounded(t.weight) : t.weight), As(in(0), t.bias),
                      node.conv);
    case Op::kBatchNorm:
      if (training && !fixed_ && group_ != nullptr)
        return SharedBatchNorm(in(0), t.weight, t.bias, t.mean, t.variance, momentum, graph::kBatchNormEpsilon,
                               *group_);
      return torch::batch_norm(in(0), t.weight, t.bias, t.mean, t.variance, training && !fixed_, momentum,
                               graph::kBatchNormEpsilon,
                               /*cudnn_enabled=*/true);
    case Op::kRelu:
      return torch::relu(in(0));
    case Op::kSigmoid:
      return torch::sigmoid(in(0));
    case Op::kResize:
      return ResizeLike(in(0), in(1), node.align_corners);
    case Op::kConcat: {
      std::vector<Tensor> parts;
      for (size_t i = 0; i < node.inputs.size(); ++i) parts.push_back(in(i));
      return torch::cat(parts, 1);
    }
    case Op::kAdd:
      return in(0) + in(1);
    case Op::kMul:
      return in(0) * in(1);
    case Op::kGlobalAvgPool:
      return in(0).mean({2, 3}, true);
    case Op::kChannelMean:
      return in(0).mean(1, true);
    case Op::kChannelMax:
      return in(0).amax(1, true);
    case Op::kDropout:
      return torch::feature_dropout(in(0), node.rate, training);
    case Op::kHardSwish:
      return torch::hardswish(in(0));
    case Op::kPRelu:
      return torch::prelu(in(0), As(in(0), t.weight.view({-1})));
    case Op::kMaxPool:
      return MaxPool(in(0), node.conv);
    case Op::kSelect: {
      const std::vector<int64_t> channels(node.select.begin(), node.select.end());
      return in(0).index_select(1, torch::tensor(channels, torch::kLong).to(in(0).device()));
    }
    case Op::kDepthToSpace:
      return torch::pixel_shuffle(in(0), node.block);
  }
  return {};
}

bool Network::UseExecutors(const Tensor& input, bool training) {
  if (!supported_ || !input.is_cpu() || parameters_.scalar_type() != torch::kFloat32) return false;
  if (training && (round_ || mixed_ || (group_ != nullptr && !fixed_))) return false;
  if (executors_ != nullptr) return true;
  std::vector<cpu::NodeWeights> weights;
  for (NodeTensors& t : nodes_) {
    const auto data = [](const Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; };
    const auto gradient = [&](const Tensor& tensor) { return tensor.defined() ? data(tensor.grad()) : nullptr; };
    weights.push_back(
        {data(t.weight), data(t.bias), gradient(t.weight), gradient(t.bias), data(t.mean), data(t.variance)});
  }
  executors_ = std::make_shared<cpu::Executors>(graph_, std::move(weights));
  return true;
}

Tensor Network::Forward(const Tensor& input, bool training, double momentum) {
  if (UseExecutors(input, training)) return executors_->Forward(input, training, fixed_ || !training, momentum);
  std::vector<Tensor> values(graph_.nodes.size());
  values[0] = training && mixed_ ? input.to(torch::kBFloat16) : input;
  // The loss wants logits: the value in front of the final sigmoid.
  const size_t logits = static_cast<size_t>(graph_.nodes[static_cast<size_t>(graph_.output)].inputs[0]);
  for (size_t i = 1; i <= logits; ++i) {
    values[i] = RunNode(i, values, training, momentum);
    if (training && round_ && i < logits && IsKept(i)) values[i] = Rounded(i, values[i]);
  }
  return values[logits].to(parameters_.scalar_type());
}

// To nn::QuantiseModel's rule: symmetric, a step for each output channel. Its further bound, on what fits 16 bits, is
// left out.
Tensor Network::Rounded(const Tensor& weight) const {
  const Tensor step = (weight.detach().abs().amax({1, 2, 3}) / double(graph::kMaxQuantisedWeight)).clamp_min(1e-20);
  return torch::fake_quantize_per_channel_affine(weight, step, torch::zeros_like(step, torch::kInt), 0,
                                                 -graph::kMaxQuantisedWeight, graph::kMaxQuantisedWeight);
}

Tensor Network::Rounded(size_t index, const Tensor& value) {
  Tensor range = ranges_.narrow(0, 2 * int64_t(index), 2);
  {
    torch::NoGradGuard no_grad;
    const Tensor seen = torch::stack({value.detach().amin().clamp_max(0), value.detach().amax().clamp_min(0)});
    range.lerp_(seen, range.abs().sum().item<float>() > 0 ? 0.02 : 1.);
  }
  const float low = range[0].item<float>(), high = range[1].item<float>();
  const double step = std::max(double(high) - double(low), 1e-6) / 255;
  return torch::fake_quantize_per_tensor_affine(value, step, std::lround(-low / step), 0, 255);
}

// Whether int8 inference keeps the node's value in memory: what the engine fuses with the node behind it, it does not.
bool Network::IsKept(size_t index) const {
  switch (graph_.nodes[index].op) {
    case Op::kConv:
    case Op::kBatchNorm:
    case Op::kRelu:
    case Op::kAdd:
    case Op::kGlobalAvgPool:
    case Op::kChannelMean:
    case Op::kChannelMax:
      break;
    default:
      return false;
  }
  int readers = 0;
  bool fused = false;
  for (const Node& node : graph_.nodes)
    for (int input : node.inputs)
      if (input == static_cast<int>(index)) {
        ++readers;
        fused = node.op == Op::kBatchNorm || node.op == Op::kRelu || node.op == Op::kAdd;
      }
  return readers != 1 || !fused;
}

void Network::MeasureStatistics(const Tensor& input, float scale) {
  torch::NoGradGuard no_grad;
  std::vector<Tensor> values(graph_.nodes.size());
  values[0] = input;
  for (size_t i = 1; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    values[i] = RunNode(i, values, false, 0.);
    if (node.op != Op::kBatchNorm) continue;
    NodeTensors& norm = nodes_[i];
    const size_t source = static_cast<size_t>(node.inputs[0]);
    const Tensor mean = values[source].mean({0, 2, 3}), variance = values[source].var({0, 2, 3}, /*unbiased=*/false);
    const Tensor gain = norm.weight / (norm.variance + graph::kBatchNormEpsilon).sqrt();
    norm.bias.add_(gain * (mean - norm.mean));
    norm.weight.copy_(gain * (variance + graph::kBatchNormEpsilon).sqrt());
    norm.mean.copy_(mean);
    norm.variance.copy_(variance);
    if (graph_.nodes[source].op != Op::kConv || graph_.nodes[source].conv.bias) continue;
    Tensor& weight = nodes_[source].weight;
    const Tensor size = weight.square().mean({1, 2, 3}).sqrt();
    const Tensor factor = torch::where(size > 0, scale / size, torch::ones_like(size));
    weight.mul_(factor.view({-1, 1, 1, 1}));
    norm.mean.mul_(factor);
    norm.variance.mul_(factor.square());
    // Epsilon does not grow with the variance: what the norm divides by is sqrt(factor² variance + epsilon) now.
    norm.weight.mul_((norm.variance + graph::kBatchNormEpsilon).sqrt() /
                     (factor * (variance + graph::kBatchNormEpsilon).sqrt()));
  }
}

const Tensor& Network::TensorFor(const graph::WeightSpec& spec) const {
  const NodeTensors& t = nodes_[static_cast<size_t>(spec.node)];
  if (EndsWith(spec.name, ".mean")) return t.mean;
  if (EndsWith(spec.name, ".variance")) return t.variance;
  return EndsWith(spec.name, ".bias") || EndsWith(spec.name, ".offset") ? t.bias : t.weight;
}

graph::Weights Network::ExportWeights() const {
  graph::Weights weights;
  for (const auto& spec : specs_) {
    const Tensor t = TensorFor(spec).detach().to(torch::kCPU, torch::kFloat32).contiguous();
    weights[spec.name] = {spec.dims, std::vector<float>(t.data_ptr<float>(), t.data_ptr<float>() + t.numel())};
  }
  return weights;
}

Status Network::ImportWeights(const graph::Weights& weights) {
  SCRIM_RETURN_IF_ERROR(graph::ValidateWeights(graph_, weights));
  torch::NoGradGuard no_grad;
  for (const auto& spec : specs_) {
    const graph::Tensor& source = weights.at(spec.name);
    const std::vector<int64_t> dims(spec.dims.begin(), spec.dims.end());
    Tensor target = TensorFor(spec);  // a handle: copying into it fills the flat tensor
    target.copy_(torch::from_blob(const_cast<float*>(source.data.data()), dims, torch::kFloat32));
  }
  return {};
}

}  // namespace scrim::train
