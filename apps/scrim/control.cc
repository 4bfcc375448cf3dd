#include "control.h"

#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "commands.h"

namespace scrim::app {
namespace {

// Words are separated by a byte that no file name and no number has.
constexpr char kBetween = '\n', kEnd = '\0';
constexpr size_t kLongest = 64 * 1024;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

bool Address(const std::string& path, sockaddr_un* address) {
  *address = {};
  address->sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address->sun_path) return false;
  std::memcpy(address->sun_path, path.data(), path.size());
  return true;
}

// Neither side lets the other wait for ever.
void SetPatience(int fd, int seconds) {
  const timeval patience{seconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool Send(int fd, std::string text) {
  text += kEnd;
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += n;
  }
  return true;
}

bool Receive(int fd, std::string* text) {
  char buffer[4096];
  while (text->size() < kLongest) {
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    text->append(buffer, n);
    if (text->back() == kEnd) {
      text->pop_back();
      return true;
    }
  }
  return false;
}

int Connect(const std::string& path) {
  sockaddr_un address;
  if (!Address(path, &address)) return -1;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace

std::string DefaultControlPath() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder != nullptr && *folder != '\0' ? std::string(folder) + "/scrim.sock" : "";
}

ControlServer::~ControlServer() {
  if (source_ != 0) g_source_remove(source_);
  if (fd_ < 0) return;
  close(fd_);
  unlink(path_.c_str());
}

Status ControlServer::Listen(const std::string& path, CommandHandler handler) {
  sockaddr_un address;
  if (!Address(path, &address)) return InvalidArgument(path + ": is too long for a socket, 107 bytes at most");
  if (const Fd other(Connect(path)); other.get() >= 0)
    return IoError(path + ": another run is controlled there; give this one a --control of its own");
  struct stat status;
  if (lstat(path.c_str(), &status) == 0) {  // one that crashed
    if (!S_ISSOCK(status.st_mode)) return InvalidArgument(path + ": is not a socket");
    unlink(path.c_str());
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const mode_t mask = umask(0177);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(fd, 4) == 0;
  const int reason = errno;
  umask(mask);
  if (!bound) {
    close(fd);
    return IoError(path + ": cannot be made: " + std::strerror(reason));
  }
  path_ = path, handler_ = std::move(handler), fd_ = fd;
  source_ = g_unix_fd_add(
      fd, G_IO_IN,
      [](gint ready, GIOCondition condition, gpointer data) -> gboolean { return OnConnect(ready, condition, data); },
      this);
  return {};
}

int ControlServer::OnConnect(int fd, int, void* data) {
  auto* self = static_cast<ControlServer*>(data);
  const Fd client(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
  if (client.get() < 0) return G_SOURCE_CONTINUE;
  SetPatience(client.get(), 1);
  std::string line;
  if (!Receive(client.get(), &line)) return G_SOURCE_CONTINUE;
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == kBetween)
      words.emplace_back();
    else
      words.back() += c;
  }
  const StatusOr<std::string> answer = self->handler_(words);
  Send(client.get(), answer.ok() ? "+" + *answer : "-" + answer.status().message());
  return G_SOURCE_CONTINUE;
}

StatusOr<std::string> AskRun(const std::string& path, const std::vector<std::string>& words) {
  const Fd run(Connect(path));
  if (run.get() < 0)
    return NotFound((path.empty() ? "XDG_RUNTIME_DIR is not set" : path + ": nobody listens") +
                    "; start `scrim run`, or name its socket with --control");
  SetPatience(run.get(), 30);
  std::string line, answer;
  for (const std::string& word : words) line += (line.empty() ? "" : std::string(1, kBetween)) + word;
  if (!Send(run.get(), line) || !Receive(run.get(), &answer) || answer.empty())
    return IoError(path + ": the run does not answer");
  if (answer[0] != '+') return InvalidArgument(answer.substr(1));
  return answer.substr(1);
}

Status Ctl(const CtlOptions& options) {
  std::vector<std::string> words = options.words;
  // The run has a working directory of its own.
  if (words.size() == 2 && words[0] == "background") {
    const Owned<gchar> absolute(g_canonicalize_filename(words[1].c_str(), nullptr));
    if (g_file_test(absolute.get(), G_FILE_TEST_EXISTS)) words[1] = absolute.get();
  }
  SCRIM_ASSIGN_OR_RETURN(const std::string answer,
                         AskRun(options.control.empty() ? DefaultControlPath() : options.control, words));
  if (!answer.empty()) std::printf("%s\n", answer.c_str());
  return {};
}

}  // namespace scrim::app
