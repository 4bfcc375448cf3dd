// Runs with a PipeWire daemon of the test's own, its session manager, and cameras and viewers on it.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "live/control.h"
#include "support/live.h"

namespace scrim::test {

class PipeWire : public Live {
 protected:
  void SetUp() override {
    for (const char* program :
         {"pipewire", "wireplumber", "pw-cli", "dbus-daemon", "gst-launch-1.0", "gst-inspect-1.0"})
      if (!HasProgram(program)) GTEST_SKIP() << program << " is not installed";
    const std::string run = folder_ / "run";
    std::filesystem::create_directory(run);
    chmod(run.c_str(), 0700);
    environment_ = {{"XDG_RUNTIME_DIR", run},
                    {"HOME", run},
                    {"XDG_CONFIG_HOME", run},
                    {"XDG_STATE_HOME", run},
                    {"DBUS_SESSION_BUS_ADDRESS", "unix:path=" + run + "/bus"}};
    bus_.emplace(
        std::vector<std::string>{"dbus-daemon", "--session", "--nofork", "--address=unix:path=" + run + "/bus"},
        environment_, log_);
    ASSERT_TRUE(Comes([&] { return std::filesystem::exists(run + "/bus"); }));
    StartDaemons();
  }
  void StartDaemons() {
    const std::string socket = folder_ / "run/pipewire-0";
    std::filesystem::remove(socket);
    daemon_.emplace(std::vector<std::string>{"pipewire"}, environment_, log_);
    ASSERT_TRUE(Comes([&] { return std::filesystem::exists(socket); }));
    StartManager();
  }
  void StartManager() {
    manager_.emplace(std::vector<std::string>{"wireplumber"}, environment_, log_);
    ASSERT_TRUE(Comes([&] { return Shell("pw-cli ls Client | grep -q 'WirePlumber'") == 0; })) << ReadFile(log_);
  }
  void StopDaemons(bool daemon_first) {
    (daemon_first ? daemon_ : manager_)->Stop();
    (daemon_first ? manager_ : daemon_)->Stop();
  }
  void TearDown() override {
    // What runs beside the run under test may be a program of ours.
    for (const char* finding : {"ERROR: AddressSanitizer", "WARNING: ThreadSanitizer", "runtime error: "})
      EXPECT_EQ(ReadFile(log_).find(finding), std::string::npos);
    if (HasFailure()) std::fprintf(stderr, "%s\n", ReadFile(log_).c_str());
  }

  int Shell(const std::string& command) { return Program({"sh", "-c", command}, environment_, log_).Wait(kPatience); }

  // A program that shows the camera, for so many frames, into a file of I420.
  std::unique_ptr<Program> Client(int pid, int frames, const std::string& file) {
    return std::make_unique<Program>(
        std::vector<std::string>{"gst-launch-1.0", "-q", "pipewiresrc", "target-object=scrim-" + std::to_string(pid),
                                 "num-buffers=" + std::to_string(frames), "always-copy=true", "!", "videoconvert", "!",
                                 "video/x-raw,format=I420", "!", "filesink", "buffer-mode=unbuffered",
                                 "location=" + file},
        environment_, log_);
  }
  // Another run's camera, named "scrim", which shows a plain colour: its network fails at every frame.
  std::unique_ptr<Program> Camera(const std::string& colour, const std::string& rate = "30") {
    const std::string socket = folder_ / "camera";
    auto camera = std::make_unique<Program>(
        std::vector<std::string>{SCRIM_PROGRAM, "run", "-i", "test", "-b", colour, "-o", "pipewire", "--size", "64x36",
                                 "--rate", rate, "--model", SCRIM_BROKEN_MODEL, "--control", socket, "--no-keys", "-q"},
        environment_, log_);
    EXPECT_TRUE(Comes([&] { return Shell("pw-cli ls Node | grep -q 'node.name = .scrim-'") == 0; }));
    return camera;
  }
  // Of GStreamer's sink, which stands still after some frames.
  std::unique_ptr<Program> OthersCamera(const std::string& name = "Fake") {
    auto camera = std::make_unique<Program>(
        std::vector<std::string>{"gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "!",
                                 "video/x-raw,format=YUY2,width=64,height=36,framerate=30/1", "!", "pipewiresink",
                                 "mode=provide",
                                 "stream-properties=props,media.class=Video/Source,media.role=Camera,"
                                 "node.description=" +
                                     name + ",node.name=fake-camera"},
        environment_, log_);
    EXPECT_TRUE(Comes([&] { return Shell("pw-cli ls Node | grep -q fake-camera") == 0; }));
    return camera;
  }

  // A picture of upright stripes, eight pixels wide, as a file.
  std::string Stripes(int width, int height) {
    std::string stripes = "P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n";
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) stripes.append(3, x / 8 % 2 != 0 ? '\xf0' : '\x20');
    WriteFile(folder_ / "stripes.ppm", stripes);
    return folder_ / "stripes.ppm";
  }

  std::string log_ = folder_ / "log";
  std::optional<Program> bus_, daemon_, manager_;  // ended last first
};

}  // namespace scrim::test
