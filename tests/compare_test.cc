// scrim compare. bright.scrim takes bright pixels for a person, so the truth is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/image_io.h"
#include "media/media.h"
#include "support/process.h"

namespace scrim::test {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// A white square before black, from column x on.
void Draw(const std::string& path, int x) {
  fs::create_directories(fs::path(path).parent_path());
  image::Frame frame(image::PixelFormat::kRgba, 128, 72);
  image::Fill(frame.view(), {0, 0, 0});
  for (int y = 20; y < 60; ++y) std::fill_n(frame.view().row(0, y) + 4 * x, 4 * 40, uint8_t{255});
  ASSERT_TRUE(app::WriteImage(frame.view(), false, path).ok());
}

TEST(CompareTest, JudgesPhotosAndDrawsASheet) {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    Draw(folder / ("photos/" + std::to_string(i) + ".png"), 10 + 20 * i);
    Draw(folder / ("masks/" + std::to_string(i) + ".png"), 10 + 20 * i);
  }
  const Result r = RunScrim({"compare", folder / "photos", "--methods", "canny", "mog2", "--model", SCRIM_BRIGHT_MODEL,
                             "--masks", folder / "masks", "-o", folder / "sheet.png", "--json", folder / "c.json", "-q",
                             "--no-refine-edges", "--no-stabiliser"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(r.err, "");
  const std::vector<std::string> bright = Line(r.out, "bright.scrim"), canny = Line(r.out, "canny"),
                                 mog2 = Line(r.out, "mog2");
  ASSERT_EQ(bright.size(), 6u) << r.out;  // photos have no flicker
  EXPECT_EQ(bright[2], "3");
  EXPECT_EQ(bright[3], "1.0000");
  ASSERT_EQ(canny.size(), 6u) << r.out;
  EXPECT_GT(std::atof(canny[3].c_str()), 0.9);
  ASSERT_EQ(mog2.size(), 6u) << r.out;
  EXPECT_EQ(mog2[3], "0.1736");  // one photo alone teaches it no room: foreground everywhere
  const nlohmann::json methods = nlohmann::json::parse(ReadFile(folder / "c.json")).at("methods");
  EXPECT_EQ(methods.at(2).at("name").get<std::string>(), "bright.scrim");
  EXPECT_EQ(methods.at(2).at("column_ious").get<std::vector<double>>(), (std::vector<double>{1, 1, 1}));
  const auto sheet = app::ReadImage(folder / "sheet.png");
  ASSERT_TRUE(sheet.ok());
  EXPECT_GT(sheet->width(), 3 * 240);
  EXPECT_GT(sheet->height(), 4 * 135);
}

TEST(CompareTest, SequenceTeachesTheRoomAndFlickers) {
  const TemporaryFolder folder;
  for (int i = 0; i < 6; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "/00000%d.png", i);
    Draw(folder / "frames" + name, 88);
    if (i > 2) Draw(folder / "masks" + name, 88);
  }
  const Result r =
      RunScrim({"compare", folder / "frames", "--sequence", "--methods", "gmg:frames=2,least=0", "--model",
                SCRIM_BRIGHT_MODEL, "--masks", folder / "masks", "-q", "--no-refine-edges", "--no-stabiliser"});
  ASSERT_EQ(r.status, 0) << r.err;
  const std::vector<std::string> bright = Line(r.out, "bright.scrim");
  ASSERT_EQ(bright.size(), 8u) << r.out;
  EXPECT_EQ(bright[2], "3");
  EXPECT_EQ(bright[7], "0.000");
  EXPECT_EQ(Line(r.out, "gmg:frames=2,least=0")[3], "0.0000");  // what never moves is the room
}

TEST(CompareTest, MakesAGridVideoOfAClip) {
  const TemporaryFolder folder;
  const Result r = RunScrim({"compare", SCRIM_TESTDATA "/clips/thoughtful_sound.mp4", "--methods", "knn", "canny",
                             "--frames", "12", "-o", folder / "grid.mp4", "-q"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(Line(r.out, "knn").size(), 2u) << r.out;  // time alone: no truth
  app::MediaOptions media;
  media.input = folder / "grid.mp4";
  int width = 0;
  media.on_frame = [&](const image::FrameView& frame, const app::FrameInfo&) -> Status {
    width = frame.width;
    return {};
  };
  const auto frames = app::RunMedia(media);
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  EXPECT_EQ(*frames, 12);
  EXPECT_EQ(width, 2 * 320);
}

TEST(CompareTest, RunsLive) {
  const TemporaryFolder folder;
  const Result r = RunScrim({"compare", "test", "--size", "320x180", "--methods", "mog", "--model", SCRIM_BRIGHT_MODEL,
                             "--frames", "5", "-o", folder / "live.mkv"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_NE(r.out.find("5 frames"), std::string::npos) << r.out;
  EXPECT_TRUE(fs::exists(folder / "live.mkv"));
}

TEST(CompareTest, NamesWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string clip = SCRIM_TESTDATA "/clips/thoughtful_sound.mp4";
  const struct {
    Arguments arguments;
    const char* part;
  } cases[] = {
      {{clip, "--methods", "sobel"}, "sobel"},
      {{clip, "--methods", "mog2:histories=3"}, "'histories'"},
      {{clip, "--methods", "canny", "--masks", folder.path()}, "000000.png"},
      {{clip, "--methods", "canny", "--masks", folder / "none"}, "no such folder"},
      {{"test", "--methods", "canny", "--masks", folder.path()}, "live source"},
      {{folder / "gone.mp4", "--methods", "canny"}, "no such file"},
      {{clip, "--methods", "canny", "-o", folder / "no/grid.mp4", "--frames", "2"}, "grid.mp4"},
  };
  for (const auto& c : cases) {
    Arguments arguments{"compare", "-q"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    const Result r = RunScrim(arguments);
    EXPECT_EQ(r.status, 1) << r.err;
    EXPECT_NE(r.err.find(c.part), std::string::npos) << r.err;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
  }
}

// What the comparison is for: on talking heads, who never leave their place, the network leads everything before it.
TEST(CompareTest, NetworkLeadsOnTalkingHeads) {
  const TemporaryFolder folder;
  ASSERT_EQ(std::system((SCRIM_TALKING_HEADS " " SCRIM_TESTDATA " " + folder.path() + " hall").c_str()), 0);
  const std::string clip = folder / "hall";
  const Result r = RunScrim({"compare", clip + "/frames", "--sequence", "--masks", clip + "/masks", "--frames", "20",
                             "-q", "--methods", "canny", "gmg", "knn", "mog", "mog2", "edges", "default"});
  ASSERT_EQ(r.status, 0) << r.err;
  double best = 0;
  for (const char* name : {"canny", "gmg", "knn", "mog", "mog2", "edges"}) {
    const std::vector<std::string> line = Line(r.out, name);
    ASSERT_GE(line.size(), 4u) << r.out;
    best = std::max(best, std::atof(line[3].c_str()));
  }
  EXPECT_GT(std::atof(Line(r.out, "default")[3].c_str()), best + 0.1) << r.out;
}

}  // namespace
}  // namespace scrim::test
