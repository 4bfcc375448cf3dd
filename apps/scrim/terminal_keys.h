// Single keys from the terminal.
#pragma once

#include <termios.h>

#include <functional>

namespace scrim::app {

// While it lives, keys on stdin arrive at once and unseen, in GLib's main loop. Does nothing where stdin is no terminal
// or this process is not in its foreground.
class TerminalKeys {
 public:
  explicit TerminalKeys(std::function<void(char)> on_key);
  TerminalKeys(const TerminalKeys&) = delete;
  ~TerminalKeys();
  bool active() const { return source_ != 0; }

 private:
  std::function<void(char)> on_key_;
  termios before_{};
  unsigned source_ = 0;
};

}  // namespace scrim::app
