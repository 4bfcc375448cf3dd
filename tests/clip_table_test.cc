// Every kind of clip that people have, to every container: frames, times, sound, size, tags and colours. The left half
// of each clip is bright, which bright.scrim takes for a person; it must come out as it went in.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/media_tools.h"
#include "support/process.h"
#include "support/program.h"

namespace scrim::test {
namespace {

constexpr char kX264[] = "-c:v libx264 -preset ultrafast -g 12 -pix_fmt yuv420p ";

struct Row {
  std::string name, extension;
  std::string video, sound = "-c:a aac", filter = "null";
  std::string to = "mp4";
  bool recoloured = false;  // HDR and wide colours come out in BT.709
  std::string after;        // a command that makes {out} of {in}
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name << "." << row.extension; }

std::string Tagged(const std::string& matrix, const std::string& range) {
  return std::string(kX264) + "-color_range " + range + " -colorspace " + matrix + " -color_primaries " + matrix +
         " -color_trc " + matrix;
}
std::string InColours(const std::string& matrix, const std::string& range) {
  return "scale=out_range=" + range + ":out_color_matrix=" + matrix + ",format=yuv420p";
}

std::vector<Row> Rows() {
  std::vector<Row> rows;
  for (const char* range : {"tv", "pc"}) {
    for (const char* matrix : {"bt709", "smpte170m"}) {
      for (const char* extension : {"mp4", "mkv"})
        rows.push_back({std::string(matrix) + "_" + range, extension, Tagged(matrix, range), "-c:a aac",
                        InColours(matrix, range)});
    }
  }
  for (const char* to : {"mkv", "mov"}) {
    rows.push_back({std::string("plain_to_") + to, "mp4", kX264, "-c:a aac", "null", to});
    rows.push_back(
        {std::string("offset_to_") + to, "mkv", std::string(kX264) + "-output_ts_offset 5", "-c:a aac", "null", to});
  }
  rows.push_back({"offset", "mp4", std::string(kX264) + "-output_ts_offset 5"});
  rows.push_back({"offset", "ts", std::string(kX264) + "-output_ts_offset 50"});
  rows.push_back({"flash", "flv", kX264});
  rows.push_back({"windows_media", "wmv", "-c:v wmv2 -q:v 2", "-c:a wmav2"});
  rows.push_back({"h264_10_bits", "mkv", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le"});
  rows.push_back({"h264_444", "mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p"});
  rows.push_back({"hevc", "mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=0"});
  rows.push_back({"prores", "mov", "-c:v prores_ks -profile:v 2", "-c:a pcm_s16le"});
  rows.push_back({"prores_alpha", "mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le", "-c:a pcm_s16le"});
  rows.push_back({"animation", "mov", "-c:v qtrle -pix_fmt argb", "-c:a pcm_s16le"});
  rows.push_back({"rgb", "mkv", "-c:v ffv1 -pix_fmt bgr0", "-c:a flac"});
  rows.push_back({"vp9", "webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", "-c:a libopus"});
  rows.push_back({"vp9_alpha", "webm",
                  "-c:v libvpx-vp9 -pix_fmt yuva420p -auto-alt-ref 0 -deadline realtime -cpu-used 8", "-c:a libopus"});
  rows.push_back({"vp8", "webm", "-c:v libvpx -deadline realtime -cpu-used 8", "-c:a libvorbis"});
  rows.push_back({"mjpeg", "avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj422p", "-c:a pcm_s16le"});
  rows.push_back({"odd_size", "mkv", "-c:v ffv1 -pix_fmt yuv420p", "-c:a aac", "crop=159:89:0:0"});
  rows.push_back({"wide_pixels", "mp4", kX264, "-c:a aac", "setsar=4/3"});
  rows.push_back({"variable_rate", "mkv", kX264, "-c:a aac", "select='not(mod(n\\,5)-2)+lt(n\\,6)'"});
  rows.push_back({"ntsc", "mp4", std::string(kX264) + "-r 30000/1001"});
  rows.push_back({"sixty", "mp4", std::string(kX264) + "-r 60"});
  rows.push_back({"sound_44100", "mp4", kX264, "-c:a aac -ar 44100"});
  rows.push_back({"sound_8000", "mov", kX264, "-c:a pcm_s16le -ar 8000"});
  rows.push_back({"sound_8000_to_mkv", "mov", kX264, "-c:a pcm_s16le -ar 8000", "null", "mkv"});
  rows.push_back({"sound_5_1", "mp4", kX264, "-c:a aac -ac 6"});
  rows.push_back({"sound_mp3", "mp4", kX264, "-c:a mp3"});
  rows.push_back({"sound_opus", "mkv", kX264, "-c:a libopus"});
  rows.push_back({"sound_ac3", "mkv", kX264, "-c:a ac3"});
  rows.push_back({"edit_list", "mp4", kX264, "-c:a aac", "null", "mp4", false,
                  "ffmpeg -y -v error -ss 0.25 -i {in} -c copy {out}"});
  for (const char* angle : {"90", "180", "270"})
    rows.push_back({std::string("turned_") + angle, "mp4", kX264, "-c:a aac", "null", "mp4", false,
                    std::string("ffmpeg -y -v error -i {in} -c copy -metadata:s:v:0 rotate=") + angle + " {out}"});
  const std::string hevc10 =
      "-c:v libx265 -preset ultrafast -x265-params log-level=0 -pix_fmt yuv420p10le -color_primaries bt2020 "
      "-colorspace bt2020nc ";
  rows.push_back({"pq", "mp4", hevc10 + "-color_trc smpte2084", "-c:a aac", "null", "mp4", true});
  rows.push_back({"hlg", "mp4", hevc10 + "-color_trc arib-std-b67", "-c:a aac", "null", "mp4", true});
  rows.push_back({"bt2020", "mp4", hevc10 + "-color_trc bt2020-10", "-c:a aac", "null", "mp4", true});
  return rows;
}

class ClipTable : public testing::TestWithParam<Row> {};

std::string Filled(std::string command, const std::string& in, const std::string& out) {
  command.replace(command.find("{in}"), 4, in);
  return command.replace(command.find("{out}"), 5, out);
}

TEST_P(ClipTable, ComesOutAsItWentIn) {
  if (!HasProgram("ffmpeg")) GTEST_SKIP() << "ffmpeg is not here";
  const Row& row = GetParam();
  TemporaryFolder folder;
  std::string in = folder / ("in." + row.extension);
  ASSERT_TRUE(
      MakeClip("-f lavfi -i color=c=0x101010:s=160x90:r=30:d=0.8,drawbox=w=80:h=90:color=0xe8d0b0:t=fill "
               "-f lavfi -i \"aevalsrc='if(between(t,0.4,0.42),0.8*sin(2*PI*1000*t),0)':s=48000:d=0.8\" "
               "-vf \"" +
               row.filter + "\" " + row.video + " " + row.sound + " " + in));
  if (!row.after.empty()) {
    const std::string again = folder / ("again." + row.extension);
    ASSERT_EQ(std::system(Filled(row.after, in, again).c_str()), 0);
    in = again;
  }
  const std::string out = folder / ("out." + row.to);
  const Result result = RunScrim({"run", "-i", in, "-b", "#203040", "-o", out, "-q", "--model", SCRIM_BRIGHT_MODEL});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");

  const Pictures was = ProbePictures(in), is = ProbePictures(out);
  const std::vector<double>&before = was.times, &after = is.times;
  ASSERT_GT(before.size(), 5u);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_NEAR(before[i] - before[0], after[i] - after[0], 0.00151) << i;  // Matroska counts milliseconds
  if (before[0] < 0.15) EXPECT_NEAR(before[0], after[0], 0.0011);
  if (before[0] > 1) EXPECT_LT(after[0], 0.0011);
  EXPECT_NEAR(BeepAt(in) - before[0], BeepAt(out) - after[0], 0.00101);
  EXPECT_EQ(Tracks(out), "video audio");

  const bool turned = row.name == "turned_90" || row.name == "turned_270";
  const int width = std::stoi(was[turned ? "height" : "width"]), height = std::stoi(was[turned ? "width" : "height"]);
  EXPECT_EQ(std::stoi(is["width"]), width & ~1);
  EXPECT_EQ(std::stoi(is["height"]), height & ~1);
  EXPECT_EQ(is["sample_aspect_ratio"],
            was["sample_aspect_ratio"] == "" ? is["sample_aspect_ratio"] : was["sample_aspect_ratio"]);
  for (const char* tag : {"color_range", "color_space", "color_transfer", "color_primaries"}) {
    const std::string wanted = std::string(tag) == "color_range" ? "tv" : "bt709";
    if (row.recoloured) EXPECT_EQ(is[tag], wanted) << tag;
    if (!row.recoloured && row.name != "rgb" && was[tag] != "") EXPECT_EQ(is[tag], was[tag]) << tag;
  }
  EXPECT_NE(is["color_range"], "");
  EXPECT_NE(is["color_space"], "");

  // A turned clip has its bright half elsewhere.
  if (row.recoloured || row.name.rfind("turned", 0) == 0) return;
  const auto colour = MeanColour(in, 0.1, 0.2, 0.25, 0.6), same = MeanColour(out, 0.1, 0.2, 0.25, 0.6);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(colour[c], same[c], 1.5) << c;
}

INSTANTIATE_TEST_SUITE_P(Clips, ClipTable, testing::ValuesIn(Rows()),
                         [](const auto& info) { return info.param.name + "_" + info.param.extension; });

// Upright, the bright half lies where the container's matrix puts it.
TEST(ClipTable, TurnsAsPlayersDo) {
  if (!HasProgram("ffmpeg")) GTEST_SKIP() << "ffmpeg is not here";
  TemporaryFolder folder;
  ASSERT_TRUE(MakeClip("-f lavfi -i color=c=0x101010:s=160x90:r=30:d=0.3,drawbox=w=80:h=90:color=0xe8d0b0:t=fill " +
                       std::string(kX264) + (folder / "in.mp4")));
  for (const char* angle : {"0", "90", "180", "270"}) {
    const std::string in = folder / (std::string(angle) + ".mp4"), out = folder / "out.mp4";
    ASSERT_TRUE(MakeClip("-i " + (folder / "in.mp4") + " -c copy -metadata:s:v:0 rotate=" + angle + " " + in));
    ASSERT_EQ(RunScrim({"run", "-i", in, "-b", "#203040", "-o", out, "-q", "--model", SCRIM_BRIGHT_MODEL}).status, 0);
    int bright = 0;
    for (const auto& [x, y] : {std::pair(0.05, 0.3), {0.75, 0.3}, {0.3, 0.05}, {0.3, 0.75}}) {
      const auto was = MeanColour(in, x, y, 0.2, 0.2), is = MeanColour(out, x, y, 0.2, 0.2);
      if (was[0] < 200) continue;
      ++bright;
      for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(was[c], is[c], 1.5) << angle << " " << x << " " << y;
    }
    EXPECT_GT(bright, 0) << angle;
  }
}

}  // namespace
}  // namespace scrim::test
