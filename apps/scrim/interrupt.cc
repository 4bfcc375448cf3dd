#include "interrupt.h"

#include <signal.h>

#include <atomic>

namespace scrim::app {
namespace {
// Set by a signal's handler, read by GStreamer's threads.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may take no lock");
void Raise(int) { interrupted = true; }
}  // namespace

void WatchForInterrupt() {
  struct sigaction action = {};
  action.sa_handler = Raise;
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void RaiseInterrupt() { interrupted = true; }

bool Interrupted() { return interrupted; }

}  // namespace scrim::app
