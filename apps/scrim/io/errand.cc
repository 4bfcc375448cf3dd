#include "io/errand.h"

#include <glib.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace scrim::app {
namespace {

// Never destroyed: an errand may outlive everything else.
struct Count {
  std::mutex mutex;
  std::condition_variable ended;
  int running = 0;
};
Count& Errands() {
  static auto* const count = new Count;
  return *count;
}

}  // namespace

void InMainLoop(std::function<void()> work) {
  g_idle_add_full(
      G_PRIORITY_DEFAULT,
      [](gpointer data) -> gboolean {
        (*static_cast<std::function<void()>*>(data))();
        return G_SOURCE_REMOVE;
      },
      new std::function<void()>(std::move(work)),
      [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
}

void StartErrand(std::function<void()> work) {
  Count& count = Errands();
  {
    const std::lock_guard<std::mutex> lock(count.mutex);
    ++count.running;
  }
  std::thread([&count, work = std::move(work)]() mutable {
    work();
    work = nullptr;  // what it holds goes before it counts as ended
    const std::lock_guard<std::mutex> lock(count.mutex);
    --count.running;
    count.ended.notify_all();
  }).detach();
}

bool ErrandsEnd(std::chrono::milliseconds patience) {
  Count& count = Errands();
  std::unique_lock<std::mutex> lock(count.mutex);
  return count.ended.wait_for(lock, patience, [&] { return count.running == 0; });
}

}  // namespace scrim::app
