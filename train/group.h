// Several processes, on one machine or many, that train one network together.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "base/status.h"

namespace scrim::train {

// libtorch's own engine (c10d): Gloo on the CPU, NCCL on GPUs. All processes must make the same calls in the same
// order.
class Group {
 public:
  // As torchrun and its like set them: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT (29500 where it is not set). Null
  // without WORLD_SIZE, or where it is 1. Waits until all have come. Errors: a variable is missing or makes no sense;
  // nobody answers; this libtorch has no NCCL.
  static StatusOr<std::unique_ptr<Group>> Join(torch::Device device);
  virtual ~Group() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  // Adds up the tensors of all processes; each has the sum afterwards. Throws c10::Error when another process has gone.
  virtual void Sum(torch::Tensor& tensor) = 0;
  // All take the first process's tensor.
  void TakeFirst(torch::Tensor& tensor);
};

// Batch norm in training with the statistics of all processes' batches: what one process would compute for the whole
// batch. Arguments as torch::batch_norm's; running statistics are updated.
torch::Tensor SharedBatchNorm(const torch::Tensor& x, const torch::Tensor& scale, const torch::Tensor& offset,
                              torch::Tensor mean, torch::Tensor variance, double momentum, double epsilon,
                              Group& group);

}  // namespace scrim::train
