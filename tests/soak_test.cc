// Hours of a call in minutes: a live run with a camera of 240 frames a second that is unplugged once in every 1800
// frames, as if once a minute. SCRIM_SOAK_FRAMES says how many frames; `make soak` asks for 200,000.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "support/pipewire.h"

namespace scrim::test {
namespace {

constexpr size_t kFrame = kLiveWidth * kLiveHeight * 3 / 2;
constexpr int64_t kMinute = 1800;  // frames

double ResidentMegabytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

// Reads yuv4mpeg from a run's stdout, and looks at every frame.
class Viewer {
 public:
  explicit Viewer(const std::string& fifo) : thread_([this, fifo] { Read(fifo); }) {}
  ~Viewer() { thread_.join(); }
  int64_t frames() const { return frames_; }
  int64_t room() const { return room_; }

 private:
  void Read(const std::string& fifo) {
    FILE* file = std::fopen(fifo.c_str(), "rb");
    while (std::fgetc(file) != '\n' && !std::feof(file)) {
    }
    std::string frame(6 + kFrame, ' ');
    while (std::fread(frame.data(), 1, frame.size(), file) == frame.size()) {
      room_ += !IsPlain(frame.substr(6), 81, 90, 240);
      ++frames_;
    }
    std::fclose(file);
  }
  std::atomic<int64_t> frames_{0}, room_{0};
  std::thread thread_;
};

class Soak : public PipeWire {};

// The camera shows a black room and nobody: every frame has to be the background alone.
TEST_F(Soak, ACallOfHours) {
  const char* wanted = std::getenv("SCRIM_SOAK_FRAMES");
  const int64_t frames = wanted != nullptr ? std::atoll(wanted) : 2 * kMinute;
  const std::string fifo = folder_ / "frames";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::unique_ptr<Program> camera = Camera("#000000", "240");
  Program run({"sh", "-c",
               "exec " SCRIM_PROGRAM
               " run -i scrim -b '#ff0000' -o - --rate 240 --no-keys -q --model " SCRIM_BRIGHT_MODEL " --control " +
                   socket_ + " >" + fifo},
              environment_, log_);
  Viewer viewer(fifo);
  double least = 1e9, most = 0;
  int losses = 0;
  for (int64_t next = kMinute; viewer.frames() < frames && !HasFailure(); next += kMinute) {
    if (!Comes([&] { return viewer.frames() >= next || !run.runs(); }, 120)) ADD_FAILURE() << "no frames come any more";
    if (!run.runs()) ADD_FAILURE() << "the run has ended: " << ReadFile(log_);
    EXPECT_EQ(viewer.room(), 0);
    const double resident = ResidentMegabytes(run.pid());
    // Decoders, queues and the heap have their size after a tenth.
    if (next > frames / 10) least = std::min(least, resident), most = std::max(most, resident);
    std::printf("%lld frames, %d losses, %.1f MB\n", static_cast<long long>(viewer.frames()), losses, resident);
    std::fflush(stdout);
    camera.reset();
    EXPECT_TRUE(Sees("source: lost", 60));
    ++losses;
    camera = Camera("#000000", "240");
    EXPECT_TRUE(Sees("source: runs", 60));
  }
  std::printf("%lld frames, %d losses, %lld with something of the room, %.1f to %.1f MB\n",
              static_cast<long long>(viewer.frames()), losses, static_cast<long long>(viewer.room()), least, most);
  EXPECT_LE(most - least, 4);  // within 2 MB of their middle
  EXPECT_TRUE(Ask({"quit"}).ok());
  EXPECT_EQ(run.Wait(10), 0);
  run.Stop();  // so that the viewer ends, too
}

}  // namespace
}  // namespace scrim::test
