// scrim run and scrim matte on clips.
#include "media/media.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>

#include "image/convert.h"
#include "io/image_io.h"
#include "support/process.h"

namespace scrim::test {
namespace {

namespace fs = std::filesystem;

const std::string kTestdata = SCRIM_TESTDATA;
const std::string kClip = kTestdata + "/clips/thoughtful_sound.mp4";  // 60 frames of 320x180, 2 s
const std::string kLongClip = kTestdata + "/clips/doctor.mp4";        // 272 frames of 960x540, 9 s

Result RunOn(const std::string& input, const std::string& background, const std::string& output,
             const RunHooks& hooks = {}, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {
      "run", "-i", input, "-b", background, "-o", output, "--model", SCRIM_BRIGHT_MODEL};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunScrim(arguments, hooks);
}

void ExpectFailure(const Result& result, const std::string& text) {
  EXPECT_EQ(result.status, 1) << result.err;
  int lines = 0;
  std::istringstream err(result.err);
  for (std::string line; std::getline(err, line);) lines += line.find(" frames, ") == std::string::npos;  // progress
  EXPECT_EQ(lines, 1) << result.err;
  EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
}

struct Decoded {
  std::vector<double> seconds;
  double fps = 0;
  int width = 0, height = 0;
  image::Frame middle;  // RGBA of frame 30
};
Decoded Decode(const std::string& path) {
  Decoded decoded;
  app::MediaOptions options;
  options.input = path;
  options.on_frame = [&](const image::FrameView& frame, const app::FrameInfo& info) -> Status {
    decoded.seconds.push_back(info.seconds);
    decoded.fps = info.fps, decoded.width = frame.width, decoded.height = frame.height;
    if (info.index != 30) return {};
    decoded.middle = image::Frame(image::PixelFormat::kRgba, frame.width, frame.height);
    return image::ConvertToRgba(frame, decoded.middle.view());
  };
  const auto frames = app::RunMedia(options);
  EXPECT_TRUE(frames.ok()) << frames.status().message();
  return decoded;
}

TEST(Run, KeepsFramesTimesAndSound) {
  TemporaryFolder folder;
  const Decoded in = Decode(kClip);
  ASSERT_EQ(in.seconds.size(), 60u);
  for (const char* name : {"out.mp4", "out.mov", "out.mkv"}) {
    const Result result = RunOn(kClip, "#00ff00", folder / name);
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err.find("scrim:"), std::string::npos) << result.err;  // on a slow machine there is progress
    const Decoded out = Decode(folder / name);
    ASSERT_EQ(out.seconds.size(), 60u) << name;
    for (size_t i = 0; i < 60; ++i) EXPECT_NEAR(out.seconds[i], in.seconds[i], 0.002) << name << " " << i;
    EXPECT_NEAR(out.fps, in.fps, 0.01);
    EXPECT_EQ(out.width, 320);
    const std::string bytes = ReadFile(folder / name);
    EXPECT_NE(bytes.find(name == std::string("out.mkv") ? "A_AAC" : "mp4a"), std::string::npos) << name;
  }
  EXPECT_EQ(folder.List(), (std::vector<std::string>{"out.mkv", "out.mov", "out.mp4"}));
}

TEST(Run, ReplacesTheRoom) {
  TemporaryFolder folder;
  ASSERT_EQ(RunOn(kClip, "#00ff00", folder / "out.mp4").status, 0);
  const Decoded in = Decode(kClip), out = Decode(folder / "out.mp4");
  // The clip's dark foliage is room for bright.scrim, its bright rocks are not.
  int room = 0, green = 0;
  for (int y = 0; y < 180; ++y) {
    for (int x = 0; x < 320; ++x) {
      const uint8_t *p = in.middle.view().row(0, y) + 4 * x, *q = out.middle.view().row(0, y) + 4 * x;
      if (p[0] + p[1] + p[2] > 150) continue;
      ++room;
      green += q[1] > 180 && q[0] < 90 && q[2] < 90;
    }
  }
  ASSERT_GT(room, 1000);
  EXPECT_GT(green, room * 8 / 10);
}

TEST(Run, TransparentGivesOnePngAFrame) {
  TemporaryFolder folder;
  ASSERT_EQ(RunOn(kClip, "transparent", folder / "frames").status, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "frames"), fs::directory_iterator()), 60);
  EXPECT_TRUE(app::ReadImage(folder / "frames/000059.png").ok());
}

