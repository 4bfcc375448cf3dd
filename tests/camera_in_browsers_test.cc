// The virtual camera as browsers see it: they ask a portal for PipeWire, and a page shows what getUserMedia gives.
#include <filesystem>
#include <memory>
#include <vector>

#include "support/pipewire.h"
#include "support/portal.h"
#include "support/servers.h"

namespace scrim::test {
namespace {

// Asks for `seen?WIDTHxHEIGHT,ROWS`: ROWS of the picture are unlike its middle one.
constexpr char kPage[] = R"(<!doctype html><body><script>
(async () => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({video: true});
    await video.play();
    for (let frames = 0; frames < 20; ++frames) await new Promise((next) => video.requestVideoFrameCallback(next));
    const width = video.videoWidth, height = video.videoHeight;
    const pen = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d");
    pen.drawImage(video, 0, 0);
    const pixels = pen.getImageData(0, 0, width, height).data, middle = 4 * width * (height >> 1);
    let unlike = 0;
    for (let y = 0; y < height; ++y) {
      let difference = 0;
      for (let x = 0; x < width; ++x)
        difference += Math.abs(pixels[4 * (y * width + x)] - pixels[middle + 4 * x]);
      unlike += difference > 8 * width;
    }
    fetch(`/seen?${width}x${height},${unlike}`);
  } catch (error) {
    fetch(`/seen?${encodeURIComponent(error)}`);
  }
})();
</script>)";

class CameraInBrowsers : public PipeWire {
 protected:
  void SetUp() override {
    PipeWire::SetUp();
    if (!IsSkipped() && !HasFailure()) portal_.emplace(environment_.back().second, folder_ / "run/pipewire-0");
  }

  // What the page says of a camera of this size.
  std::string SeenWith(std::vector<std::string> browser, int width, int height) {
    const HttpServer server("text/html", kPage);
    const Program run({SCRIM_PROGRAM, "run", "-i", "test", "--size",
                       std::to_string(width) + "x" + std::to_string(height), "-b", Stripes(width, height), "-o",
                       "pipewire", "--model", SCRIM_BRIGHT_MODEL, "--control", socket_, "--no-keys", "-q"},
                      environment_, log_);
    EXPECT_FALSE(NoFrames());
    EXPECT_TRUE(Ask({"hide", "on"}).ok());
    browser.push_back(server.url("page.html"));
    const Program shows(browser, environment_, log_);
    std::string seen;
    EXPECT_TRUE(Comes([&] { return !(seen = server.Asked("seen?")).empty(); }));
    EXPECT_TRUE(Sees("clients: 1"));
    // The portal is started anew: no affair of a run's, nor of who looks already.
    portal_.reset();
    EXPECT_TRUE(MoreFrames(30));
    EXPECT_TRUE(Sees("source: runs\nclients: 1"));
    portal_.emplace(environment_.back().second, folder_ / "run/pipewire-0");
    EXPECT_TRUE(MoreFrames(30));
    return seen;
  }

  std::optional<CameraPortal> portal_;
};

TEST_F(CameraInBrowsers, ChromiumShowsWholeFrames) {
  if (!HasProgram("chromium")) GTEST_SKIP() << "chromium is not installed";
  EXPECT_EQ(SeenWith({"chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
                      "--user-data-dir=" + (folder_ / "chromium"), "--use-fake-ui-for-media-stream",
                      "--enable-features=WebRtcPipeWireCamera"},
                     642, 362),
            "642x362,0");
}

TEST_F(CameraInBrowsers, FirefoxShowsWholeFrames) {
  if (!HasProgram("firefox-esr")) GTEST_SKIP() << "firefox-esr is not installed";
  const std::string profile = folder_ / "firefox";
  std::filesystem::create_directory(profile);
  WriteFile(profile + "/user.js",
            "user_pref('media.webrtc.camera.allow-pipewire', true);\n"
            "user_pref('media.navigator.permission.disabled', true);\n"
            "user_pref('datareporting.policy.dataSubmissionEnabled', false);\n");
  EXPECT_EQ(SeenWith({"firefox-esr", "--headless", "--no-remote", "--profile", profile}, 426, 240), "426x240,0");
}

}  // namespace
}  // namespace scrim::test
