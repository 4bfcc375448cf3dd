// What people do to a live run: slow clients, wrong files, other runs, hang-ups, a full disk, Ctrl-Z.
#include <fcntl.h>
#include <glob.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

#include "live/control.h"
#include "live/control_line.h"
#include "io/descriptor.h"
#include "live/live_commands.h"
#include "support/live.h"
#include "support/media_tools.h"

namespace scrim::test {
namespace {

using app::Descriptor;

// A client of the socket that says nothing unless it is told to.
Descriptor Connect(const std::string& path) {
  sockaddr_un address;
  EXPECT_TRUE(app::SocketAddress(path, &address));
  Descriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return client;
}

std::unique_ptr<Program> Started(const std::string& socket, const std::string& log,
                                 std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {SCRIM_PROGRAM, "run",    "-i",    "test",    "-b",
                                        "#ff0000",     "--size", "64x36", "--model", SCRIM_BRIGHT_MODEL,
                                        "--control",   socket,   "-q"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  if (more.empty()) arguments.insert(arguments.end(), {"-o", "-", "--no-keys"});
  return std::make_unique<Program>(arguments, Environment{}, log);
}

class People : public Live {
 protected:
  std::string log_ = folder_ / "log";
};

TEST_F(People, SlowClientsHoldNobodyUp) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "-"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    std::vector<Descriptor> slow;
    for (int i = 0; i < 40; ++i) slow.push_back(Connect(socket_));
    const double before = Stat("frames");
    EXPECT_GE(before, 0);
    for (const Descriptor& client : slow) EXPECT_LE(send(client.get(), "s", 1, MSG_NOSIGNAL), 1);
    EXPECT_GE(Stat("frames"), before);
    char byte;  // the newest one has been waited for, and not answered
    EXPECT_EQ(recv(slow.back().get(), &byte, 1, MSG_DONTWAIT), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(recv(slow.back().get(), &byte, 1, 0), 0);  // after some seconds
    kill(pid, SIGTERM);
  });
  EXPECT_EQ(result.status, 130) << result.err;
}

TEST_F(People, ARunThatIsStoppedKeepsItsSocket) {
  const auto run = Started(socket_, log_);
  ASSERT_TRUE(Ask({"stats"}).ok());
  kill(run->pid(), SIGSTOP);
  std::vector<Descriptor> full;  // until its queue is
  for (int i = 0; i < 64; ++i) {
    sockaddr_un address;
    ASSERT_TRUE(app::SocketAddress(socket_, &address));
    full.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (connect(full.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) break;
  }
  const auto second = Started(socket_, folder_ / "second");
  EXPECT_EQ(second->Wait(kPatience), 1);
  EXPECT_NE(ReadFile(folder_ / "second").find("another run"), std::string::npos) << ReadFile(folder_ / "second");
  kill(run->pid(), SIGCONT);
  full.clear();
  EXPECT_TRUE(Ask({"quit"}).ok());
  EXPECT_EQ(run->Wait(kPatience), 0);
}

// Stopped for longer than a source may be silent, as a machine that sleeps does: the source is not to blame.
TEST_F(People, ARunGoesOnAfterItStoodStill) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "-"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    kill(pid, SIGSTOP);
    std::this_thread::sleep_for(std::chrono::seconds(7));
    kill(pid, SIGCONT);
    EXPECT_TRUE(MoreFrames(30));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
}

// The day's time is set to another one, as after a long sleep or by a time server: nothing goes by it.
TEST_F(People, TheTimeOfDayMayJump) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "a sanitizer's runtime wants to be the first library";
#endif
#endif
  glob_t found{};
  glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found);
  const std::string library = found.gl_pathc > 0 ? found.gl_pathv[0] : "";
  globfree(&found);
  if (library.empty()) GTEST_SKIP() << "libfaketime is not installed";
  const std::string time = folder_ / "time";
  WriteFile(time, "+0");
  environment_ = {{"LD_PRELOAD", library},
                  {"FAKETIME_TIMESTAMP_FILE", time},
                  {"FAKETIME_NO_CACHE", "1"},
                  {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    for (const char* hours : {"+5h", "-5h", "+0"}) {
      WriteFile(time, hours);
      EXPECT_TRUE(MoreFrames(30)) << hours;
      EXPECT_TRUE(Sees("source: runs")) << hours;
    }
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
}

TEST_F(People, APipeIsNoBackground) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "-"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    const StatusOr<std::string> answer = Ask({"background", pipe});
    EXPECT_NE(answer.status().message().find("no plain file"), std::string::npos) << answer.status().message();
    EXPECT_TRUE(Sees("background: #ff0000"));
    kill(pid, SIGTERM);
  });
  EXPECT_EQ(result.status, 130) << result.err;
  const Result from_start = Run({"-i", "test", "-b", pipe, "-o", "-"});
  EXPECT_EQ(from_start.status, 1);
  EXPECT_NE(from_start.err.find("no plain file"), std::string::npos) << from_start.err;
}

