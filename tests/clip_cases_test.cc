// What went wrong with clips once: reports of users of this and of other programs.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "io/image_io.h"
#include "support/media_tools.h"
#include "support/process.h"
#include "support/program.h"

namespace scrim::test {
namespace {

using namespace std::chrono_literals;

constexpr char kX264[] = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p ";
const std::string kRoom = "-f lavfi -i testsrc=s=160x90:r=30:d=";
const std::string kTone = " -f lavfi -i sine=r=48000:d=";

class ClipCases : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasProgram("ffmpeg")) GTEST_SKIP() << "ffmpeg is not here";
  }
  static Result Run(const std::string& in, const std::string& out, const std::string& background = "#20a040",
                    const RunHooks& hooks = {}) {
    return RunScrim({"run", "-i", in, "-b", background, "-o", out, "-q", "--model", SCRIM_BRIGHT_MODEL}, hooks);
  }
  static double Length(const std::string& path, const std::string& stream) {
    return std::atof(Field(path, "duration", stream).c_str());
  }
  TemporaryFolder folder_;
};

// A GIF's demuxer began again at its end, for ever.
TEST_F(ClipCases, AnimationsAreClips) {
  for (const char* name : {"a.gif", "a.apng", "a.webp"}) {
    const std::string codec = std::string(name) == "a.webp" ? " -c:v libwebp_anim -loop 0 " : " -loop 0 ";
    const std::string in = folder_ / name;
    ASSERT_TRUE(MakeClip("-f lavfi -i testsrc=s=64x48:r=5:d=0.6" +
                         (std::string(name) == "a.apng" ? std::string(" -plays 0 ") : codec) + in));
    const Result result = Run(in, folder_ / "out.mp4");
    ASSERT_EQ(result.status, 0) << result.err;
    const std::vector<double> times = FrameTimes(folder_ / "out.mp4");
    ASSERT_EQ(times.size(), 3u) << name;
    EXPECT_NEAR(times[2], 0.4, 0.001) << name;
    EXPECT_NEAR(Length(folder_ / "out.mp4", "v:0"), 0.6, 0.001) << name;
    const std::string masks = folder_ / (std::string(name) + "-masks");
    EXPECT_EQ(RunScrim({"matte", in, "-o", masks, "--model", SCRIM_BRIGHT_MODEL}).status, 0);
    EXPECT_TRUE(std::filesystem::exists(masks + "/000002.png"));
    EXPECT_FALSE(std::filesystem::exists(masks + "/000003.png"));
    // Behind a person they move, in a photo they do not.
    ASSERT_TRUE(MakeClip(kRoom + "0.5 " + kX264 + (folder_ / "room.mp4")));
    EXPECT_EQ(Run(folder_ / "room.mp4", folder_ / "b.mp4", in).status, 0);
    ASSERT_TRUE(MakeClip("-f lavfi -i testsrc=s=64x48 -frames:v 1 " + (folder_ / "me.png")));
    const Result image =
        RunScrim({"image", folder_ / "me.png", "-b", in, "-o", folder_ / "b.png", "--model", SCRIM_BRIGHT_MODEL});
    EXPECT_EQ(image.status, 0) << image.err;
    EXPECT_NE(image.err.find("its first picture is used"), std::string::npos);
  }
}

// Edit lists: sound came out 2 s long of 5, or no frame at all.
TEST_F(ClipCases, TrimmedClipsAreAsLongAsPlayersShowThem) {
  ASSERT_TRUE(MakeClip(kRoom + "4" + kTone + "4 " + kX264 + "-g 60 -c:a aac " + (folder_ / "whole.mp4")));
  for (const char* start : {"0.7", "2.5"}) {
    ASSERT_TRUE(
        MakeClip(std::string("-ss ") + start + " -i " + (folder_ / "whole.mp4") + " -c copy " + (folder_ / "in.mp4")));
    const Result result = Run(folder_ / "in.mp4", folder_ / "out.mp4");
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(FrameTimes(folder_ / "out.mp4").size(), FrameTimes(folder_ / "in.mp4").size());
    EXPECT_NEAR(Length(folder_ / "out.mp4", "v:0"), 4 - std::atof(start), 0.05);
    EXPECT_NEAR(Length(folder_ / "out.mp4", "a:0"), 4 - std::atof(start), 0.05);
  }
}

