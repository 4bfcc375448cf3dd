#include "loader.h"

namespace scrim::train {

Batch::Batch(int n, int w, int h) : count(n), width(w), height(h) {
  const size_t plane = size_t(w) * size_t(h) * size_t(n);
  input.resize(4 * plane);
  truth.resize(plane);
  weight.resize(plane);
}

SampleView Batch::Sample(int i) {
  const size_t plane = size_t(width) * size_t(height), at = plane * size_t(i);
  return {&input[4 * at], &truth[at], &weight[at], width, height};
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
