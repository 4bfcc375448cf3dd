#include "terminal_keys.h"

#include <glib-unix.h>
#include <unistd.h>

#include <utility>

namespace scrim::app {

TerminalKeys::TerminalKeys(std::function<void(char)> on_key) : on_key_(std::move(on_key)) {
  if (!isatty(0) || tcgetpgrp(0) != getpgrp() || tcgetattr(0, &before_) != 0) return;
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 0;
  if (tcsetattr(0, TCSANOW, &raw) != 0) return;
  source_ = g_unix_fd_add(
      0, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP),
      [](gint fd, GIOCondition, gpointer data) -> gboolean {
        auto* self = static_cast<TerminalKeys*>(data);
        char key;
        if (read(fd, &key, 1) == 1) {
          self->on_key_(key);
          return G_SOURCE_CONTINUE;
        }
        self->source_ = 0;
        return G_SOURCE_REMOVE;
      },
      this);
}

TerminalKeys::~TerminalKeys() {
  if (source_ != 0) g_source_remove(source_);
  if (before_.c_lflag != 0) tcsetattr(0, TCSANOW, &before_);
}

}  // namespace scrim::app
