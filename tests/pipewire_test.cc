// scrim run with a PipeWire daemon of the test's own: as a camera for others, and with one of theirs.
#include "support/pipewire.h"

#include <signal.h>

namespace scrim::test {
namespace {

using namespace std::chrono_literals;

constexpr size_t kFrame = kLiveWidth * kLiveHeight * 3 / 2;

std::vector<std::string> FramesOf(const std::string& file) {
  const std::string bytes = ReadFile(file);
  std::vector<std::string> frames;
  for (size_t at = 0; at + kFrame <= bytes.size(); at += kFrame) frames.push_back(bytes.substr(at, kFrame));
  return frames;
}

TEST_F(PipeWire, ACameraForOthersSleepsWhileNobodyLooks) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    for (const char* round : {"first", "second"}) {
      SCOPED_TRACE(round);
      ASSERT_TRUE(Sees("source: paused, nobody looks"));
      EXPECT_TRUE(Comes([&] {  // closing the source takes some time, too
        const double before = CpuMilliseconds(pid);
        std::this_thread::sleep_for(2s);
        return CpuMilliseconds(pid) - before <= 40;  // 2 % of a core at most; a tick is 10 ms
      }));

      const std::string seen = folder_ / round;
      const std::unique_ptr<Program> client = Client(pid, 100000, seen);
      EXPECT_TRUE(Sees("clients: 1"));
      EXPECT_TRUE(Comes([&] {  // the pattern's bright parts before red
        const std::vector<std::string> frames = FramesOf(seen);
        return frames.size() >= 40 && !IsPlain(frames.back(), 81, 90, 240);
      }));
      EXPECT_GT(Stat("wake-ms"), 0);
    }
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(PipeWire, ManyMayLookAndLeave) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    const std::unique_ptr<Program> stays = Client(pid, 100000, folder_ / "stays");
    ASSERT_TRUE(Sees("clients: 1"));
    for (int i = 0; i < 3; ++i) {
      const std::unique_ptr<Program> leaves = Client(pid, 100000, folder_ / "leaves");
      ASSERT_TRUE(Sees("clients: 2")) << i;
      leaves->Stop();
      ASSERT_TRUE(Sees("clients: 1")) << i;
      const size_t seen = FramesOf(folder_ / "stays").size();
      EXPECT_TRUE(Comes([&] { return FramesOf(folder_ / "stays").size() > seen + 5; })) << i;
    }
    EXPECT_TRUE(Sees("source: runs"));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(PipeWire, CamerasAreListedAndFoundByEveryName) {
  std::unique_ptr<Program> camera = OthersCamera();
  RunHooks hooks;
  hooks.prepare = [&] {
    for (const auto& [name, value] : environment_) setenv(name.c_str(), value.c_str(), 1);
  };
  const Result listed = RunScrim({"devices"}, hooks);
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_NE(listed.out.find("camera  Fake"), std::string::npos) << listed.out;
  EXPECT_NE(listed.out.find("YUY2 64x36 at 30"), std::string::npos) << listed.out;
  for (const char* name : {"Fake", "fake-camera", "camera"}) {
    EXPECT_EQ(Run({"-i", name, "-b", "#ff0000", "-o", "-", "--frames", "3"}).status, 0) << name;
    camera.reset();  // it serves one only
    camera = OthersCamera();
  }
}

TEST_F(PipeWire, ACameraIsShown) {
  const std::unique_ptr<Program> camera = Camera("#ffffff");
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Shows(235, 128, 128));  // white is the model's person; the first mask takes its time
    EXPECT_TRUE(MoreFrames(60));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// A camera that shows nothing but a black room: whatever happens, every frame is the background alone.
TEST_F(PipeWire, ACameraThatIsUnpluggedIsTakenUpAgain) {
  std::unique_ptr<Program> camera = Camera("#000000");
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    for (int round = 0; round < 2; ++round) {
      camera->Stop();
      ASSERT_TRUE(Sees("source: lost")) << round;
      EXPECT_TRUE(MoreFrames()) << round;
      camera = Camera("#000000");
      ASSERT_TRUE(Sees("source: runs")) << round;
      EXPECT_TRUE(MoreFrames()) << round;
    }
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.err.find("is back"), std::string::npos) << result.err;
  const Frames frames = Split(result.out);
  ASSERT_GT(frames.planes.size(), 50u);
  for (size_t i = 0; i < frames.planes.size(); ++i) ASSERT_TRUE(IsPlain(frames.planes[i], 81, 90, 240)) << i;
}

// "camera" is the first one; when it goes, it has some seconds to come back before another one is taken.
TEST_F(PipeWire, AnotherCameraTakesThePlaceOfTheOneThatHasGone) {
  std::unique_ptr<Program> camera = OthersCamera("First");
  const Result result = Run({"-i", "camera", "-b", "#ff0000", "-o", "-"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    camera.reset();
    ASSERT_TRUE(Sees("source: lost"));
    camera = OthersCamera("Second");
    EXPECT_TRUE(Comes([&] { return Printed().find("Second, 64x36") != std::string::npos; }));
    kill(pid, SIGTERM);
  });
  EXPECT_EQ(result.status, 130);
  EXPECT_NE(result.err.find("camera (First): "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("or another camera is there"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("camera: Second, 64x36, 30/s, YUY2 is taken in its place"), std::string::npos)
      << result.err;
}

// The machine sleeps: everything stands still, for longer than a source may be silent.
TEST_F(PipeWire, EverythingGoesOnAfterASuspend) {
  const std::unique_ptr<Program> camera = Camera("#000000");
  const std::string seen = folder_ / "seen";
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    const std::unique_ptr<Program> client = Client(pid, 100000, seen);
    ASSERT_TRUE(Comes([&] { return FramesOf(seen).size() > 20; }));
    const int all[] = {client->pid(), pid, camera->pid(), manager_->pid(), daemon_->pid()};
    for (const int stops : all) kill(stops, SIGSTOP);
    std::this_thread::sleep_for(7s);
    for (const int goes_on : all) kill(goes_on, SIGCONT);
    const size_t before = FramesOf(seen).size();
    EXPECT_TRUE(Comes([&] { return FramesOf(seen).size() > before + 20; }, kPatience));
    EXPECT_TRUE(Sees("source: runs\nclients: 1"));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
  for (const std::string& frame : FramesOf(seen)) ASSERT_TRUE(IsPlain(frame, 81, 90, 240));
}

// Both cameras are called "scrim": its own must not take the place of the one that has gone.
TEST_F(PipeWire, ARunIsNotItsOwnCamera) {
  std::unique_ptr<Program> camera = Camera("#000000");
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    const std::unique_ptr<Program> client = Client(pid, 100000, folder_ / "seen");
    ASSERT_TRUE(Sees("clients: 1"));
    camera->Stop();
    ASSERT_TRUE(Sees("source: lost"));
    std::this_thread::sleep_for(3s);  // it is looked for every second
    const StatusOr<std::string> stats = Ask({"stats"});
    ASSERT_TRUE(stats.ok());
    EXPECT_NE(stats->find("source: lost\nclients: 1"), std::string::npos) << *stats;
    camera = Camera("#000000");
    EXPECT_TRUE(Sees("source: runs"));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// The camera is frozen with a person in it, and goes.
TEST_F(PipeWire, AFrozenPictureStaysWhenTheCameraGoes) {
  const std::unique_ptr<Program> camera = Camera("#ffffff");
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_TRUE(Shows(235, 128, 128));
    EXPECT_TRUE(Ask({"freeze", "on"}).ok());
    EXPECT_TRUE(MoreFrames(5));
    camera->Stop();
    ASSERT_TRUE(Sees("source: lost"));
    EXPECT_TRUE(MoreFrames(20));
    EXPECT_TRUE(Shows(235, 128, 128));
    EXPECT_TRUE(Ask({"freeze", "off"}).ok());
    EXPECT_TRUE(Shows(81, 90, 240));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(PipeWire, WhoLooksIsCountedAnewAfterTheDaemonsRestart) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    for (const bool daemon_first : {true, false}) {
      SCOPED_TRACE(daemon_first);
      std::unique_ptr<Program> viewer = Client(pid, 100000, folder_ / "before");
      ASSERT_TRUE(Sees("clients: 1"));
      StopDaemons(daemon_first);
      viewer.reset();
      ASSERT_TRUE(Sees("clients: 0"));
      StartDaemons();
      EXPECT_TRUE(Sees("source: paused, nobody looks"));
      const std::string seen = folder_ / "after";
      EXPECT_TRUE(Comes([&] {  // the node has to be there first
        viewer = Client(pid, 10, seen);
        return viewer->Wait(10) == 0;
      }));
      EXPECT_EQ(FramesOf(seen).size(), 10u);
      viewer = Client(pid, 100000, seen);
      EXPECT_TRUE(Sees("clients: 1"));
      EXPECT_TRUE(Sees("source: runs"));
      viewer.reset();
      EXPECT_TRUE(Sees("clients: 0"));
    }
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// Before a second frame has been shown.
TEST_F(PipeWire, ADaemonThatGoesAtOnceIsWaitedFor) {
  const Result result = Run({"-i", "test", "--rate", "1", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    StopDaemons(/*daemon_first=*/true);
    StartDaemons();
    const std::string seen = folder_ / "seen";
    EXPECT_TRUE(Comes([&] { return Client(pid, 2, seen)->Wait(10) == 0; }));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// Whoever is told to end while the daemon goes has nothing to complain of.
TEST_F(PipeWire, TheEndMayComeTogetherWithTheDaemons) {
  for (int round = 0; round < 5; ++round) {
    const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
      ASSERT_FALSE(NoFrames());
      kill(pid, SIGSTOP);  // both are there when it looks
      StopDaemons(/*daemon_first=*/round % 2 == 0);
      kill(pid, SIGTERM);
      kill(pid, SIGCONT);
    });
    EXPECT_EQ(result.status, 130) << round << ": " << result.err;
    StartDaemons();
  }
}

// The session manager alone goes and comes back. It links those who looked again, but no frame comes to them (0.3.65),
// and none came to anybody else.
TEST_F(PipeWire, ViewersAreServedAfterTheSessionManagersRestart) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "pipewire"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    const std::unique_ptr<Program> before = Client(pid, 100000, folder_ / "before");
    ASSERT_TRUE(Sees("clients: 1"));
    manager_->Stop();
    ASSERT_TRUE(Sees("clients: 0"));
    StartManager();
    const std::string seen = folder_ / "after";
    EXPECT_TRUE(Comes([&] { return Client(pid, 10, seen)->Wait(10) == 0; }));
    EXPECT_EQ(FramesOf(seen).size(), 10u);
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(PipeWire, ACameraIsFoundAgainAfterTheDaemonsRestart) {
  std::unique_ptr<Program> camera = Camera("#000000");
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "-"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    for (int round = 0; round < 2; ++round) {
      camera.reset();
      StopDaemons(round == 0);
      ASSERT_TRUE(Sees("source: lost")) << round;
      StartDaemons();
      camera = Camera("#000000");
      ASSERT_TRUE(Sees("source: runs")) << round;
      EXPECT_TRUE(MoreFrames()) << round;
    }
    kill(pid, SIGTERM);
  });
  EXPECT_EQ(result.status, 130) << result.err;
  EXPECT_NE(result.err.find("is back (scrim, 64x36, 30/s, I420)"), std::string::npos) << result.err;
  const Frames frames = Split(result.out);
  for (size_t i = 0; i < frames.planes.size(); ++i) ASSERT_TRUE(IsPlain(frames.planes[i], 81, 90, 240)) << i;
}

// The daemon is there, and answers nothing.
TEST_F(PipeWire, ADaemonThatHangsHoldsUpNothing) {
  std::unique_ptr<Program> camera = Camera("#000000");
  const Result result = Run({"-i", "scrim", "-b", "#ff0000", "-o", "-"}, [&](int pid) {
    ASSERT_FALSE(NoFrames());
    kill(daemon_->pid(), SIGSTOP);
    ASSERT_TRUE(Sees("source: lost"));
    EXPECT_TRUE(MoreFrames(60));
    EXPECT_TRUE(Ask({"background", "#0000ff"}).ok());
    EXPECT_TRUE(Shows(41, 240, 110));
    kill(pid, SIGTERM);
  });
  kill(daemon_->pid(), SIGCONT);
  EXPECT_EQ(result.status, 130) << result.err;
}

// A background of upright stripes, in sizes whose rows have padding in some layout: all rows are alike in an unharmed
// picture, and no byte is there that is none of the picture's.
TEST_F(PipeWire, FramesOfEverySizeAreWhole) {
  for (const auto& [width, height] : {std::pair(64, 36), {60, 40}, {54, 96}, {42, 24}, {66, 38}, {426, 240}}) {
    SCOPED_TRACE(width);
    const std::string size = std::to_string(width) + "x" + std::to_string(height), seen = folder_ / size;
    Program run({SCRIM_PROGRAM, "run", "-i", "test", "--size", size, "-b", Stripes(width, height), "-o", "pipewire",
                 "--model", SCRIM_BRIGHT_MODEL, "--control", socket_, "--no-keys", "-q"},
                environment_, log_);
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Ask({"hide", "on"}).ok());
    EXPECT_TRUE(Comes([&] {
      return Program({"gst-launch-1.0", "-q", "pipewiresrc", "target-object=scrim-" + std::to_string(run.pid()),
                      "num-buffers=20", "always-copy=true", "!", "video/x-raw", "!", "filesink", "location=" + seen},
                     environment_, log_)
                 .Wait(10) == 0;
    }));
    run.Stop();
    // I420 and NV12 begin with the picture in grey; YUY2 has two bytes a pixel.
    const std::string bytes = ReadFile(seen);
    const size_t pixels = static_cast<size_t>(width) * static_cast<size_t>(height);
    const size_t frame = width % 4 == 0 ? pixels * 3 / 2 : pixels * 2, row = frame == pixels * 2 ? 2 * width : width;
    ASSERT_EQ(bytes.size(), 20 * frame);
    const std::string last = bytes.substr(19 * frame);
    for (int y = 1; y < height; ++y) ASSERT_EQ(last.substr(y * row, row), last.substr(0, row)) << y;
  }
}

}  // namespace
}  // namespace scrim::test