TEST_F(ClipCases, AllSoundTracksAreCarriedOverWithTheirLanguages) {
  ASSERT_TRUE(MakeClip(kRoom + "0.5" + kTone + "0.5" + kTone +
                       "0.5 -map 0 -map 1 -map 2 -metadata:s:a:0 language=deu "
                       "-metadata:s:a:1 language=fra " +
                       kX264 + "-c:a aac " + (folder_ / "in.mkv")));
  for (const char* out : {"out.mkv", "out.mp4", "out.mov"}) {
    ASSERT_EQ(Run(folder_ / "in.mkv", folder_ / out).status, 0);
    EXPECT_EQ(Tracks(folder_ / out), "video audio audio");
    EXPECT_EQ(Field(folder_ / out, "index:stream_tags=language", "a:1"), "2") << out;
    EXPECT_NE(Printed("ffprobe -v error -show_entries stream_tags=language -of csv=p=0 " + (folder_ / out)).find("fra"),
              std::string::npos);
  }
}

TEST_F(ClipCases, OneSizeComesOutWhereTheStreamChangesIt) {
  ASSERT_TRUE(MakeClip(kRoom + "0.3 -c:v libvpx -f ivf " + (folder_ / "a.ivf")));
  ASSERT_TRUE(MakeClip("-f lavfi -i testsrc=s=96x96:r=30:d=0.3 -c:v libvpx -f ivf " + (folder_ / "b.ivf")));
  std::string a = ReadFile(folder_ / "a.ivf"), b = ReadFile(folder_ / "b.ivf").substr(32);
  for (size_t at = 0; at + 12 <= b.size();) {  // times go on
    uint32_t size;
    std::memcpy(&size, b.data() + at, 4);
    b[at + 4] = static_cast<char>(b[at + 4] + 9);
    at += 12 + size;
  }
  WriteFile(folder_ / "in.ivf", a + b);
  for (const char* out : {"out.mp4", "out.mkv"}) {
    const Result result = Run(folder_ / "in.ivf", folder_ / out, "blur");
    ASSERT_EQ(result.status, 0) << result.err;
    const std::string sizes =
        Printed("ffprobe -v error -show_entries frame=width,height -of csv=p=0 " + (folder_ / out) + " | sort -u");
    EXPECT_NE(sizes.find("160,90"), std::string::npos) << out;
    EXPECT_EQ(sizes.find("96"), std::string::npos) << out;
    EXPECT_EQ(FrameTimes(folder_ / out).size(), 18u);
  }
}

TEST_F(ClipCases, StdoutHasEveryFrameAndSaysItsColours) {
  ASSERT_TRUE(MakeClip(kRoom + "1 -c:v mjpeg -pix_fmt yuvj420p " + (folder_ / "in.avi")));
  const Result result = Run(folder_ / "in.avi", "-");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out.substr(0, 9), "YUV4MPEG2");
  const std::string header = result.out.substr(0, result.out.find('\n'));
  EXPECT_NE(header.find("XCOLORRANGE=FULL"), std::string::npos);
  EXPECT_NE(header.find("XMATRIX=BT601"), std::string::npos);
  WriteFile(folder_ / "out.y4m", result.out);
  EXPECT_EQ(FrameTimes(folder_ / "out.y4m").size(), 30u);
  EXPECT_EQ(Field(folder_ / "out.y4m", "color_range"), "pc");
}

