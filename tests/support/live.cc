#include "support/live.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "live/control.h"

namespace scrim::test {

Frames Split(const std::string& bytes) {
  constexpr size_t kFrameSize = 6 + kLiveWidth * kLiveHeight * 3 / 2;
  Frames frames;
  const size_t begin = bytes.find('\n');
  if (begin == std::string::npos) return frames;
  frames.header = bytes.substr(0, begin);
  for (size_t at = begin + 1; at + kFrameSize <= bytes.size(); at += kFrameSize)
    frames.planes.push_back(bytes.substr(at + 6, kFrameSize - 6));
  return frames;
}

testing::AssertionResult IsPlain(const std::string& planes, int y, int u, int v, int rows) {
  std::string problem;
  const auto near = [&](size_t at, size_t count, int value) {
    for (size_t i = at; i < at + count; ++i) {
      const int there = static_cast<unsigned char>(planes[i]);
      if (std::abs(there - value) <= 4) continue;
      problem = "byte " + std::to_string(i) + " is " + std::to_string(there) + ", not " + std::to_string(value);
      return false;
    }
    return true;
  };
  const size_t luma = kLiveWidth * kLiveHeight, shown = static_cast<size_t>(kLiveWidth * rows);
  const bool plain = near(0, shown, y) && near(luma, shown / 4, u) && near(luma + luma / 4, shown / 4, v);
  return plain ? testing::AssertionSuccess() : testing::AssertionFailure() << problem;
}

Result Live::Run(std::vector<std::string> more, const std::function<void(int)>& started) {
  std::vector<std::string> arguments = {"run", "--model", model_, "--control", socket_, "-q", "--size", "64x36"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  RunHooks hooks;
  // A run that nobody will tell to end any more is ended.
  if (started) {
    hooks.started = [&](int pid) {
      pid_ = pid;
      started(pid);
      pid_ = -1;
      if (HasFatalFailure()) kill(pid, SIGTERM);
    };
  }
  hooks.prepare = [this] {
    for (const auto& [name, value] : environment_) setenv(name.c_str(), value.c_str(), 1);
  };
  hooks.out = printed_ / "out", hooks.err = printed_ / "err";
  return RunScrim(arguments, hooks);
}

bool Live::Ended() const {
  siginfo_t info{};
  return pid_ > 0 && waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid_;
}

StatusOr<std::string> Live::Ask(const std::vector<std::string>& words) {
  StatusOr<std::string> answer = NotFound("");
  Comes([&] {
    answer = app::AskRun(socket_, words);
    return answer.status().code() != Code::kNotFound || Ended();
  });
  return answer;
}

bool Live::Sees(const std::string& text) {
  bool seen = false;
  Comes([&] {
    const StatusOr<std::string> stats = Ask({"stats"});
    seen = stats.ok() && stats->find(text) != std::string::npos;
    return seen || Ended();
  });
  return seen;
}

double Live::Stat(const std::string& name) {
  const StatusOr<std::string> stats = Ask({"stats"});
  if (!stats.ok()) return -1;
  const size_t at = ("\n" + *stats).find("\n" + name + ": ");
  return at == std::string::npos ? -1 : std::atof(stats->c_str() + at + name.size() + 2);
}

bool Live::NoFrames() {
  Comes([&] { return Stat("frames") > 0 || Ended(); });
  return Stat("frames") <= 0;
}

bool Live::MoreFrames(int count) {
  const double wanted = Stat("frames") + count;
  Comes([&] { return Stat("frames") >= wanted || Ended(); });
  return Stat("frames") >= wanted;
}

bool Live::Shows(int y, int u, int v, int rows) {
  return Comes([&] {
           const Frames frames = Split(ReadFile(printed_ / "out"));
           return (!frames.planes.empty() && IsPlain(frames.planes.back(), y, u, v, rows)) || Ended();
         }) &&
         !Ended();
}

double CpuMilliseconds(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return -1;
  long user = 0, system = 0;
  std::sscanf(text.c_str() + name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
  return 1000. * static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace scrim::test
