// A graph::Graph run with libtorch, forwards and backwards. There is no second definition of the network.
#pragma once

#include <torch/torch.h>

#include "graph/graph.h"
#include "group.h"

namespace scrim::train {

namespace cpu {
class Executors;
}

// All parameters live in one flat tensor, all gradients in another and all batch-norm statistics in a third: the
// optimiser, the moving average, checkpoints and all-reduce are then a few operations on three tensors, whatever the
// network.
class Network {
 public:
  // The graph must be valid and end in a sigmoid. type: of all values; double precision is for tests.
  static StatusOr<Network> Create(const graph::Graph& graph, torch::Device device, torch::Dtype type = torch::kFloat32);

  // Fills the weights as the graph's initialisers say (Kaiming fan-in where they say nothing).
  void Initialise(uint64_t seed);

  // input: n×c×h×w, normalised. Returns logits, n×planes×h×w. While training, batch norms use the batch's statistics
  // and update the running ones with `momentum`, unless they are fixed. On the CPU, in plain single precision,
  // cpu::Executor runs it where it can; then backward() is for the last result alone.
  torch::Tensor Forward(const torch::Tensor& input, bool training, double momentum = 0.05);

  torch::Tensor& parameters() { return parameters_; }
  torch::Tensor& gradients() { return gradients_; }
  torch::Tensor& statistics() { return statistics_; }
  // 1 where weight decay applies (convolution weights), 0 elsewhere; as long as parameters().
  const torch::Tensor& decay_mask() const { return decay_mask_; }
  // Where in parameters() the weights of ordinary convolutions lie: out rows of in·kh·kw columns, out at least 2.
  struct Matrix {
    int64_t offset, rows, columns;
  };
  const std::vector<Matrix>& matrices() const { return matrices_; }
  const graph::Graph& graph() const { return graph_; }
  torch::Device device() const { return parameters_.device(); }

  // Batch norms use the statistics of all processes from now on; the group must outlive the network's training. Null:
  // this process alone.
  void ShareBatchNorms(Group* group) { group_ = group; }

  // Batch norms use the running statistics while training too, and leave them: training then sees the very network that
  // will be exported, at every density. For the end of a training.
  void FixStatistics(bool fixed) { fixed_ = fixed; }

  // While training, weights are rounded as the int8 model rounds them, and so are the values that it keeps as bytes;
  // gradients pass as if they were not (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
  // Integer-Arithmetic-Only Inference", section 3). Forward with `training` false rounds nothing. Wants fixed
  // statistics: a batch norm's scale then is part of its convolution's weights.
  void RoundAsInt8(bool round) { round_ = round; }
  // While training, convolutions and what follows them take and give bfloat16; parameters, gradients, statistics and
  // logits keep 32 bit (Micikevicius et al. 2018, "Mixed Precision Training", section 3.1; bfloat16 has the range of 32
  // bit, so that no loss need be scaled).
  void MixPrecision(bool mix) { mixed_ = mix; }
  // The lowest and the highest value of each node, one after the other: a moving average over the batches of rounded
  // training.
  torch::Tensor& ranges() { return ranges_; }

  // Sets each batch norm's statistics to those of `input` (as for Forward), and its scale and offset so that
  // Forward(input, false) stays what it is. Weights of convolutions in front of a batch norm get the root mean square
  // `scale` in each output channel, which the batch norm undoes.
  void MeasureStatistics(const torch::Tensor& input, float scale);

  graph::Weights ExportWeights() const;
  Status ImportWeights(const graph::Weights& weights);

 private:
  struct NodeTensors {
    torch::Tensor weight, bias;    // of a convolution; scale and offset of a batch norm
    torch::Tensor mean, variance;  // of a batch norm
  };
  bool UseExecutors(const torch::Tensor& input, bool training);
  torch::Tensor Rounded(const torch::Tensor& weight) const;
  torch::Tensor Rounded(size_t index, const torch::Tensor& value);
  bool IsKept(size_t index) const;
  torch::Tensor RunNode(size_t index, const std::vector<torch::Tensor>& values, bool training, double momentum);
  const torch::Tensor& TensorFor(const graph::WeightSpec& spec) const;

  graph::Graph graph_;
  Group* group_ = nullptr;
  bool fixed_ = false, round_ = false, mixed_ = false;
  std::vector<graph::WeightSpec> specs_;
  torch::Tensor parameters_, gradients_, statistics_, decay_mask_, ranges_;
  std::vector<Matrix> matrices_;
  std::vector<NodeTensors> nodes_;             // views into the flat tensors
  std::shared_ptr<cpu::Executors> executors_;  // null: not yet made, or the graph has other operations
  bool supported_ = false;                     // by cpu::Executor
};

}  // namespace scrim::train