TEST_F(ClipCases, StandsInAPipe) {
  ASSERT_TRUE(MakeClip(kRoom + "0.5 -pix_fmt yuv420p -color_range tv " + (folder_ / "in.y4m")));  // as ffmpeg writes it
  const std::string scrim = std::string(SCRIM_PROGRAM) + " run -q -b '#20a040' --model " + SCRIM_BRIGHT_MODEL;
  ASSERT_EQ(std::system(("cat " + (folder_ / "in.y4m") + " | " + scrim + " -i - -o - | " + scrim + " -i - -o " +
                         (folder_ / "out.mp4"))
                            .c_str()),
            0);
  EXPECT_EQ(FrameTimes(folder_ / "out.mp4").size(), 15u);
}

TEST_F(ClipCases, ClipsWithAlphaStayTransparentThere) {
  for (const char* codec :
       {"-c:v qtrle -pix_fmt argb in.mov", "-c:v libvpx-vp9 -pix_fmt yuva420p -auto-alt-ref 0 in.webm"}) {
    std::string command = codec;
    const std::string name = command.substr(command.rfind(' ') + 1), in = folder_ / name;
    ASSERT_TRUE(MakeClip(
        "-f lavfi -i \"color=white:s=64x48:r=10:d=0.3,format=rgba,geq=r=240:g=240:b=240:a='if(lt(X,32),0,255)'\" " +
        command.substr(0, command.rfind(' ')) + " " + in));
    ASSERT_EQ(Run(in, folder_ / "out.mp4", "#0000ff").status, 0);
    const auto erased = MeanColour(folder_ / "out.mp4", 0.1, 0.2, 0.3, 0.5),
               kept = MeanColour(folder_ / "out.mp4", 0.6, 0.2, 0.3, 0.5);
    EXPECT_LT(erased[0], 6) << name;
    EXPECT_GT(erased[2], 245) << name;
    EXPECT_NEAR(kept[0], 240, 4) << name;
    const std::string frames = folder_ / (name + "-frames");
    ASSERT_EQ(Run(in, frames, "transparent").status, 0);
    const auto frame = app::ReadImage(frames + "/000000.png");
    ASSERT_TRUE(frame.ok());
    EXPECT_EQ(frame->view().row(0, 20)[4 * 10 + 3], 0);
    EXPECT_EQ(frame->view().row(0, 20)[4 * 50 + 3], 255);
  }
}

// A background is drawn in SDR's colours, and the file says so.
TEST_F(ClipCases, HdrBecomesBt709) {
  for (const char* transfer : {"smpte2084", "arib-std-b67"}) {
    ASSERT_TRUE(
        MakeClip("-f lavfi -i color=c=black:s=160x90:r=30:d=0.3 -pix_fmt yuv420p10le -c:v libx265 -preset ultrafast "
                 "-x265-params log-level=0 -color_primaries bt2020 -colorspace bt2020nc -color_trc " +
                 std::string(transfer) + " " + (folder_ / "in.mp4")));
    ASSERT_EQ(Run(folder_ / "in.mp4", folder_ / "out.mp4").status, 0);
    const auto green = MeanColour(folder_ / "out.mp4", 0.2, 0.2, 0.5, 0.5);
    EXPECT_NEAR(green[0], 0x20, 2.5) << transfer;
    EXPECT_NEAR(green[1], 0xa0, 2.5) << transfer;
    EXPECT_NEAR(green[2], 0x40, 2.5) << transfer;
    for (const char* tag : {"color_space", "color_transfer", "color_primaries"})
      EXPECT_EQ(Field(folder_ / "out.mp4", tag), "bt709") << transfer;
  }
}

TEST_F(ClipCases, FramesOfALongerClipAreNotMixed) {
  ASSERT_TRUE(MakeClip(kRoom + "0.3 " + kX264 + (folder_ / "in.mp4")));
  const std::string frames = folder_ / "frames";
  ASSERT_EQ(Run(folder_ / "in.mp4", frames, "transparent").status, 0);
  const std::string first = ReadFile(frames + "/000000.png");
  for (const std::vector<std::string>& again :
       {std::vector<std::string>{"run", "-i", folder_ / "in.mp4", "-b", "transparent", "-o", frames},
        {"matte", folder_ / "in.mp4", "-o", frames, "--model", SCRIM_BRIGHT_MODEL}}) {
    const Result result = RunScrim(again);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("holds frames of a clip already"), std::string::npos) << result.err;
  }
  EXPECT_EQ(ReadFile(frames + "/000000.png"), first);
}

