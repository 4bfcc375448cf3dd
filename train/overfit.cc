#include "overfit.h"

#include <cstdio>

#include "loader.h"
#include "losses.h"
#include "optimizer.h"

namespace scrim::train {

StatusOr<double> Overfit(const TrainOptions& options, int count, int steps) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<Pack> pack, Pack::Open(options.pack));
  SCRIM_ASSIGN_OR_RETURN(Photos photos, ChoosePhotos(*pack, options.sources));
  SCRIM_ASSIGN_OR_RETURN(const graph::Graph graph, graph::Scrimnet(options.network));
  SCRIM_ASSIGN_OR_RETURN(Network network, Network::Create(graph, torch::Device(options.device)));
  SCRIM_ASSIGN_OR_RETURN(Network average, Network::Create(graph, torch::Device(options.device)));
  network.Initialise(options.seed);
  average.Initialise(options.seed);
  const Sampler sampler(*pack, {}, {});
  const graph::Density density = options.densities[0];

  // The first `count` photos of a shuffle, all in memory.
  Random random(options.seed);
  std::vector<const Record*> chosen;
  for (int i = 0; i < count && !photos.train.empty(); ++i) {
    const size_t at = size_t(random.Below(int(photos.train.size())));
    chosen.push_back(photos.train[at]);
    photos.train.erase(photos.train.begin() + int64_t(at));
  }
  count = static_cast<int>(chosen.size());
  Batch all(count, density.width, density.height, options.network.planes);
  for (int i = 0; i < count; ++i) sampler.Plain(*chosen[size_t(i)], options.augment, all.Sample(i));
  const torch::Device device = network.device();
  const torch::Tensor input = Upload(all.input, device).narrow(1, 0, graph.input().channels).contiguous(),
                      truth = Upload(all.truth, device), weight = Upload(all.weight, device);
  AdamW optimizer(network, {});
  torch::Tensor order;
  double iou = 0;
  const int batches = std::max(1, count / options.batch);
  for (int step = 0; step < steps; ++step) {
    if (step % batches == 0) order = torch::randperm(count, torch::kLong);
    const torch::Tensor index =
        order.narrow(0, step % batches * options.batch, std::min(count, options.batch)).to(network.device());
    SegmentationLoss(network.Forward(input.index_select(0, index), true), truth.index_select(0, index),
                     weight.index_select(0, index), options.edge_loss)
        .backward();
    optimizer.Step(LearningRate(options.learning_rate, double(step) / steps, options.warmup));
    UpdateAverage(average, network, 0.98, step);
    if ((step + 1) % 100 == 0 || step + 1 == steps) {
      torch::NoGradGuard no_grad;
      const torch::Tensor known = weight > 0, found = (average.Forward(input, false) > 0) & known, real = truth > 0.5;
      iou = ((found & real).sum({1, 2, 3}).to(torch::kFloat32) / (found | real).sum({1, 2, 3}).clamp_min(1))
                .mean()
                .item<double>();
      std::fprintf(stderr, "step %d: IoU %.4f on the %d photos\n", step + 1, iou, count);
    }
  }
  return iou;
}

}  // namespace scrim::train
