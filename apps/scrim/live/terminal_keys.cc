#include "live/terminal_keys.h"

#include <glib-unix.h>
#include <unistd.h>

#include <utility>

#include "io/interrupt.h"

namespace scrim::app {
namespace {

// Nothing tells a process that it is in front again: a shell's fg sends no signal to one that runs already.
constexpr guint kLookEveryMs = 300;

bool InForeground() { return tcgetpgrp(STDIN_FILENO) == getpgrp(); }

}  // namespace

TerminalKeys::TerminalKeys(std::function<void(char)> on_key) : on_key_(std::move(on_key)) {
  if (!isatty(STDIN_FILENO)) return;
  Look();
  timer_ = g_timeout_add(
      kLookEveryMs,
      [](gpointer data) -> gboolean {
        static_cast<TerminalKeys*>(data)->Look();
        return G_SOURCE_CONTINUE;
      },
      this);
}

TerminalKeys::~TerminalKeys() {
  if (timer_ != 0) g_source_remove(timer_);
  const bool changed = source_ != 0;
  Leave();
  if (changed && InForeground()) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

// Shells set the terminal as they like it before they hand it over.
void TerminalKeys::Look() {
  if (!InForeground()) return Leave();
  termios now;
  if (tcgetattr(STDIN_FILENO, &now) != 0) return Leave();
  if ((now.c_lflag & (ICANON | ECHO)) == 0 && source_ != 0) return;
  before_ = now;
  Take();
}

void TerminalKeys::Take() {
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 0;
  NoteTerminal(before_);
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) return Leave();
  if (source_ == 0)
    source_ = g_unix_fd_add(
        STDIN_FILENO, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP),
        [](gint fd, GIOCondition condition, gpointer data) -> gboolean { return OnReadable(fd, condition, data); },
        this);
}

void TerminalKeys::Leave() {
  if (source_ != 0) g_source_remove(std::exchange(source_, 0));
  ForgetTerminal();
}

int TerminalKeys::OnReadable(int fd, int, void* data) {
  auto* self = static_cast<TerminalKeys*>(data);
  char key;
  // In the background a read would stop the process.
  if (InForeground() && read(fd, &key, 1) == 1) {
    self->on_key_(key);
    return G_SOURCE_CONTINUE;
  }
  self->source_ = 0;
  self->Leave();
  return G_SOURCE_REMOVE;
}

}  // namespace scrim::app
