#include "start.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "checkpoint.h"
#include "graph/fold.h"
#include "graph/model.h"
#include "grow.h"

namespace scrim::train {
namespace {

constexpr int kPhotosForStatistics = 64;
constexpr float kConvolutionScale = 0.1f;

// What a folded model's weights are under the names of the graph that still has its batch norms: their offsets are the
// folded biases, and they change nothing else.
StatusOr<graph::Weights> WithNeutralNorms(const graph::Graph& graph, graph::Weights weights) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::WeightSpec> specs, graph::ListWeights(graph));
  std::set<std::string> wanted;
  for (const graph::WeightSpec& spec : specs) wanted.insert(spec.name);
  for (const graph::Node& node : graph.nodes) {
    if (node.op != graph::Op::kBatchNorm) continue;
    const std::string conv = graph.nodes[size_t(node.inputs[0])].name;
    const auto bias = weights.find(conv + ".bias");
    if (bias == weights.end()) return InvalidArgument("there is no folded bias '" + conv + ".bias'");
    const std::vector<int> dims = bias->second.dims;
    const std::vector<float> offset = bias->second.data;
    const auto filled = [&](float value) { return graph::Tensor{dims, std::vector<float>(offset.size(), value)}; };
    weights[node.name + ".scale"] = filled(1.f);
    weights[node.name + ".mean"] = filled(0.f);
    weights[node.name + ".variance"] = filled(1.f - graph::kBatchNormEpsilon);
    weights[node.name + ".offset"] = {dims, offset};
    if (wanted.count(conv + ".bias") == 0) weights.erase(bias);
  }
  return weights;
}

StatusOr<int64_t> GrowInto(Network& network, const Network& start) {
  graph::Weights weights = network.ExportWeights();
  const int64_t taken = Grow(start.graph(), start.ExportWeights(), network.graph(), &weights);
  SCRIM_RETURN_IF_ERROR(network.ImportWeights(weights));
  return taken;
}

bool IsReleased(const std::string& path) {
  const std::string extension = ".scrim";
  return path.size() >= extension.size() &&
         path.compare(path.size() - extension.size(), extension.size(), extension) == 0;
}

StatusOr<int64_t> StartFromOne(const std::string& path, const graph::ScrimnetConfig& config, const Sampler& sampler,
                               const Photos& photos, graph::Density density, Network& network) {
  SCRIM_ASSIGN_OR_RETURN(const graph::Graph graph, graph::Scrimnet(config));
  SCRIM_ASSIGN_OR_RETURN(Network start, Network::Create(graph, network.device()));
  if (!IsReleased(path)) {
    SCRIM_RETURN_IF_ERROR(RestoreAverage(path, start));
    return GrowInto(network, start);
  }
  SCRIM_ASSIGN_OR_RETURN(const graph::Model model, graph::LoadModel(path));
  const int count = std::min<int>(kPhotosForStatistics, int(photos.train.size())), channels = graph.input().channels;
  torch::Tensor input = torch::zeros({count, 4, density.height, density.width});
  std::vector<float> truth(size_t(density.height) * size_t(density.width)), weight(truth.size());
  for (int i = 0; i < count; ++i) {
    const size_t at = size_t(i) * photos.train.size() / size_t(count);
    sampler.Plain(*photos.train[at], {},
                  {input[i].data_ptr<float>(), truth.data(), weight.data(), density.width, density.height});
  }
  const Status status = Unfold(model, input.narrow(1, 0, channels).contiguous().to(network.device()), start);
  if (!status.ok()) return Status(status.code(), path + ": " + status.message());
  return GrowInto(network, start);
}

}  // namespace

Status Unfold(const graph::Model& model, const torch::Tensor& input, Network& network) {
  if (!model.precision.empty()) return InvalidArgument("its weights are rounded to int8; start from the float model");
  auto weights = WithNeutralNorms(network.graph(), model.weights);
  Status status = weights.ok() ? network.ImportWeights(*weights) : weights.status();
  if (!status.ok())
    return InvalidArgument("it does not hold the network '" + network.graph().name + "': " + status.message());
  network.MeasureStatistics(input, kConvolutionScale);
  return {};
}

StatusOr<int64_t> StepsBehind(const std::vector<Start>& starts) {
  double most = 0;
  for (const Start& start : starts) {
    if (IsReleased(start.path)) continue;
    SCRIM_ASSIGN_OR_RETURN(Checkpoint c, LoadCheckpoint(start.path));
    most = std::max(most, c.numbers["step"] + c.numbers["before"]);
  }
  return static_cast<int64_t>(most);
}

StatusOr<int64_t> StartFrom(const std::vector<Start>& starts, const graph::ScrimnetConfig& config,
                            const Sampler& sampler, const Photos& photos, graph::Density density, Network& network) {
  double weights = 0;
  for (const Start& start : starts) weights += start.weight;
  const torch::Tensor first_parameters = network.parameters().clone(), first_statistics = network.statistics().clone();
  torch::Tensor parameters = torch::zeros_like(first_parameters), statistics = torch::zeros_like(first_statistics);
  int64_t taken = 0;
  for (const Start& start : starts) {
    network.parameters().copy_(first_parameters);
    network.statistics().copy_(first_statistics);
    SCRIM_ASSIGN_OR_RETURN(taken, StartFromOne(start.path, config, sampler, photos, density, network));
    parameters.add_(network.parameters(), start.weight / weights);
    statistics.add_(network.statistics(), start.weight / weights);
  }
  network.parameters().copy_(parameters);
  network.statistics().copy_(statistics);
  return taken;
}

}  // namespace scrim::train
