// Where a run's first weights come from, if not from chance.
#pragma once

#include <string>
#include <vector>

#include "augment/sample.h"
#include "datasets/photos.h"
#include "graph/model.h"
#include "graph/scrimnet.h"
#include "network.h"
#include "trainer.h"

namespace scrim::train {

// Gives a network the weights of another run: those of a checkpoint, or of a released model (*.scrim), whose batch
// norms are folded away and are found again by looking at photos. `config` is the network that the file was trained
// with; another than `network` grows into it (grow.h). Of several files it is the weighted mean of all tensors
// (Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization), whose batch-norm
// statistics are then to be found again where the runs' own differ. Returns the number of parameters taken. Errors:
// kNotFound, kCorrupt, kInvalidArgument (a file holds another network, or an int8 one).
StatusOr<int64_t> StartFrom(const std::vector<Start>& starts, const graph::ScrimnetConfig& config,
                            const Sampler& sampler, const Photos& photos, graph::Density density, Network& network);

// The most steps behind any of the checkpoints, those of the runs that they started from included; released models
// count none. A run that draws its samples from there on sees none again.
StatusOr<int64_t> StepsBehind(const std::vector<Start>& starts);

// Fills a network that has batch norms with weights from which they were folded away: the same function in evaluation,
// and statistics for training from `input` (n×c×h×w, as Network::Forward takes it). Convolutions before a batch norm
// get weights of root mean square 0.1 in each output channel, since a step's size is relative to them.
Status Unfold(const graph::Model& model, const torch::Tensor& input, Network& network);

}  // namespace scrim::train
