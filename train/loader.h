// Batches made ahead of time by worker threads.
#pragma once

#include <torch/torch.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "augment/sample.h"

namespace scrim::train {

// 32-bit floats in main memory: input count×4×h×w, truth and weight count×planes×h×w (see SampleView).
struct Batch {
  int count = 0, width = 0, height = 0, planes = 1;
  torch::Tensor input, truth, weight;

  // For a GPU the memory is pinned, so that copying to it waits for nothing.
  Batch(int count, int width, int height, int planes = 1, torch::Device device = torch::kCPU);
  SampleView Sample(int i);
};

// A tensor in main memory, on the device: to a GPU by way of pinned memory, so that the copy goes on while the caller
// does.
torch::Tensor Upload(const torch::Tensor& tensor, torch::Device device);

// Calls `make(step)` for step = first, first + 1, … on `threads` threads and hands the results out in that order. make
// must depend on nothing but step: then a resumed run sees the same batches.
class Loader {
 public:
  Loader(int64_t first, int threads, std::function<std::unique_ptr<Batch>(int64_t step)> make);
  ~Loader();
  std::unique_ptr<Batch> Next();

 private:
  void Work();
  std::function<std::unique_ptr<Batch>(int64_t)> make_;
  std::mutex mutex_;
  std::condition_variable ready_, wanted_;
  std::map<int64_t, std::unique_ptr<Batch>> done_;
  int64_t next_to_make_, next_to_take_, ahead_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace scrim::train
