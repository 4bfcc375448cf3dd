// scrim run with a PipeWire daemon of the test's own: as a camera for others, and with one of theirs.
#include "support/pipewire.h"

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

}  // namespace
}  // namespace scrim::test
