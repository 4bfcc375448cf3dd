// Everything that a run needs to go on exactly where it stopped.
#pragma once

#include <map>
#include <string>

#include "network.h"

namespace scrim::train {

// Named tensors (float, on any device) and named numbers, in a format of our own that no version of libtorch changes.
struct Checkpoint {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, double> numbers;
};

// Written aside, then renamed: a run killed while saving leaves the previous checkpoint.
Status SaveCheckpoint(const Checkpoint& checkpoint, const std::string& path);
StatusOr<Checkpoint> LoadCheckpoint(const std::string& path);

// Fills a network with the averaged weights and statistics of a run's checkpoint.
Status RestoreAverage(const std::string& path, Network& network);
// Copies checkpoint.tensors[name] into target. Errors: not there, or of another size.
Status RestoreTensor(const Checkpoint& checkpoint, const std::string& name, torch::Tensor& target);

}  // namespace scrim::train
