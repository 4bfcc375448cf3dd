// Commands for a run that is under way, over a Unix socket: one line in, an answer out.
#pragma once

#include <gio/gio.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::app {

// Takes what a command did: text to show, or why not. Called once, in the main loop.
using Reply = std::function<void(StatusOr<std::string>)>;
using CommandHandler = std::function<void(const std::vector<std::string>& words, const Reply& reply)>;

// scrim.sock in $XDG_RUNTIME_DIR; empty where that is not set.
std::string DefaultControlPath();

// Listens in GLib's main loop until it goes; the socket is for this user alone. Nobody is waited for: each client has
// some seconds to say its line, and as many to take its answer.
class ControlServer {
 public:
  ControlServer() = default;
  ControlServer(const ControlServer&) = delete;
  ~ControlServer();
  // kIo: another run listens there, or the folder cannot be written.
  Status Listen(const std::string& path, CommandHandler handler);

 private:
  struct Clients;
  std::string path_;
  GSocketService* service_ = nullptr;
  std::shared_ptr<Clients> clients_;
};

// Asks the run that listens there; waits half a minute at most. kNotFound: nobody does.
StatusOr<std::string> AskRun(const std::string& path, const std::vector<std::string>& words);

}  // namespace scrim::app
