// Commands for a run that is under way, over a Unix socket: one line in, an answer out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::app {

// What a command did: text to show, or why not.
using CommandHandler = std::function<StatusOr<std::string>(const std::vector<std::string>& words)>;

inline constexpr const char* kCommandsHelp =
    "background WHAT, next, previous, blur, mirror [on|off], freeze [on|off], pause, resume, stats, quit";

// scrim.sock in $XDG_RUNTIME_DIR; empty where that is not set.
std::string DefaultControlPath();

// Listens in GLib's main loop until it goes; the socket is for this user alone.
class ControlServer {
 public:
  ControlServer() = default;
  ControlServer(const ControlServer&) = delete;
  ~ControlServer();
  // kIo: another run listens there, or the folder cannot be written.
  Status Listen(const std::string& path, CommandHandler handler);

 private:
  static int OnConnect(int fd, int condition, void* data);
  std::string path_;
  CommandHandler handler_;
  int fd_ = -1;
  unsigned source_ = 0;
};

// Asks the run that listens there. kNotFound: nobody does.
StatusOr<std::string> AskRun(const std::string& path, const std::vector<std::string>& words);

}  // namespace scrim::app
