// scrim run without a clip at one end, and what controls it.
#include "support/live.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "live/live_feed.h"
#include "live/sink.h"
#include "live/source.h"

namespace scrim::test {
namespace {

using namespace std::chrono_literals;

TEST_F(Live, TestPatternToStdout) {
  const Result result = Run({"-i", "test", "-b", "#00ff00", "-o", "-", "--frames", "7"});
  ASSERT_EQ(result.status, 0) << result.err;
  const Frames frames = Split(result.out);
  EXPECT_EQ(frames.header.rfind("YUV4MPEG2 C420 W64 H36 ", 0), 0u) << frames.header;
  ASSERT_EQ(frames.planes.size(), 7u);
  for (const std::string& planes : frames.planes) EXPECT_FALSE(planes == std::string(planes.size(), '\0'));
}

TEST_F(Live, TestPatternToAFile) {
  const Result result = Run({"-i", "test", "-b", "blur", "-o", folder_ / "out.mkv", "--duration", "0.5"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(folder_.List(), std::vector<std::string>{"out.mkv"});
  EXPECT_GT(ReadFile(folder_ / "out.mkv").size(), 500u);
}

// What the first frame had asked of the main loop was done after that had ended, with an output that was gone.
TEST_F(Live, TheEndMayComeWithTheFirstFrame) {
  for (int i = 1; i <= 12; ++i) {
    const std::string seconds = "0.0" + std::to_string(10 + 6 * i);
    const Result result = Run({"-i", "test", "-b", "#00ff00", "-o", folder_ / "out.mkv", "--duration", seconds});
    EXPECT_EQ(result.status, 0) << seconds << ": " << result.err;
    for (const std::string& left : folder_.List()) EXPECT_EQ(left, "out.mkv");
    std::filesystem::remove(folder_ / "out.mkv");
  }
}

TEST_F(Live, CommandsChangeWhatIsShown) {
  const Result result = Run({"-i", "test", "-b", "#00ff00", "#0000ff", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Ask({"next"}).ok());
    EXPECT_TRUE(Sees("background: #0000ff"));
    EXPECT_TRUE(Ask({"blur"}).ok());
    EXPECT_TRUE(Sees("background: blur"));
    EXPECT_TRUE(Ask({"blur"}).ok());
    EXPECT_TRUE(Sees("background: #0000ff"));
    EXPECT_TRUE(Ask({"mirror", "on"}).ok());
    EXPECT_TRUE(Sees("mirror: on"));
    EXPECT_TRUE(Ask({"freeze"}).ok());
    EXPECT_TRUE(Sees("freeze: on"));
    const StatusOr<std::string> wrong = Ask({"background", folder_ / "none.jpg"});
    EXPECT_NE(wrong.status().message().find("none.jpg: no such file"), std::string::npos) << wrong.status().message();
    EXPECT_FALSE(Ask({"background", "transparent"}).ok());
    EXPECT_NE(Ask({"dance"}).status().message().find("there are background"), std::string::npos);
    EXPECT_TRUE(Ask({"background", "#ff0000"}).ok());
    EXPECT_TRUE(Ask({"hide", "on"}).ok());
    EXPECT_TRUE(Shows(81, 90, 240));
    EXPECT_TRUE(MoreFrames(6));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  ASSERT_EQ(result.status, 0) << result.err;
  const Frames frames = Split(result.out);
  ASSERT_GT(frames.planes.size(), 5u);
  EXPECT_TRUE(IsPlain(frames.planes.back(), 81, 90, 240));  // red, alone
  EXPECT_FALSE(IsPlain(frames.planes[0], 81, 90, 240));
}

TEST_F(Live, PauseShowsTheBackgroundAlone) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Ask({"pause"}).ok());
    EXPECT_TRUE(Sees("source: paused"));
    EXPECT_TRUE(Shows(81, 90, 240));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  ASSERT_EQ(result.status, 0) << result.err;
  const Frames frames = Split(result.out);
  ASSERT_FALSE(frames.planes.empty());
  EXPECT_TRUE(IsPlain(frames.planes.back(), 81, 90, 240));
}

TEST_F(Live, WhatIsNotThereIsNamed) {
  const auto fails = [&](std::vector<std::string> arguments, const std::string& text) {
    const Result result = Run(std::move(arguments));
    EXPECT_EQ(result.status, 1) << text;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
  };
  fails({"-i", "/dev/video77", "-b", "blur", "-o", "-"}, "/dev/video77: no such");
  fails({"-i", "No Such Camera", "-b", "blur", "-o", "-"}, "scrim devices");
  fails({"-i", "test", "-b", "blur", "-o", "/dev/video77"}, "/dev/video77: ");
  fails({"-i", "test", "-b", folder_ / "none.jpg", "-o", "-"}, "none.jpg: no such file");
  fails({"-i", "test", "-b", "blur", "-o", "ftp://127.0.0.1/x"}, "rtmp://");
  fails({"-i", "http://127.0.0.1:9/x.mp4", "-b", "blur", "-o", folder_ / "x.mp4"}, "127.0.0.1:9");
  EXPECT_TRUE(folder_.List().empty());
}

TEST_F(Live, NobodyToTell) {
  const Result result = RunScrim({"ctl", "--control", socket_, "stats"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("scrim run"), std::string::npos) << result.err;
}

TEST_F(Live, AConfigurationIsPrintedAndRead) {
  const Result printed =
      RunScrim({"--print-config", "run", "-i", "test", "-b", "#00ff00", "blur", "-o", "stdout", "--size", "64x36",
                "--frames", "3", "--no-keys", "--model", SCRIM_BRIGHT_MODEL, "--control", socket_});
  ASSERT_EQ(printed.status, 0) << printed.err;
  WriteFile(folder_ / "config", printed.out);
  const Result result = RunScrim({"--config", folder_ / "config", "run", "-q"});
  ASSERT_EQ(result.status, 0) << result.err << printed.out;
  EXPECT_EQ(Split(result.out).planes.size(), 3u);
  WriteFile(folder_ / "config", "[run]\nimput=\"test\"\n");
  EXPECT_EQ(RunScrim({"--config", folder_ / "config", "run", "-i", "test", "-b", "blur", "-o", "-"}).status, 2);
}

std::string Chosen(const std::string& possible, const app::Mode& wish = {}) {
  EXPECT_TRUE(app::StartGStreamer().ok());
  const app::Owned<GstCaps> caps(gst_caps_from_string(possible.c_str()));
  const app::Owned<GstCaps> mode = app::ChooseMode(caps.get(), wish);
  if (mode == nullptr) return "";
  const app::Owned<gchar> text(gst_caps_to_string(mode.get()));
  return text.get();
}

TEST(ChooseMode, TakesWhatIsSensible) {
  const std::string webcam =
      "video/x-raw,format=YUY2,width=640,height=480,framerate={30/1,15/1};"
      "video/x-raw,format=YUY2,width=1280,height=720,framerate={10/1,5/1};"
      "image/jpeg,width=1280,height=720,framerate={30/1,15/1};"
      "image/jpeg,width=1920,height=1080,framerate={30/1,15/1}";
  EXPECT_EQ(Chosen(webcam), "image/jpeg, width=(int)1280, height=(int)720, framerate=(fraction)30/1");
  EXPECT_EQ(Chosen(webcam, {640, 480, 0}),
            "video/x-raw, format=(string)YUY2, width=(int)640, height=(int)480, framerate=(fraction)30/1");
  EXPECT_EQ(Chosen(webcam, {1280, 720, 10}),
            "video/x-raw, format=(string)YUY2, width=(int)1280, height=(int)720, framerate=(fraction)10/1");
  EXPECT_NE(Chosen(webcam, {3840, 2160, 30}).find("1920"), std::string::npos);
  EXPECT_NE(Chosen("video/x-raw,format={NV12,YUY2},width=[160,1920],height=[90,1080],framerate=[1/1,60/1]")
                .find("NV12, width=(int)1280, height=(int)720, framerate=(fraction)30/1"),
            std::string::npos);
  EXPECT_EQ(Chosen("audio/x-raw"), "");
}

app::Owned<GstSample> Sample(const char* caps) {
  const app::Owned<GstCaps> owned(gst_caps_from_string(caps));
  const app::Owned<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, 64 * 36 * 3 / 2, nullptr));
  return app::Owned<GstSample>(gst_sample_new(buffer.get(), owned.get(), nullptr, nullptr));
}

TEST(LiveFeed, TakesFramesOfTheNewestSourceAndLearnsTheirPace) {
  ASSERT_TRUE(app::StartGStreamer().ok());
  constexpr char kCaps[] = "video/x-raw,format=I420,width=64,height=36,framerate=0/1";
  int canvases = 0;
  app::LiveFeed feed([&] { ++canvases; });
  const uint64_t given_up = feed.NewSource(), number = feed.NewSource();
  feed.Take(given_up, Sample(kCaps));
  EXPECT_FALSE(feed.came());
  EXPECT_EQ(feed.canvas(), nullptr);
  feed.Take(number, Sample(kCaps));
  EXPECT_TRUE(feed.came());
  ASSERT_NE(feed.canvas(), nullptr);
  EXPECT_EQ(feed.slowest(), 0s);
  std::this_thread::sleep_for(60ms);
  feed.Take(number, Sample("video/x-raw,format=I420,width=32,height=18,framerate=30/1"));
  EXPECT_GE(feed.slowest(), 60ms);
  EXPECT_LT(feed.silence(), feed.slowest());
  for (int i = 0; i < 4; ++i) feed.Take(number, Sample(kCaps));
  EXPECT_LT(feed.slowest(), 60ms);  // only the last ones count
  EXPECT_EQ(canvases, 1);
  gint width = 0, n = 0, d = 1;  // the first frame's, with a rate
  gst_structure_get_int(gst_caps_get_structure(feed.canvas(), 0), "width", &width);
  gst_structure_get_fraction(gst_caps_get_structure(feed.canvas(), 0), "framerate", &n, &d);
  EXPECT_EQ(width, 64);
  EXPECT_EQ(n, 30);
  feed.EndSource();
  EXPECT_FALSE(feed.came());
  EXPECT_EQ(feed.slowest(), 0s);
}

TEST(Kinds, OfWhatIsWritten) {
  using app::KindOfSink, app::KindOfSource, app::SinkKind, app::SourceKind;
  EXPECT_EQ(KindOfSource("camera"), SourceKind::kCamera);
  EXPECT_EQ(KindOfSource("/dev/video3"), SourceKind::kCamera);
  EXPECT_EQ(KindOfSource("HD Webcam C525"), SourceKind::kCamera);
  EXPECT_EQ(KindOfSource("missing.mp4"), SourceKind::kFile);
  EXPECT_EQ(KindOfSource("a/missing"), SourceKind::kFile);
  EXPECT_EQ(KindOfSource("rtsp://127.0.0.1/x"), SourceKind::kUrl);
  EXPECT_EQ(KindOfSink("/dev/video3"), SinkKind::kLoopback);
  EXPECT_EQ(KindOfSink("window"), SinkKind::kWindow);
  EXPECT_EQ(KindOfSink("-"), SinkKind::kStdout);
  EXPECT_EQ(KindOfSink("out.mp4"), SinkKind::kFile);
  EXPECT_EQ(KindOfSink("srt://127.0.0.1:1"), SinkKind::kUrl);
}

// Other sinks, such as a graphics card of Vulkan's, take no frames from here.
TEST(Devices, SinksAreThoseWithAPath) {
  const Result devices = RunScrim({"devices", "--json"});
  ASSERT_EQ(devices.status, 0) << devices.err;
  for (const auto& device : nlohmann::json::parse(devices.out)) {
    if (device.at("kind") == "sink") EXPECT_NE(device.at("path").get<std::string>(), "") << device;
  }
}

// Other video sinks of the machine must not be tried in its place: one of them ends the process, others show nothing.
TEST(Window, WithoutADisplayIsAnError) {
  const RunHooks hooks[] = {{.prepare = [] { unsetenv("DISPLAY"), unsetenv("WAYLAND_DISPLAY"); }},
                            {.prepare = [] { unsetenv("WAYLAND_DISPLAY"), setenv("DISPLAY", ":987", 1); }}};
  for (const RunHooks& hook : hooks)
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"run", "-i", "test", "-b", "blur", "-o", "window", "--model", SCRIM_BRIGHT_MODEL},
          {"compare", "test", "--methods", "mog2"}}) {
      std::vector<std::string> arguments = command;
      arguments.insert(arguments.end(), {"--duration", "5"});
      const Result result = RunScrim(arguments, hook);
      EXPECT_EQ(result.status, 1) << command[0] << ": " << result.err;
      EXPECT_NE(result.err.find("no display can be opened; DISPLAY is"), std::string::npos) << result.err;
    }
}

}  // namespace
}  // namespace scrim::test
