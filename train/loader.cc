#include "loader.h"

namespace scrim::train {

Batch::Batch(int n, int w, int h, int p, torch::Device device) : count(n), width(w), height(h), planes(p) {
  const auto options = torch::TensorOptions().dtype(torch::kFloat32).pinned_memory(device.is_cuda());
  input = torch::empty({n, 4, h, w}, options);
  truth = torch::empty({n, p, h, w}, options);
  weight = torch::empty({n, p, h, w}, options);
}

SampleView Batch::Sample(int i) {
  const int64_t at = int64_t{width} * height * i;
  return {input.data_ptr<float>() + 4 * at, truth.data_ptr<float>() + planes * at,
          weight.data_ptr<float>() + planes * at, width, height, planes};
}

torch::Tensor Upload(const torch::Tensor& tensor, torch::Device device) {
  if (!device.is_cuda()) return tensor;
  return tensor.pin_memory().to(device, tensor.scalar_type(), /*non_blocking=*/true);
}

Loader::Loader(int64_t first, int threads, std::function<std::unique_ptr<Batch>(int64_t)> make)
    : make_(std::move(make)), next_to_make_(first), next_to_take_(first), ahead_(2 + 2 * threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Loader::~Loader() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wanted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Loader::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    wanted_.wait(lock, [this] { return stop_ || next_to_make_ < next_to_take_ + ahead_; });
    if (stop_) return;
    const int64_t step = next_to_make_++;
    lock.unlock();
    std::unique_ptr<Batch> batch = make_(step);
    lock.lock();
    done_[step] = std::move(batch);
    ready_.notify_all();
  }
}

std::unique_ptr<Batch> Loader::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  const int64_t step = next_to_take_;
  ready_.wait(lock, [&] { return done_.count(step) > 0; });
  std::unique_ptr<Batch> batch = std::move(done_[step]);
  done_.erase(step);
  ++next_to_take_;
  wanted_.notify_all();
  return batch;
}

}  // namespace scrim::train
