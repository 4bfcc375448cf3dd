#include "engine/network_thread.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace scrim::engine {
namespace {

// Only allocation can throw in scrim, and nothing may leave a thread.
template <typename Body>
Status Caught(const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Internal("out of memory");  // short enough for a string to hold without any
  } catch (...) {
    return Internal("an exception");
  }
}

}  // namespace

StatusOr<std::unique_ptr<NetworkThread>> NetworkThread::Start(std::unique_ptr<MaskNetwork> network, MakeNetwork make) {
  std::unique_ptr<NetworkThread> made(new NetworkThread(std::move(network), std::move(make)));
  try {
    made->thread_ = std::thread(&NetworkThread::Loop, made.get());
  } catch (const std::system_error&) {
    return IoError("the system gives no thread for the network");
  }
  return made;
}

NetworkThread::NetworkThread(std::unique_ptr<MaskNetwork> network, MakeNetwork make)
    : planes_(network->planes()),
      density_(network->density()),
      wanted_(density_),
      network_(std::move(network)),
      make_(std::move(make)) {}

NetworkThread::~NetworkThread() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool NetworkThread::Submit(uint64_t number, double time, const image::Bytes& picture, PlaneSet planes) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (picture.width() != density_.width || picture.height() != density_.height) return false;
  job_.number = 0;  // there is none if copying throws
  job_.picture = picture;
  job_.number = number, job_.time = time, job_.clip = clip_, job_.planes = planes;
  lock.unlock();
  work_.notify_one();
  return true;
}

void NetworkThread::Wait(uint64_t number, double ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait_for(lock, std::chrono::duration<double, std::milli>(ms),
                 [&] { return std::max(newest_.number, dropped_) >= number; });
}

bool NetworkThread::Take(TimedMask* mask) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!fresh_) return false;
  fresh_ = false;
  std::swap(*mask, newest_);
  newest_.number = mask->number;  // for Wait
  return true;
}

void NetworkThread::Forget() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++clip_;
  job_.number = 0;
  fresh_ = false;
}

void NetworkThread::SetDensity(graph::Density density) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (make_ == nullptr || wanted_ == density) return;
  wanted_ = density;
  lock.unlock();
  work_.notify_one();
}

graph::Density NetworkThread::density() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return density_;
}

int NetworkThread::refusals() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return refusals_;
}

double NetworkThread::running_ms() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_) return 0;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started_).count();
}

uint64_t NetworkThread::runs() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return runs_;
}

void NetworkThread::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return stop_ || HasWork(); });
    if (stop_) return;
    WorkOnce(&lock);
  }
}

void NetworkThread::WorkOnce(std::unique_lock<std::mutex>* lock) {
  if (wanted_ == density_) {
    RunJob(lock);
  } else {
    ChangeDensity(lock);
  }
}

void NetworkThread::ChangeDensity(std::unique_lock<std::mutex>* lock) {
  const graph::Density wanted = wanted_;
  lock->unlock();
  std::unique_ptr<MaskNetwork> network;
  const Status status = Caught([&]() -> Status {
    SCRIM_ASSIGN_OR_RETURN(network, make_(wanted));
    if (network_->runs() > 0) network->Continue(network_->mask());
    return {};
  });
  lock->lock();
  if (!status.ok()) {
    ++refusals_;
    if (wanted_ == wanted) wanted_ = density_;
    return;
  }
  network_ = std::move(network);
  density_ = wanted;
  if (job_.number != 0) {  // it has the old size
    dropped_ = job_.number;
    job_.number = 0;
    done_.notify_all();
  }
}

void NetworkThread::RunJob(std::unique_lock<std::mutex>* lock) {
  std::swap(current_, job_);
  job_.number = 0;
  running_ = true;
  started_ = std::chrono::steady_clock::now();
  lock->unlock();

  if (std::exchange(last_clip_, current_.clip) != current_.clip) network_->Reset();
  network_->Want(current_.planes);
  answer_.status = Caught([&]() -> Status {
    SCRIM_RETURN_IF_ERROR(network_->Run(current_.picture));
    answer_.raw = network_->mask();
    answer_.steady = network_->steady();
    answer_.steady_planes = network_->steady_planes();
    return {};
  });
  if (!answer_.status.ok()) network_->Reset();  // an exception leaves things half made
  answer_.number = current_.number, answer_.time = current_.time;
  answer_.network_ms = network_->network_ms(), answer_.stabiliser_ms = network_->stabiliser_ms();
  std::swap(answer_.picture, current_.picture);

  lock->lock();
  running_ = false;
  ++runs_;
  if (current_.clip == clip_) {
    std::swap(newest_, answer_);
    fresh_ = true;
    done_.notify_all();
  }
}

}  // namespace scrim::engine
