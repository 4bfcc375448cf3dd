#include "io/interrupt.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
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
  bool only_this = false;  // which device and inode say
  dev_t device = 0;
  ino_t inode = 0;
};
Part parts[16];
std::mutex parts_mutex;

void Remove(const Part& part) {
  struct stat now;
  if (part.only_this && (lstat(part.path, &now) != 0 || now.st_dev != part.device || now.st_ino != part.inode)) return;
  unlink(part.path);
}

std::atomic<bool> terminal_changed{false};
termios terminal_before;

// In the background the process would be stopped for it.
void RestoreTerminal() {
  if (terminal_changed && tcgetpgrp(STDIN_FILENO) == getpgrp()) tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

[[noreturn]] void End(int status) {
  for (const Part& part : parts) {
    if (part.used) Remove(part);
  }
  RestoreTerminal();
  _exit(status);
}

// Ctrl-Z: not every shell sets the terminal for itself. What set it sees to that again.
void OnStop(int) {
  RestoreTerminal();
  raise(SIGTSTP);  // handled once only: this one stops
}

void OnSignal(int signal) {
  // A terminal that is closed may say so twice: the kernel, and the shell in it.
  const bool again = interrupted.exchange(true);
  if (again && signal == SIGHUP) return;
  if (again || finishers == 0) End(kInterruptedStatus);
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
  struct sigaction hang_up = {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
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

namespace {

void Note(const std::string& path, const struct stat* only_this) {
  const std::lock_guard<std::mutex> lock(parts_mutex);
  for (Part& part : parts) {
    if (part.used || path.size() >= sizeof part.path) continue;
    std::memcpy(part.path, path.c_str(), path.size() + 1);
    part.only_this = only_this != nullptr;
    if (only_this != nullptr) part.device = only_this->st_dev, part.inode = only_this->st_ino;
    part.used = true;
    return;
  }
}

}  // namespace

void NotePart(const std::string& path) { Note(path, nullptr); }

void NoteSocket(const std::string& path) {
  struct stat now;
  if (lstat(path.c_str(), &now) == 0) Note(path, &now);
}

void RemoveSocket(const std::string& path) {
  const std::lock_guard<std::mutex> lock(parts_mutex);
  for (Part& part : parts) {
    if (part.used && part.only_this && path == part.path) {
      Remove(part);
      part.used = false;
    }
  }
}

void ForgetPart(const std::string& path) {
  const std::lock_guard<std::mutex> lock(parts_mutex);
  for (Part& part : parts) {
    if (part.used && path == part.path) part.used = false;
  }
}

void NoteTerminal(const termios& before) {
  terminal_before = before;
  terminal_changed = true;
  struct sigaction action = {};
  sigaction(SIGTSTP, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action.sa_handler = OnStop;
  action.sa_flags = SA_RESTART | SA_NODEFER | static_cast<int>(SA_RESETHAND);
  sigaction(SIGTSTP, &action, nullptr);
}

void ForgetTerminal() { terminal_changed = false; }

int InterruptDescriptor() { return descriptors[0]; }

}  // namespace scrim::app
