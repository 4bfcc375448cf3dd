#include "interrupt.h"

#include <signal.h>

namespace scrim::app {
namespace {
volatile sig_atomic_t interrupted = 0;
void Raise(int) { interrupted = 1; }
}  // namespace

void WatchForInterrupt() {
  struct sigaction action = {};
  action.sa_handler = Raise;
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void RaiseInterrupt() { interrupted = 1; }

bool Interrupted() { return interrupted != 0; }

}  // namespace scrim::app
