// From a float model to one that runs on bytes: measures what values hold on example inputs, rounds the weights and
// decides what stays float.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/model.h"

namespace scrim::nn {

struct QuantiseOptions {
  // How much the mask may change: 1 - IoU, at 1/2, of the masks of the quantised and of the float model, averaged over
  // the inputs. Where it changes by more, the convolutions that cost most of it for what they save go back to f32.
  double tolerance = 0.02;
  int most_in_f32 = 8;
  int samples_per_value = 512;  // of each input, for the ranges
  // What a model with a previous mask is shown of the mask that it gave; by default all of it. Callers pass what the
  // engine does (matte::ShownOfStill).
  std::function<std::vector<float>(const std::vector<float>& mask)> show = [](const auto& mask) { return mask; };
  std::function<void(const std::string&)> report = [](const std::string&) {};  // a line now and then
};

// inputs: height × width × channels of the model's density each, as the model takes them, previous mask empty. A model
// with a previous mask sees each input twice, the second time with what it is shown of the mask that it gave the first
// time.
//
// Ranges: those that lose the least squared error on a sample of values. Weights: symmetric, a step for each output
// channel; biases are corrected for the mean error of rounded weights (Nagel et al. 2019, "Data-Free Quantization
// Through Weight Equalization and Bias Correction", section 4.2). Batch norms and dropout are folded away first.
// Errors: kInvalidArgument without inputs or for inputs of another size, and those of Program::Compile.
StatusOr<graph::Model> QuantiseModel(const graph::Model& model, const std::vector<std::vector<float>>& inputs,
                                     const QuantiseOptions& options = {});

}  // namespace scrim::nn
