// Runs the command line as a user would, and looks at what it leaves.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace scrim::test {

struct Result {
  int status = -1;  // exit status; 128 + signal where one ended it
  std::string out, err;
};

// Runs the program under test with these arguments. prepare runs in the child before it starts; started in the parent,
// with the process id. Ends it three minutes after that.
struct RunHooks {
  std::function<void()> prepare;
  std::function<void(int pid)> started;
  std::string out, err;  // files for what it prints, to be read meanwhile; empty: the test does not care where
};
Result RunScrim(const std::vector<std::string>& arguments, const RunHooks& hooks = {});

// The words of the line of a printed table that begins with `name`; empty where there is none.
std::vector<std::string> Line(const std::string& table, const std::string& name);

// A fresh empty folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  // Names in it, sorted.
  std::vector<std::string> List() const;

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace scrim::test
