#include "nn/workers.h"

#include <hwy/cache_control.h>

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

// Steps take microseconds: waits by spinning, and gives the processor away when it takes long.
void WaitFor(std::atomic<uint64_t>& counter, uint64_t value) {
  constexpr int kSpins = 2000;  // some 20 to 60 microseconds
  for (int i = 0; counter.load(std::memory_order_acquire) < value; ++i) i < kSpins ? hwy::Pause() : GiveWay(counter);
}

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
  for (size_t i = 0; i < parts_.size(); ++i)
    before_.push_back(i > 0 && parts_[i].step == parts_[i - 1].step ? before_.back() : i);
}

StatusOr<std::unique_ptr<Workers>> Workers::Start(int threads, std::vector<Part> parts) {
  std::unique_ptr<Workers> workers(new Workers(std::move(parts)));
#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
  threads = 1;  // there are none to be had; the caller takes all parts
#endif
  try {
    for (int i = 1; i < threads; ++i) workers->threads_.emplace_back(&Workers::Loop, workers.get());
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
  const uint64_t end = wanted_.load(std::memory_order_relaxed) + parts_.size();
  wanted_.store(end, std::memory_order_release);
  Wake();
  TakeParts(end);
  WaitFor(done_, end);
}

void Workers::Loop() {
  for (uint64_t calls = 0, seen = 0;;) {
    Sleep(calls_, calls);
    if (stop_) return;
    calls = calls_.load(std::memory_order_acquire);
    WaitBriefly(wanted_, seen);
    seen = wanted_.load(std::memory_order_acquire);
    TakeParts(seen);
  }
}

void Workers::TakeParts(uint64_t end) {
  const uint64_t begin = end - parts_.size();
  for (uint64_t next = taken_.load(std::memory_order_relaxed); next < end;) {
    if (!taken_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel)) continue;
    const auto i = static_cast<size_t>(next - begin);
    WaitFor(done_, begin + before_[i]);
    parts_[i].run();
    done_.fetch_add(1, std::memory_order_acq_rel);
    ++next;
  }
}

}  // namespace scrim::nn