TEST_F(ClipCases, AnInputIsNeverWrittenOver) {
  ASSERT_TRUE(MakeClip(kRoom + "0.3 " + kX264 + (folder_ / "in.mp4")));
  ASSERT_TRUE(MakeClip(kRoom + "0.3 " + kX264 + (folder_ / "room.mp4")));
  std::filesystem::create_symlink(folder_ / "in.mp4", folder_ / "soft.mp4");
  std::filesystem::create_hard_link(folder_ / "in.mp4", folder_ / "hard.mp4");
  const std::string in = ReadFile(folder_ / "in.mp4"), room = ReadFile(folder_ / "room.mp4");
  for (const std::string& out :
       {folder_ / "in.mp4", folder_ / "soft.mp4", folder_ / "hard.mp4",
        folder_.path() + "/../" + std::filesystem::path(folder_.path()).filename().string() + "/in.mp4",
        folder_ / "room.mp4"}) {
    const Result result = Run(folder_ / "in.mp4", out, folder_ / "room.mp4");
    EXPECT_EQ(result.status, 1) << out;
    EXPECT_NE(result.err.find("give another name"), std::string::npos) << result.err;
  }
  EXPECT_EQ(ReadFile(folder_ / "in.mp4"), in);
  EXPECT_EQ(ReadFile(folder_ / "room.mp4"), room);
}

TEST_F(ClipCases, TheFirstSignalEndsAnything) {
  ASSERT_EQ(mkfifo((folder_ / "silent").c_str(), 0600), 0);
  const std::string silent = folder_ / "silent", model = SCRIM_BRIGHT_MODEL;
  for (const int which : {SIGINT, SIGTERM}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"run", "-i", silent, "-b", "blur", "-o", folder_ / "out.mp4", "--model", model},
          {"image", silent, "-b", "blur", "-o", folder_ / "out.png", "--model", model},
          {"matte", silent, "-o", folder_ / "masks", "--model", model},
          {"compare", silent, "--methods", "mog2"}}) {
      RunHooks hooks;
      std::chrono::steady_clock::time_point told;
      hooks.prepare = [] { signal(SIGINT, SIG_DFL); };  // a shell's background job would ignore it
      hooks.started = [&](int pid) {
        std::this_thread::sleep_for(2s);
        told = std::chrono::steady_clock::now();
        kill(pid, which);
      };
      const Result result = RunScrim(arguments, hooks);
      EXPECT_TRUE(result.status == 130 || result.status == 128 + which) << arguments[0] << result.err;
      EXPECT_LT(std::chrono::steady_clock::now() - told, 4s) << arguments[0];
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.mp4"));
}

// Each track against its own length: a clip that starts late is whole, and one that lost its sound's end is not.
TEST_F(ClipCases, WhatIsCutOffIsTold) {
  for (const char* name : {"in.mkv", "in.avi", "in.flv"}) {
    ASSERT_TRUE(MakeClip(kRoom + "3" + kTone + "3 " + kX264 + "-g 10 -c:a mp3 -b:a 64k " + (folder_ / name)));
    const std::string bytes = ReadFile(folder_ / name);
    WriteFile(folder_ / name, bytes.substr(0, bytes.size() / 2));
    const Result result = Run(folder_ / name, folder_ / "out.mp4");
    EXPECT_EQ(result.status, 1) << name;
    EXPECT_NE(result.err.find("cut off"), std::string::npos) << result.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out.mp4"));
  }
}

}  // namespace
}  // namespace scrim::test
