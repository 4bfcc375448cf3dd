// Hours of a call in minutes: the live half of a run as fast as it goes, and a whole run with a camera of 240 frames a
// second, both losing their source once in every 1800 frames, as if once a minute. SCRIM_SOAK_FRAMES says how many
// frames; `make soak` asks for 200,000.
#include <fcntl.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "media/pipeline.h"
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

int64_t WantedFrames() {
  const char* wanted = std::getenv("SCRIM_SOAK_FRAMES");
  return wanted != nullptr ? std::atoll(wanted) : 2 * kMinute;
}

// What a live run draws with, without its clocks: a frame in, a frame out. The room is black with a grey that moves;
// nobody is there, so that every frame has to be the background alone. While the source is lost blank frames are
// bypassed, as a run does; every tenth time the whole pipeline starts anew, as after a sink that failed.
TEST(Element, DrawsForHours) {
  ASSERT_TRUE(app::StartGStreamer().ok());
  const auto pipeline = app::ParsePipeline(
      "appsrc name=in format=time is-live=true max-buffers=2 block=true "
      "caps=video/x-raw,format=I420,width=64,height=36,"
      "framerate=30/1 ! videoflip ! scrim name=filter live=on max-wait=1000 background=#ff0000 "
      "model=" SCRIM_BRIGHT_MODEL " ! appsink name=out sync=false");
  ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
  GstElement* const all = pipeline->get();
  const app::Owned<GstElement> in = app::ByName(all, "in"), filter = app::ByName(all, "filter"),
                               out = app::ByName(all, "out");
  gst_element_set_state(all, GST_STATE_PLAYING);
  const int64_t frames = WantedFrames();
  int64_t shown = 0, room = 0, losses = 0;
  double least = 1e9, most = 0;
  const auto show = [&](int grey, bool first) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kFrame, nullptr);
    gst_buffer_memset(buffer, 0, 16, kLiveWidth * kLiveHeight);
    gst_buffer_memset(buffer, static_cast<gsize>(grey) % (kLiveWidth * kLiveHeight - 64), 60, 64);
    gst_buffer_memset(buffer, kLiveWidth * kLiveHeight, 128, kFrame - kLiveWidth * kLiveHeight);
    GST_BUFFER_PTS(buffer) = static_cast<guint64>(shown) * GST_SECOND / 30;
    if (first) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    ASSERT_EQ(gst_app_src_push_buffer(GST_APP_SRC(in.get()), buffer), GST_FLOW_OK);
    const app::Owned<GstSample> sample(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), 60 * GST_SECOND));
    ASSERT_NE(sample, nullptr);
    GstMapInfo map;
    ASSERT_TRUE(gst_buffer_map(gst_sample_get_buffer(sample.get()), &map, GST_MAP_READ));
    room += !IsPlain(std::string(reinterpret_cast<const char*>(map.data), map.size), 81, 90, 240);
    gst_buffer_unmap(gst_sample_get_buffer(sample.get()), &map);
    ++shown;
  };
  while (shown < frames && !HasFatalFailure()) {
    for (int i = 0; i < kMinute && !HasFatalFailure(); ++i) show(7 * i, i == 0);
    const double resident = ResidentMegabytes(getpid());
    if (shown > frames / 10) least = std::min(least, resident), most = std::max(most, resident);
    g_object_set(filter.get(), "bypass-to-background", TRUE, nullptr);
    for (int i = 0; i < 30 && !HasFatalFailure(); ++i) show(0, false);
    g_object_set(filter.get(), "bypass-to-background", FALSE, nullptr);
    if (++losses % 10 == 0) {
      gst_element_set_state(all, GST_STATE_NULL);
      gst_element_set_state(all, GST_STATE_PLAYING);
    }
  }
  gst_element_set_state(all, GST_STATE_NULL);
  EXPECT_EQ(room, 0);
  EXPECT_LE(most - least, 4);  // within 2 MB of their middle
  std::printf("%lld frames, %lld losses, %lld with something of the room, %.1f to %.1f MB\n",
              static_cast<long long>(shown), static_cast<long long>(losses), static_cast<long long>(room), least, most);
}

class Soak : public PipeWire {};

// The camera shows a black room and nobody: every frame has to be the background alone.
TEST_F(Soak, ACallOfHours) {
  const int64_t frames = WantedFrames();
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
    EXPECT_TRUE(Sees("source: lost"));
    ++losses;
    camera = Camera("#000000", "240");
    EXPECT_TRUE(Sees("source: runs"));
  }
  std::printf("%lld frames, %d losses, %lld with something of the room, %.1f to %.1f MB\n",
              static_cast<long long>(viewer.frames()), losses, static_cast<long long>(viewer.room()), least, most);
  EXPECT_LE(most - least, 4);  // within 2 MB of their middle
  EXPECT_TRUE(Ask({"quit"}).ok());
  EXPECT_EQ(run.Wait(kPatience), 0);
  run.Stop();  // so that the viewer ends, too
}

}  // namespace
}  // namespace scrim::test
