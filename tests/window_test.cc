// scrim run with an X display of the test's own: the window and its keys, the screen as source and as background.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "support/live.h"
#include "support/x11.h"

namespace scrim::test {
namespace {

constexpr int kAbovePointer = 12;  // rows of a frame: the pointer stands in the middle of the screen

class Window : public Live {
 protected:
  void SetUp() override {
    for (const char* program : {"Xvfb", "xdotool", "gst-launch-1.0"})
      if (!HasProgram(program)) GTEST_SKIP() << program << " is not installed";
    const std::string number = folder_ / "display";
    // Without -noreset the server begins anew when its last client has gone, and takes no other one meanwhile: a sink
    // that tries whether there is a display and then opens it would come too early.
    server_.emplace(
        std::vector<std::string>{"sh", "-c",
                                 "exec Xvfb -displayfd 3 -screen 0 320x180x24 -nolisten tcp -noreset 3>" + number},
        Environment{}, log_);
    std::string display;
    ASSERT_TRUE(Comes([&] {
      display = ReadFile(number);
      return display.find('\n') != std::string::npos;
    })) << ReadFile(log_);
    environment_ = {{"DISPLAY", ":" + display.substr(0, display.find('\n'))}};
  }
  // Of the program xdotool; what it prints.
  std::string X(const std::string& arguments) {
    const std::string out = folder_ / "x";
    Program({"sh", "-c", "xdotool " + arguments + " >" + out}, environment_, log_).Wait(kPatience);
    return ReadFile(out);
  }
  bool HasWindow() {
    const bool has = Comes([&] {
      window_ = X("search --onlyvisible --name '.*' | tail -n +2 | head -n 1");  // the first one is the root
      return window_.size() > 1;
    });
    if (has) window_.pop_back();
    return has;
  }
  // Fills the display with a colour, until it goes.
  std::unique_ptr<Program> Painted(const std::string& pattern, long colour) {
    auto painter = std::make_unique<Program>(
        std::vector<std::string>{"gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "pattern=" + pattern, "!",
                                 "video/x-raw,width=320,height=180", "!", "videoconvert", "!", "ximagesink"},
        environment_, log_);
    EXPECT_TRUE(Comes([&] {  // within what conversion loses
      const long there = ColourAt(environment_[0].second, 160, 20);
      bool near = there >= 0;
      for (int shift = 0; shift < 24; shift += 8)
        near = near && std::abs((there >> shift & 255) - (colour >> shift & 255)) <= 4;
      return near;
    })) << pattern;
    return painter;
  }

  std::string log_ = folder_ / "log", window_;
  std::optional<Program> server_;
};

TEST_F(Window, TakesKeysAndCanBeClosed) {
  const Result result = Run({"-i", "test", "-b", "#ff0000", "#0000ff", "-o", "window"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    ASSERT_TRUE(HasWindow());
    X("mousemove --window " + window_ + " 5 5");
    const auto press = [&](const std::string& key) { X("key " + key); };
    press("n");
    EXPECT_TRUE(Sees("background: #0000ff"));
    press("Left");
    EXPECT_TRUE(Sees("background: #ff0000"));
    press("p");
    EXPECT_TRUE(Sees("background: #0000ff"));
    press("b");
    EXPECT_TRUE(Sees("background: blur"));
    press("b");
    EXPECT_TRUE(Sees("background: #0000ff"));
    press("m");
    EXPECT_TRUE(Sees("mirror: on"));
    press("f");
    EXPECT_TRUE(Sees("freeze: on"));
    press("h");
    EXPECT_TRUE(Sees("hide: on"));
    press("space");
    EXPECT_TRUE(Sees("source: paused"));
    press("space");
    EXPECT_TRUE(Sees("source: runs"));
    press("s");
    EXPECT_TRUE(Comes([&] { return Printed().find("mask-interval") != std::string::npos; }));
    EXPECT_TRUE(AskToClose(environment_[0].second, std::stoul(window_)));
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(Window, QIsTheEnd) {
  const Result result = Run({"-i", "test", "-b", "blur", "-o", "window"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    ASSERT_TRUE(HasWindow());
    X("mousemove --window " + window_ + " 5 5 key q");
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(Window, TheScreenIsASource) {
  std::unique_ptr<Program> white = Painted("white", 0xffffff);
  const Result bright = Run({"-i", "screen", "-b", "#ff0000", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_TRUE(Shows(235, 128, 128, kAbovePointer));  // white is the model's person; the first mask takes its time
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  ASSERT_EQ(bright.status, 0) << bright.err;
  white.reset();
  const std::unique_ptr<Program> black = Painted("black", 0);
  const Result dark = Run({"-i", "screen", "-b", "#ff0000", "-o", "-", "--frames", "20"});
  ASSERT_EQ(dark.status, 0) << dark.err;
  for (const std::string& frame : Split(dark.out).planes) EXPECT_TRUE(IsPlain(frame, 81, 90, 240, kAbovePointer));
}

TEST_F(Window, TheScreenIsABackgroundThatMoves) {
  std::unique_ptr<Program> painter = Painted("blue", 0x0000ff);
  const Result result = Run({"-i", "test", "-b", "screen", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    ASSERT_TRUE(Ask({"hide", "on"}).ok());
    EXPECT_TRUE(Shows(41, 240, 110, kAbovePointer));
    painter.reset();
    painter = Painted("red", 0xff0000);
    EXPECT_TRUE(Shows(81, 90, 240, kAbovePointer));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(Window, WithoutADisplayItSaysSo) {
  environment_ = {{"DISPLAY", ""}};
  for (const auto& [input, background] : {std::pair{"screen", "blur"}, {"test", "screen"}}) {
    const Result result = Run({"-i", input, "-b", background, "-o", "-"});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("DISPLAY"), std::string::npos) << result.err;
  }
}

}  // namespace
}  // namespace scrim::test
