#include "io/say.h"

#include <poll.h>
#include <unistd.h>

namespace scrim::app {

void SayPlainly(const std::string& text) {
  pollfd terminal{STDERR_FILENO, POLLOUT, 0};
  if (poll(&terminal, 1, 0) <= 0 || (terminal.revents & POLLOUT) == 0) return;
  const std::string line = text + "\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void Say(const std::string& text) { SayPlainly("scrim: " + text); }

}  // namespace scrim::app
