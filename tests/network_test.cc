// scrim run with servers on this machine at one end: RTSP, HTTP, SRT, RTMP.
#include <gst/gst.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include "support/live.h"
#include "support/servers.h"

namespace scrim::test {
namespace {

const std::string kClip = std::string(SCRIM_TESTDATA) + "/clips/thoughtful_sound.mp4";

std::string Served(const std::string& pattern) {
  return "( videotestsrc is-live=true pattern=" + pattern +
         " ! video/x-raw,format=I420,width=64,height=36,framerate=30/1 ! x264enc tune=zerolatency key-int-max=15 ! "
         "rtph264pay name=pay0 pt=96 config-interval=1 )";
}

// In bytes; 0 as long as there is no such file.
uintmax_t SizeOf(const std::string& file) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

class Network : public Live {
 protected:
  void SetUp() override { gst_init(nullptr, nullptr); }
  std::unique_ptr<Program> Launch(std::vector<std::string> elements) {
    elements.insert(elements.begin(), {"gst-launch-1.0", "-q", "-e"});
    return std::make_unique<Program>(elements, Environment{}, folder_ / "log");
  }
  int port_ = FreePort();
};

TEST_F(Network, ReadsRtsp) {
  const RtspServer server(port_, Served("white"));
  const std::string url = "rtsp://127.0.0.1:" + std::to_string(port_) + "/live";
  const Result result = Run({"-i", url, "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Shows(235, 128, 128));  // white is the model's person; the first mask takes its time
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// The server shows a black room and nobody: whatever happens to it, every frame is the background alone.
TEST_F(Network, AServerThatGoesAndComesBack) {
  auto server = std::make_unique<RtspServer>(port_, Served("black"));
  const std::string url = "rtsp://127.0.0.1:" + std::to_string(port_) + "/live";
  const Result result = Run({"-i", url, "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    server.reset();
    ASSERT_TRUE(Sees("source: lost"));
    EXPECT_TRUE(MoreFrames());
    server = std::make_unique<RtspServer>(port_, Served("black"));
    ASSERT_TRUE(Sees("source: runs"));
    EXPECT_TRUE(MoreFrames());
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.err.find(url + ": is back"), std::string::npos) << result.err;
  const Frames frames = Split(result.out);
  ASSERT_GT(frames.planes.size(), 15u);
  for (size_t i = 0; i < frames.planes.size(); ++i) ASSERT_TRUE(IsPlain(frames.planes[i], 81, 90, 240)) << i;
}

// A picture of one colour as a camera sends it, with as many bytes more as make it a larger camera's.
std::string Jpeg(const std::string& pattern, size_t padding = 0) {
  const TemporaryFolder folder;
  const std::string file = folder / "frame.jpg";
  GstElement* pipeline =
      gst_parse_launch(("videotestsrc num-buffers=1 pattern=" + pattern +
                        " ! video/x-raw,format=I420,width=64,height=36 ! jpegenc ! filesink location=" + file)
                           .c_str(),
                       nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_message_unref(gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND,
                                               static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  std::string bytes = ReadFile(file);
  for (size_t n; padding > 0; padding -= n) {  // comments
    n = std::min<size_t>(padding, 65000);
    bytes.insert(2, std::string({'\xff', '\xfe', static_cast<char>((n + 2) >> 8), static_cast<char>(n + 2)}) +
                        std::string(n, 'x'));
  }
  return bytes;
}

// It waited for more streams, until 2 MB had come.
TEST_F(Network, ACameraOfSmallPicturesStartsAtOnce) {
  const MultipartCamera camera(Jpeg("white"), 15);
  const Result result = Run({"-i", camera.url(), "-b", "#ff0000", "-o", "-", "--frames", "15"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Split(result.out).planes.size(), 15u);
}

TEST_F(Network, BetweenFramesOfASlowCameraThePersonStays) {
  const MultipartCamera camera(Jpeg("white"), 1.25);
  const Result result = Run({"-i", camera.url(), "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Shows(235, 128, 128));  // the model's person
    const double alone = Stat("background-only");
    EXPECT_GE(alone, 0);
    EXPECT_TRUE(MoreFrames(8));
    EXPECT_EQ(Stat("background-only"), alone);
    EXPECT_TRUE(Sees("source: runs"));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// A camera in the dark takes its time for a frame, from one to the next.
TEST_F(Network, WhereTheRateChangesThePersonStays) {
  MultipartCamera camera(Jpeg("white"), 120);
  const Result result = Run({"-i", camera.url(), "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Shows(235, 128, 128));
    const double alone = Stat("background-only");
    EXPECT_GE(alone, 0);
    for (const double rate : {1., 60., 1.}) {
      camera.SetRate(rate);
      EXPECT_TRUE(MoreFrames(rate > 1 ? 60 : 3));
    }
    EXPECT_EQ(Stat("background-only"), alone);
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

// A camera's connection that ends, or stands still, is no end of a clip.
TEST_F(Network, ACameraThatEndsOrPausesIsTakenUpAgain) {
  MultipartCamera camera(Jpeg("black"), 30, /*closes_after=*/60);
  const Result result = Run({"-i", camera.url(), "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    ASSERT_TRUE(Sees("source: lost"));
    ASSERT_TRUE(Sees("source: runs"));
    EXPECT_GE(camera.connections(), 2);
    camera.Pause(true);
    ASSERT_TRUE(Sees("source: lost"));
    camera.Pause(false);
    ASSERT_TRUE(Sees("source: runs"));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
  const Frames frames = Split(result.out);
  ASSERT_GT(frames.planes.size(), 60u);
  for (size_t i = 0; i < frames.planes.size(); ++i)  // JPEG's colours have the full range
    ASSERT_TRUE(IsPlain(frames.planes[i], 76, 85, 255)) << i;
}

TEST_F(Network, ReadsHttpToItsEnd) {
  const HttpServer server("video/mp4", ReadFile(kClip));
  const Result result = Run({"-i", server.url("clip.mp4"), "-b", "#ff0000", "-o", folder_ / "out.mkv"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_GT(std::filesystem::file_size(folder_ / "out.mkv"), 2000u);
  const Result missing =
      Run({"-i", "http://127.0.0.1:" + std::to_string(port_) + "/clip.mp4", "-b", "blur", "-o", "-"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.err.find("127.0.0.1:" + std::to_string(port_)), std::string::npos) << missing.err;
}

TEST_F(Network, SrtOutAndIn) {
  if (!HasProgram("gst-launch-1.0")) GTEST_SKIP() << "gst-launch-1.0 is not installed";
  // Out to a program that listens and decodes, and a second one that comes when all has begun.
  const std::string url = "srt://127.0.0.1:" + std::to_string(port_) + "?mode=listener", seen = folder_ / "seen";
  const Result sent = Run({"-i", "test", "-b", "#ff0000", "-o", url}, [&](int) {
    ASSERT_FALSE(NoFrames());
    for (int i = 0; i < 2; ++i) {
      const std::string file = seen + std::to_string(i);
      const auto reader =
          Launch({"srtsrc", "uri=srt://127.0.0.1:" + std::to_string(port_), "!", "tsdemux", "!", "h264parse", "!",
                  "avdec_h264", "!", "filesink", "buffer-mode=unbuffered", "location=" + file});
      EXPECT_TRUE(Comes([&] { return SizeOf(file) >= 50000; })) << i;
    }
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(sent.status, 0) << sent.err;

  // In from one of our own.
  const int port = FreePort();
  const std::string second = folder_ / "second";
  const std::vector<std::string> other = {SCRIM_PROGRAM, "run",
                                          "-i",          "test",
                                          "-b",          "#ff0000",
                                          "-o",          "srt://127.0.0.1:" + std::to_string(port) + "?mode=listener",
                                          "--model",     SCRIM_BRIGHT_MODEL,
                                          "--size",      "64x36",
                                          "--no-keys",   "--control",
                                          second,        "-q"};
  const Program sender(other, {}, folder_ / "log");
  const Result result =
      Run({"-i", "srt://127.0.0.1:" + std::to_string(port), "-b", "#0000ff", "-o", "-", "--frames", "30"});
  ASSERT_EQ(result.status, 0) << result.err << ReadFile(folder_ / "log");
  EXPECT_EQ(Split(result.out).planes.size(), 30u);
}

TEST_F(Network, SendsRtsp) {
  const std::string seen = folder_ / "seen";
  const RtspServer server(port_,
                          "( rtph264depay name=depay0 ! h264parse ! avdec_h264 ! filesink buffer-mode=unbuffered "
                          "sync=false async=false location=" +
                              seen + " )",
                          /*takes=*/true);
  const Result result =
      Run({"-i", "test", "-b", "#ff0000", "-o", "rtsp://127.0.0.1:" + std::to_string(port_) + "/live"}, [&](int) {
        EXPECT_TRUE(Comes([&] { return SizeOf(seen) >= 50000; }));
        EXPECT_TRUE(Ask({"quit"}).ok());
      });
  EXPECT_EQ(result.status, 0) << result.err;
}

// There is no RTMP server here: up to the greeting, which is version 3 and 1536 bytes.
TEST_F(Network, GreetsAnRtmpServer) {
  Listener server;
  std::string greeting;
  std::thread reads([&] { greeting = server.FirstBytes(1537); });
  const Result result =
      Run({"-i", "test", "-b", "#ff0000", "-o", "rtmp://127.0.0.1:" + std::to_string(server.port()) + "/live/key"});
  reads.join();
  EXPECT_EQ(greeting.size(), 1537u);
  EXPECT_EQ(greeting.substr(0, 1), "\3");
  EXPECT_EQ(result.status, 1);  // it never worked, so that it is not tried again
  EXPECT_NE(result.err.find("rtmp://127.0.0.1:"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace scrim::test
