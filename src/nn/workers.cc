#include "nn/workers.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

namespace scrim::nn {
namespace {

#if defined(__EMSCRIPTEN_PTHREADS__)
// Emscripten's yield does nothing, and its library's atomic wait polls with pauses of milliseconds.
void Sleep(std::atomic<uint64_t>& counter, uint64_t while_it_is, int64_t nanoseconds = -1) {
  __builtin_wasm_memory_atomic_wait64(reinterpret_cast<int64_t*>(&counter), static_cast<int64_t>(while_it_is),
                                      nanoseconds);
}
void WakeAll(std::atomic<uint64_t>& counter) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int32_t*>(&counter), ~0u);
}
void GiveWay(std::atomic<uint64_t>& counter) { Sleep(counter, counter.load(std::memory_order_relaxed), 50'000); }
#else
void Sleep(std::atomic<uint64_t>& counter, uint64_t while_it_is) {
  counter.wait(while_it_is, std::memory_order_acquire);
}
void WakeAll(std::atomic<uint64_t>& counter) { counter.notify_all(); }
void GiveWay(std::atomic<uint64_t>&) { std::this_thread::yield(); }
#endif

// Until the run that Wake promised begins.
void WaitBriefly(const std::atomic<uint64_t>& counter, uint64_t old) {
  constexpr auto kLongest = std::chrono::milliseconds(1);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; counter.load(std::memory_order_acquire) == old; ++i) {
    hwy::Pause();
    if (i % 64 == 63 && std::chrono::steady_clock::now() - start > kLongest) return;
  }
}

}  // namespace

Workers::Workers(std::vector<Part> parts) : parts_(std::move(parts)) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (i == 0 || parts_[i].step != parts_[i - 1].step) steps_.push_back({i, 0});
    ++steps_.back().count;
  }
  size_t lanes = 0;
  for (const Step& step : steps_) lanes = std::max(lanes, step.count);
  for (size_t i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Lane>(steps_.size()));
}

StatusOr<std::unique_ptr<Workers>> Workers::Start(int threads, std::vector<Part> parts) {
  std::unique_ptr<Workers> workers(new Workers(std::move(parts)));
  if (!kHasThreads) threads = 1;
  try {
    for (int i = 1; i < threads; ++i) workers->threads_.emplace_back(&Workers::Loop, workers.get(), size_t(i));
  } catch (const std::system_error&) {
    return IoError("the system gives no more than " + std::to_string(workers->threads_.size() + 1) +
                   " threads; ask for fewer");
  }
  return workers;
}

Workers::~Workers() {
  stop_ = true;
  Wake();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::Wake() {
  calls_.fetch_add(1, std::memory_order_release);
  WakeAll(calls_);
}

void Workers::Run() {
  const uint64_t run = run_.load(std::memory_order_relaxed) + 1;
  if (!lanes_.empty()) lanes_[0]->awake.store(run, std::memory_order_relaxed);
  run_.store(run, std::memory_order_release);
  Wake();
  TakeParts(run, 0);
}

void Workers::Loop(size_t thread) {
  for (uint64_t calls = 0, seen = 0;;) {
    Sleep(calls_, calls);
    if (stop_) return;
    calls = calls_.load(std::memory_order_acquire);
    WaitBriefly(run_, seen);
    seen = run_.load(std::memory_order_acquire);
    if (thread < lanes_.size()) lanes_[thread]->awake.store(seen, std::memory_order_relaxed);
    TakeParts(seen, thread);
  }
}

void Workers::TakeParts(uint64_t run, size_t thread) {
  for (size_t step = 0; step < steps_.size(); ++step) {
    if (thread < steps_[step].count) Take(run, step, thread);
    for (size_t lane = 0; lane < steps_[step].count; ++lane) Finish(run, step, lane);
  }
}

// Runs a part, unless somebody has begun it.
bool Workers::Take(uint64_t run, size_t step, size_t lane) {
  std::atomic<uint64_t>& begun = lanes_[lane]->begun[step];
  uint64_t last = begun.load(std::memory_order_relaxed);
  if (last >= run || !begun.compare_exchange_strong(last, run, std::memory_order_acq_rel)) return false;
  parts_[steps_[step].first + lane].run();
  lanes_[lane]->done[step].store(run, std::memory_order_release);
  return true;
}

// Waits until a part is done. Takes it over where its thread sleeps, or is late.
void Workers::Finish(uint64_t run, size_t step, size_t lane) {
  constexpr int kPatience = 32;  // a microsecond or two
  constexpr int kSpins = 2000;   // some 20 to 60 microseconds
  std::atomic<uint64_t>& done = lanes_[lane]->done[step];
  for (int i = 0; done.load(std::memory_order_acquire) < run; ++i) {
    if (i >= kPatience || lanes_[lane]->awake.load(std::memory_order_relaxed) < run) {
      if (Take(run, step, lane)) return;
    }
    i < kSpins ? hwy::Pause() : GiveWay(done);
  }
}

}  // namespace scrim::nn
