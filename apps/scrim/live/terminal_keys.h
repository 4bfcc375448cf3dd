// Single keys from the terminal.
#pragma once

#include <termios.h>

#include <functional>

namespace scrim::app {

// While it lives, and as long as this process is in the foreground of the terminal on stdin, keys arrive at once and
// unseen, in GLib's main loop. A run may be stopped, go on in the background and come to the front again. Does nothing
// where stdin is no terminal.
class TerminalKeys {
 public:
  explicit TerminalKeys(std::function<void(char)> on_key);
  TerminalKeys(const TerminalKeys&) = delete;
  ~TerminalKeys();
  bool active() const { return source_ != 0; }

 private:
  void Look();
  void Take();
  void Leave();
  static int OnReadable(int fd, int condition, void* data);

  std::function<void(char)> on_key_;
  termios before_{};
  unsigned source_ = 0, timer_ = 0;
};

}  // namespace scrim::app