TEST(Run, StatsAndContactSheet) {
  TemporaryFolder folder;
  const Result result = RunOn(kClip, kTestdata + "/backgrounds/coast.jpg", folder / "out.mp4", {},
                              {"--stats", "--contact-sheet", folder / "sheet.png"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("60 frames"), std::string::npos);
  EXPECT_NE(result.out.find("x real time"), std::string::npos);
  const auto sheet = app::ReadImage(folder / "sheet.png");
  ASSERT_TRUE(sheet.ok());
  EXPECT_GT(sheet->width(), 1400);
  EXPECT_GT(sheet->height(), 4 * 270);
}

// A limit is what the run is as long as: the clip's first rows would be due behind it.
TEST(Run, ContactSheetOfTheFirstSecond) {
  TemporaryFolder folder;
  for (const auto& [limit, value, rows] :
       {std::tuple("--duration", "1", 4), {"--frames", "30", 4}, {"--frames", "1", 1}}) {
    SCOPED_TRACE(std::string(limit) + " " + value);
    const Result result =
        RunOn(kLongClip, "#00ff00", folder / "out.mp4", {}, {limit, value, "--contact-sheet", folder / "sheet.png"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto sheet = app::ReadImage(folder / "sheet.png");
    ASSERT_TRUE(sheet.ok());
    EXPECT_EQ((sheet->height() + 135) / 270, rows);  // a row of a 16:9 clip has 270 lines, with seams
  }
}

TEST(Media, ALimitIsTheLengthThatFramesAreToldOf) {
  for (const auto& [frames, seconds, length] :
       {std::tuple(0, 0., 272 * 1001 / 30000.), {0, 1., 1.}, {15, 0., 15 * 1001 / 30000.}, {15, 0.2, 0.2}}) {
    app::MediaOptions options;
    options.input = kLongClip;
    options.frames = frames, options.seconds = seconds;
    options.on_frame = [&, length = length](const image::FrameView&, const app::FrameInfo& info) -> Status {
      EXPECT_NEAR(info.clip_seconds, length, 0.01) << info.index;
      return {};
    };
    const auto count = app::RunMedia(options);
    ASSERT_TRUE(count.ok()) << count.status().message();
  }
}

TEST(Run, CtrlCLeavesAPlayableFile) {
  TemporaryFolder folder;
  RunHooks hooks;
  hooks.started = [&](int pid) {  // once the first encoded frames are on disk
    const auto written = [&] {
      for (const std::string& name : folder.List()) {
        std::error_code error;
        if (fs::file_size(folder / name, error) > 1000 && !error) return true;
      }
      return false;
    };
    for (int i = 0; i < 6000 && !written(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    kill(pid, SIGINT);
  };
  const Result result = RunOn(kLongClip, "blur", folder / "out.mp4", hooks);
  EXPECT_EQ(result.status, 130) << result.err;
  EXPECT_EQ(folder.List(), std::vector<std::string>{"out.mp4"});
  const size_t frames = Decode(folder / "out.mp4").seconds.size();
  EXPECT_GT(frames, 0u);
  EXPECT_LT(frames, 272u);
}

TEST(Run, BadClipsGetOneLineAndLeaveNothing) {
  TemporaryFolder in, out;
  const std::string clip = ReadFile(kClip);
  WriteFile(in / "empty.mp4", "");
  WriteFile(in / "header_cut.mp4", clip.substr(0, 700));
  WriteFile(in / "cut.mp4", clip.substr(0, clip.size() / 2));
  WriteFile(in / "foreign.mp4", std::string(5000, 'x'));
  for (const char* name : {"missing.mp4", "empty.mp4", "header_cut.mp4", "cut.mp4", "foreign.mp4"}) {
    ExpectFailure(RunOn(in / name, "blur", out / "x.mp4"), name);
  }
  ExpectFailure(RunOn(in.path(), "blur", out / "x.mp4"), "folder");
  ExpectFailure(RunOn(kClip, "blur", out / "no/x.mp4"), "does not exist");
  ExpectFailure(RunOn(kClip, out / "none.jpg", out / "x.mp4"), "none.jpg");
  EXPECT_TRUE(out.List().empty());
}

TEST(Run, AFailureKeepsTheOldFile) {
  TemporaryFolder in, out;
  WriteFile(out / "x.mp4", "precious");
  WriteFile(in / "foreign.mp4", std::string(5000, 'x'));
  ExpectFailure(RunOn(in / "foreign.mp4", "blur", out / "x.mp4"), "foreign.mp4");
  EXPECT_EQ(ReadFile(out / "x.mp4"), "precious");
}

TEST(Run, AFullDiskLeavesNothing) {
  TemporaryFolder folder;
  RunHooks hooks;
  hooks.prepare = [] {
    const rlimit limit = {8192, 8192};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  ExpectFailure(RunOn(kClip, "blur", folder / "out.mp4", hooks), "out.mp4: cannot be written");
  EXPECT_TRUE(folder.List().empty());
}

TEST(MatteOfAClip, IsNumberedFrames) {
  TemporaryFolder folder;
  const Result result = RunScrim({"matte", kClip, "-o", folder / "mattes", "--model", SCRIM_BRIGHT_MODEL});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto last = app::ReadImage(folder / "mattes/000059.png");
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->width(), 320);
  EXPECT_FALSE(fs::exists(folder / "mattes/000060.png"));
}

// The room is dark, so that all of it is background: the output is the background's clip, a frame for a frame.
TEST(Media, AClipBehindThePersonMovesInTime) {
  const TemporaryFolder folder;
  const std::string dark = folder.path() + "/dark.mp4", out = folder.path() + "/out.mp4";
  ASSERT_EQ(
      std::system(("gst-launch-1.0 -q videotestsrc pattern=black num-buffers=90 ! "
                   "video/x-raw,width=320,height=180,framerate=30000/1001 ! x264enc ! mp4mux ! filesink location=" +
                   dark)
                      .c_str()),
      0);
  const Result result = RunOn(dark, kClip, out);
  ASSERT_EQ(result.status, 0) << result.err;
  std::vector<image::Frame> clip, drawn;
  for (const auto& [path, frames] : {std::pair(kClip, &clip), {out, &drawn}}) {
    app::MediaOptions options;
    options.input = path;
    options.on_frame = [&, to = frames](const image::FrameView& frame, const app::FrameInfo&) -> Status {
      to->emplace_back(image::PixelFormat::kRgba, frame.width, frame.height);
      return image::ConvertToRgba(frame, to->back().view());
    };
    const auto count = app::RunMedia(options);
    ASSERT_TRUE(count.ok()) << count.status().message();
  }
  ASSERT_EQ(clip.size(), 60u);
  ASSERT_EQ(drawn.size(), 90u);
  const auto difference = [](const image::Frame& a, const image::Frame& b) {
    double sum = 0;
    for (int y = 0; y < a.height(); ++y)
      for (int x = 0; x < 4 * a.width(); ++x) sum += std::abs(a.view().row(0, y)[x] - b.view().row(0, y)[x]);
    return sum / (3. * a.width() * a.height());
  };
  EXPECT_GT(difference(clip[0], clip[40]), 8);            // it does move
  for (size_t i : {size_t{5}, size_t{40}, size_t{75}}) {  // the last one in the clip's second round
    double least = 1e9;
    for (size_t near = i - 2; near <= i + 2; ++near) least = std::min(least, difference(drawn[i], clip[near % 60]));
    EXPECT_LT(least, 6) << i;  // two codecs
  }
}

}  // namespace
}  // namespace scrim::test
