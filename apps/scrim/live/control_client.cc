#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <string>
#include <vector>

#include "io/descriptor.h"
#include "live/control.h"
#include "live/control_line.h"

namespace scrim::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{30};  // for a run that is stopped, or a background on a slow disk

bool Connect(const std::string& path, const Descriptor& fd) {
  sockaddr_un address;
  if (!SocketAddress(path, &address)) return false;
  const timeval patience{kPatience.count(), 0};  // where its queue is full
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool Send(int fd, std::string text) {
  text += kEndOfLine;
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool Receive(int fd, std::string* text) {
  const Clock::time_point end = Clock::now() + kPatience;
  char buffer[4096];
  while (text->size() < kLongestLine) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd ready{fd, POLLIN, 0};
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) return false;
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    text->append(buffer, static_cast<size_t>(n));
    if (text->back() == kEndOfLine) {
      text->pop_back();
      return true;
    }
  }
  return false;
}

}  // namespace

StatusOr<std::string> AskRun(const std::string& path, const std::vector<std::string>& words) {
  const Descriptor run(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!Connect(path, run) && errno != EAGAIN)
    return NotFound((path.empty() ? "XDG_RUNTIME_DIR is not set" : path + ": nobody listens") +
                    "; start `scrim run`, or name its socket with --control");
  std::string line, answer;
  for (const std::string& word : words) line += (line.empty() ? "" : std::string(1, kBetweenWords)) + word;
  if (!Send(run.get(), line) || !Receive(run.get(), &answer) || answer.empty())
    return IoError(path + ": the run does not answer");
  if (answer[0] != '+') return InvalidArgument(answer.substr(1));
  return answer.substr(1);
}

}  // namespace scrim::app
