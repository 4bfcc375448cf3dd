#include "interrupt.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>

namespace scrim::app {
namespace {

constexpr unsigned kGraceSeconds = 5, kStandstillSeconds = 60;
constexpr int kInterruptedStatus = 130, kFailedStatus = 1;

// Set by handlers, read by any thread.
std::atomic<bool> interrupted{false}, moved{false}, standstill_watched{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may take no lock");
std::atomic<int> finishers{0};
int descriptors[2] = {-1, -1};
char standstill_line[PATH_MAX + 128];

// Names that a handler can read: written under the mutex, taken by the flag.
struct Part {
  std::atomic<bool> used{false};
  char path[PATH_MAX];
};
Part parts[16];
std::mutex parts_mutex;

[[noreturn]] void End(int status) {
  for (Part& part : parts) {
    if (part.used) unlink(part.path);
  }
  _exit(status);
}

void OnSignal(int) {
  if (interrupted.exchange(true) || finishers == 0) End(kInterruptedStatus);
  moved = false;
  [[maybe_unused]] const ssize_t written = write(descriptors[1], "", 1);
  alarm(kGraceSeconds);
}

void OnAlarm(int) {
  if (moved.exchange(false)) {
    alarm(interrupted ? kGraceSeconds : kStandstillSeconds);
    return;
  }
  if (interrupted) End(kInterruptedStatus);
  if (!standstill_watched) return;
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, standstill_line, std::strlen(standstill_line));
  End(kFailedStatus);
}

}  // namespace

void WatchForInterrupt() {
  if (descriptors[0] < 0 && pipe2(descriptors, O_CLOEXEC | O_NONBLOCK) != 0) descriptors[0] = descriptors[1] = -1;
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = OnAlarm;
  sigaction(SIGALRM, &action, nullptr);
}

FinishesOnInterrupt::FinishesOnInterrupt() { ++finishers; }
FinishesOnInterrupt::~FinishesOnInterrupt() { --finishers; }

bool Interrupted() { return interrupted; }

void Moved() { moved = true; }

void WatchForStandstill(const std::string& name) {
  standstill_watched = false;
  std::snprintf(standstill_line, sizeof standstill_line,
                "scrim: %s: nothing has moved for a minute; is the file still being written, or its disk gone?\n",
                name.c_str());
  standstill_watched = !name.empty();
  if (!interrupted) alarm(name.empty() ? 0 : kStandstillSeconds);
}

void NotePart(const std::string& path) {
  const std::lock_guard<std::mutex> lock(parts_mutex);
  for (Part& part : parts) {
    if (part.used || path.size() >= sizeof part.path) continue;
    std::memcpy(part.path, path.c_str(), path.size() + 1);
    part.used = true;
    return;
  }
}

void ForgetPart(const std::string& path) {
  const std::lock_guard<std::mutex> lock(parts_mutex);
  for (Part& part : parts) {
    if (part.used && path == part.path) part.used = false;
  }
}

int InterruptDescriptor() { return descriptors[0]; }

}  // namespace scrim::app
