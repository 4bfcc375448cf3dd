// Batches made ahead of time by worker threads.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "augment/sample.h"

namespace scrim::train {

// Planar floats: input count×4×h×w, truth and weight count×1×h×w (see SampleView).
struct Batch {
  int count = 0, width = 0, height = 0;
  std::vector<float> input, truth, weight;

  Batch(int count, int width, int height);
  SampleView Sample(int i);
};

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