TEST_F(People, WordsMeanTheSameInEveryFolder) {
  for (const char* name : {"blur", "screen", "#00ff00"}) std::filesystem::create_directory(folder_ / name);
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    RunHooks here;
    here.prepare = [&] { ASSERT_EQ(chdir(folder_.path().c_str()), 0); };
    for (const char* word : {"blur", "#00ff00"}) {
      const Result told = RunScrim({"ctl", "--control", socket_, "background", word}, here);
      EXPECT_EQ(told.status, 0) << word << ": " << told.err;
      EXPECT_TRUE(Sees(std::string("background: ") + word));
    }
    // A name means a file where ctl is, not where the run is.
    const Result missing = RunScrim({"ctl", "--control", socket_, "background", "none.jpg"}, here);
    EXPECT_NE(missing.err.find(folder_ / "none.jpg"), std::string::npos) << missing.err;
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(People, TheHelpNamesEveryCommand) {
  const std::string help = RunScrim({"ctl", "--help"}).out;
  for (const char* command :
       {"background", "next", "previous", "blur", "mirror", "freeze", "hide", "pause", "resume", "stats", "quit"}) {
    EXPECT_TRUE(app::CheckWords(std::string(command) == "background" ? std::vector<std::string>{command, "blur"}
                                                                     : std::vector<std::string>{command})
                    .ok());
    EXPECT_NE(help.find(command), std::string::npos) << command;
    EXPECT_NE(app::CheckWords({"dance"}).message().find(command), std::string::npos) << command;
  }
}

TEST_F(People, ARunRemovesItsOwnSocketOnly) {
  const auto first = Started(socket_, log_);
  ASSERT_TRUE(Ask({"stats"}).ok());
  std::filesystem::remove(socket_);
  const auto second = Started(socket_, log_);
  ASSERT_TRUE(Ask({"stats"}).ok());
  first->Stop();
  EXPECT_TRUE(app::AskRun(socket_, {"quit"}).ok());
  EXPECT_EQ(second->Wait(kPatience), 0);
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(People, TheFirstSignalEndsARunWhereverItIs) {
  for (const int milliseconds : {1, 20, 60, 120, 250, 500, 900}) {
    const auto run = Started(socket_, log_);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    kill(run->pid(), SIGTERM);
    const int status = run->Wait(kPatience);
    EXPECT_TRUE(status == 130 || status == 128 + SIGTERM) << milliseconds << ": " << status;  // loaded or not
    EXPECT_FALSE(std::filesystem::exists(socket_)) << milliseconds;
  }
}

TEST_F(People, AHangUpFinishesTheRecording) {
  for (const char* name : {"out.mp4", "out.mkv"}) {
    const auto run = Started(socket_, log_, {"-o", folder_ / name, "--no-keys"});
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(MoreFrames(30));
    kill(run->pid(), SIGHUP);  // from the kernel, and from the shell in the terminal
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    kill(run->pid(), SIGHUP);
    EXPECT_EQ(run->Wait(kPatience), 130);
    EXPECT_GT(FrameTimes(folder_ / name).size(), 25u) << name;
    EXPECT_EQ(folder_.List(), (std::vector<std::string>{"log", name}));
    std::filesystem::remove(folder_ / name);
  }
}

// A limit on the size of files is an error of write, like a full disk.
TEST_F(People, WhatWasRecordedBeforeTheDiskIsFullIsKept) {
  for (const char* name : {"out.mp4", "out.mov", "out.mkv"}) {
    RunHooks small;
    small.prepare = [] {
      const rlimit limit{300 << 10, 300 << 10};
      setrlimit(RLIMIT_FSIZE, &limit);
    };
    const Result result = RunScrim({"run", "-i", "test", "--size", "640x480", "-b", "#ff0000", "-o", folder_ / name,
                                    "--model", SCRIM_BRIGHT_MODEL, "--control", socket_, "--no-keys", "-q"},
                                   small);
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
    EXPECT_GT(FrameTimes(folder_ / name).size(), 10u) << name;
    EXPECT_EQ(folder_.List(), std::vector<std::string>{name});
    std::filesystem::remove(folder_ / name);
  }
}

TEST_F(People, ErrorsInTheConfigurationNameItsFile) {
  const std::string file = folder_ / "config";
  const auto says = [&](const std::string& text, std::vector<std::string> arguments) {
    WriteFile(file, text);
    arguments.insert(arguments.begin(), {"--config", file});
    const Result result = RunScrim(arguments);
    EXPECT_EQ(result.status, 2) << text << result.err;
    return result.err;
  };
  const std::vector<std::string> run = {"run", "-i", "test", "-b", "blur", "-o", "-"};
  for (const char* mistake : {"[run]\nimput=\"test\"\n", "[run]\nsize=\"12\"\n", "[run]\nrate=fast\n", "rum=1\n",
                              "[run\n", "\xef\xbb\xbf[run]\n"}) {
    const std::string error = says(mistake, run);
    EXPECT_NE(error.find(file), std::string::npos) << error;
  }
  const std::string section = says("[rum]\ninput=\"test\"\n", run);
  EXPECT_NE(section.find(file + ": [rum] is no command"), std::string::npos) << section;
  EXPECT_EQ(says("[run]\nmirror=true\n", {"run", "-i", "test", "-b", "blur", "-o", "-", "--size", "12"}).find(file),
            std::string::npos);
  // Another command's part is its own affair.
  for (const char* mistake : {"[run]\nimput=\"test\"\n", "[rum]\nx=1\n", "[run\n", "nonsense\n"}) {
    WriteFile(file, mistake + ("[ctl]\ncontrol=\"" + socket_ + "\"\n"));
    const Result told = RunScrim({"--config", file, "ctl", "pause"});
    EXPECT_EQ(told.status, 1);
    EXPECT_NE(told.err.find(socket_ + ": nobody listens"), std::string::npos) << told.err;
  }
}

// An interactive shell in a terminal of its own.
class Shell {
 public:
  Shell() {
    pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      execlp("bash", "bash", "--norc", "-i", nullptr);
      _exit(127);
    }
  }
  ~Shell() {
    close(terminal_);
    kill(pid_, SIGHUP);
    waitpid(pid_, nullptr, 0);
  }
  void Type(const std::string& text) { EXPECT_EQ(write(terminal_, text.data(), text.size()), ssize_t(text.size())); }
  // Whether the text comes to be printed from here on.
  bool Prints(const std::string& text, double seconds = kPatience) {
    std::string printed;
    return Comes(
        [&] {
          char bytes[4096];
          fcntl(terminal_, F_SETFL, O_NONBLOCK);
          for (ssize_t n; (n = read(terminal_, bytes, sizeof bytes)) > 0;)
            printed.append(bytes, static_cast<size_t>(n));
          return printed.find(text) != std::string::npos;
        },
        seconds);
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
};

TEST_F(People, KeysWorkAgainInFrontOfTheTerminal) {
  if (!HasProgram("bash")) GTEST_SKIP() << "bash is not installed";
  const std::string run = SCRIM_PROGRAM " run -i test --size 64x36 -b blur -o - --model " SCRIM_BRIGHT_MODEL
                                        " --control " +
                          socket_ + " >/dev/null";
  const auto key_works = [](Shell& shell) {
    return Comes([&] {  // the key may come before the run looks for it
      shell.Type("s");
      return shell.Prints("source: runs", 2);
    });
  };
  Shell shell;
  shell.Type(run + "\n");
  ASSERT_TRUE(shell.Prints("s stats"));
  ASSERT_FALSE(NoFrames());
  EXPECT_TRUE(key_works(shell));
  shell.Type("\x1a");
  EXPECT_TRUE(shell.Prints("Stopped"));
  shell.Type("fg\n");
  EXPECT_TRUE(key_works(shell));
  shell.Type("q");
  EXPECT_TRUE(Comes([&] { return !std::filesystem::exists(socket_); }));
  shell.Type(run + " &\n");
  ASSERT_FALSE(NoFrames());
  shell.Type("fg\n");
  EXPECT_TRUE(key_works(shell));
  shell.Type("q");
  EXPECT_TRUE(Comes([&] { return !std::filesystem::exists(socket_); }));
}

}  // namespace
}  // namespace scrim::test
