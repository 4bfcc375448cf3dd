#include "support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

// Leaks that are none of ours:
// - what the loader's constructors allocate: GLib's keeps 16 KB for good. To see the loader in the stack, the unwinder
//   has to be the thorough one;
// - GLib's blocks of interned strings, full ones of which nothing points to any more;
// - the 17 bytes of a message of GStreamer's provider of Vulkan devices where there is no Vulkan.
#define SCRIM_SUPPRESSIONS "leak:ld-linux\nleak:g_intern_string\nleak:gst_vulkan_error_to_g_error\n"
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" const char* __asan_default_options() { return "fast_unwind_on_malloc=0"; }
extern "C" const char* __lsan_default_suppressions() { return SCRIM_SUPPRESSIONS; }
#endif
#endif

namespace scrim::test {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "scrim-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

std::vector<std::string> TemporaryFolder::List() const {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

Result RunScrim(const std::vector<std::string>& arguments, const RunHooks& hooks) {
  TemporaryFolder folder;
  const std::string out = hooks.out.empty() ? folder / "out" : hooks.out;
  const std::string err = hooks.err.empty() ? folder / "err" : hooks.err, suppressions = folder / "suppressions";
  WriteFile(suppressions, SCRIM_SUPPRESSIONS);
  std::vector<char*> argv = {const_cast<char*>(SCRIM_PROGRAM)};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    setenv("ASAN_OPTIONS", "fast_unwind_on_malloc=0", 1);
    setenv("LSAN_OPTIONS", ("print_suppressions=0:suppressions=" + suppressions).c_str(), 1);
    if (hooks.prepare) hooks.prepare();
    execv(argv[0], argv.data());
    _exit(127);
  }
  if (hooks.started) hooks.started(pid);
  int state = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(3);
  while (waitpid(pid, &state, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  Result result;
  result.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  result.out = ReadFile(out), result.err = ReadFile(err);
  return result;
}

std::vector<std::string> Line(const std::string& table, const std::string& name) {
  const size_t at = ("\n" + table).find("\n" + name + " ");
  if (at == std::string::npos) return {};
  std::vector<std::string> words;
  std::string word;
  for (char c : table.substr(at, table.find('\n', at) - at) + " ") {
    if (c != ' ') word += c;
    if (c == ' ' && !word.empty()) words.push_back(std::exchange(word, ""));
  }
  return words;
}

}  // namespace scrim::test
