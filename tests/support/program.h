// Programs of others that a test needs beside it: daemons, servers, clients.
#pragma once

#include <string>
#include <vector>

namespace scrim::test {

using Environment = std::vector<std::pair<std::string, std::string>>;

// Whether PATH has it.
bool HasProgram(const std::string& name);

// Runs until it ends by itself or this goes, which ends it. Its output goes to a file.
class Program {
 public:
  Program(const std::vector<std::string>& arguments, const Environment& environment, const std::string& log);
  ~Program() { Stop(); }
  Program(const Program&) = delete;
  void Stop();               // SIGTERM, and SIGKILL after ten seconds
  int Wait(double seconds);  // exit status, 128 + signal; -1: still runs
  bool runs() { return Wait(0) == -1; }
  int pid() const { return pid_; }

 private:
  int pid_ = -1, status_ = -1;
};

}  // namespace scrim::test
