// scrim eval and scrim density. bright.scrim takes bright pixels for a person, so the truth is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/image_io.h"
#include "support/process.h"

namespace scrim::test {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// White columns [0, white) before black.
void Draw(const std::string& path, int white, int width = 128, int height = 72) {
  fs::create_directories(fs::path(path).parent_path());
  image::Frame frame(image::PixelFormat::kRgba, width, height);
  for (int y = 0; y < height; ++y) {
    uint8_t* row = frame.view().row(0, y);
    for (int i = 0; i < 4 * width; ++i) row[i] = i % 4 == 3 || i / 4 < white ? 255 : 0;
  }
  ASSERT_TRUE(app::WriteImage(frame.view(), false, path).ok());
}

Arguments Command(Arguments arguments) {
  arguments.insert(arguments.end(), {"--model", SCRIM_BRIGHT_MODEL, "--no-refine-edges", "--no-stabiliser"});
  return arguments;
}

class EvalTest : public testing::Test {
 protected:
  // Two sources: of `good` the truth is what the model finds, of `half` it is twice as wide.
  void SetUp() override {
    for (int i = 0; i < 2; ++i) {
      const std::string stem = std::to_string(i);
      Draw(data_ + "/good/images/" + stem + ".png", 40);
      Draw(data_ + "/good/masks/" + stem + ".png", 40);
      Draw(data_ + "/half/images/" + stem + ".png", 32);
      Draw(data_ + "/half/masks/" + stem + ".png", 64);
    }
    Draw(data_ + "/good/images/unlabelled.png", 40);
  }
  TemporaryFolder folder_;
  std::string data_ = folder_ / "data";
};

TEST_F(EvalTest, SaysHowGoodEachSourceIs) {
  const Result r = RunScrim(Command({"eval", data_, "--group", "both=good,half", "--json", folder_ / "e.json",
                                     "--worst", "2", "--sheet", folder_ / "sheet.png", "--quiet"}));
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(r.err, "");
  EXPECT_EQ(Line(r.out, "good"), (Arguments{"good", "2", "1.0000", "0.000", "1.0000", "1.0000", "1.0000", "0.0000"}));
  const std::vector<std::string> half = Line(r.out, "half"), both = Line(r.out, "both");
  ASSERT_EQ(half.size(), 8u) << r.out;
  EXPECT_EQ(half[2], "0.5000");
  EXPECT_EQ(half[3], "1.000");
  EXPECT_EQ(half[5], "0.7500");
  EXPECT_EQ(half[7], "0.2500");
  ASSERT_EQ(both.size(), 8u) << r.out;
  EXPECT_EQ(both[1], "4");
  EXPECT_EQ(both[2], "0.7500");
  EXPECT_EQ(Line(r.out, "all")[2], "0.7500");
  EXPECT_NE(r.out.find("0.5000 half/0\n0.5000 half/1\n"), std::string::npos) << r.out;
  const nlohmann::json summary = nlohmann::json::parse(ReadFile(folder_ / "e.json")).at("summary");
  const auto of_half =
      std::find_if(summary.begin(), summary.end(), [](const auto& s) { return s.at("name") == "half"; });
  ASSERT_TRUE(of_half != summary.end()) << summary;
  EXPECT_EQ(of_half->at("photos").get<int>(), 2);
  EXPECT_EQ(of_half->at("below_080").get<double>(), 1);
  EXPECT_EQ(of_half->at("iou").get<double>(), 0.5);
  const auto sheet = app::ReadImage(folder_ / "sheet.png");
  ASSERT_TRUE(sheet.ok());
  EXPECT_EQ(sheet->width(), 8 * 192);
}

TEST_F(EvalTest, SplitAndSourcesChoosePhotos) {
  WriteFile(folder_ / "split.txt", "good/1\nhalf/0\nelsewhere/7\n");
  Result r = RunScrim(Command({"eval", data_, "--split", folder_ / "split.txt", "-q"}));
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(Line(r.out, "all")[1], "2");
  r = RunScrim(Command({"eval", data_, "--sources", "half", "-q"}));
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(Line(r.out, "all")[2], "0.5000");
  WriteFile(folder_ / "wrong.txt", "good/none\n");
  r = RunScrim(Command({"eval", data_, "--split", folder_ / "wrong.txt", "-q"}));
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("good/none"), std::string::npos) << r.err;
  r = RunScrim(Command({"eval", data_, "--sources", "none", "-q"}));
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("'none'"), std::string::npos) << r.err;
}

TEST_F(EvalTest, PredictionsOfAnythingElseAreJudgedTheSameWay) {
  for (int i = 0; i < 2; ++i) {
    Draw(folder_ / ("theirs/half/" + std::to_string(i) + ".png"), 64);
    Draw(folder_ / ("flat/" + std::to_string(i) + ".png"), 16, 32, 18);  // a quarter of the size: enlarged
  }
  for (const char* name : {"theirs", "flat"}) {
    const Result r = RunScrim({"eval", data_, "--sources", "half", "--predictions", folder_ / name, "-q"});
    ASSERT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(Line(r.out, "half")[2], "1.0000") << name;
  }
  fs::remove(folder_ / "flat/1.png");
  const Result r = RunScrim({"eval", data_, "--sources", "half", "--predictions", folder_ / "flat", "-q"});
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("half/1.png: no such file"), std::string::npos) << r.err;
}

TEST_F(EvalTest, ClipsAreJudgedInALoopAndCold) {
  for (int t = 0; t < 5; ++t) {
    const std::string stem = "0000" + std::to_string(t) + ".png";
    Draw(folder_ / ("video/images/walk/" + stem), 20 + 8 * t);
    Draw(folder_ / ("video/masks/walk/" + stem), 20 + 8 * t);
  }
  const Result r = RunScrim(Command({"eval", folder_ / "video", "-q", "--json", folder_ / "clip.json"}));
  ASSERT_EQ(r.status, 0) << r.err;
  const std::vector<std::string> clip = Line(r.out, "video/walk");
  ASSERT_GE(clip.size(), 5u) << r.out;
  EXPECT_EQ(clip[1] + " " + clip[2], "in loop");
  EXPECT_EQ(clip[3], "5");
  EXPECT_EQ(clip[4], "1.0000");
  EXPECT_NE(r.out.find("cold"), std::string::npos);
  EXPECT_EQ(
      nlohmann::json::parse(ReadFile(folder_ / "clip.json")).at("clips").at(0).at("looped").at("frames").get<int>(), 5);
}

TEST_F(EvalTest, DensityComparesSizes) {
  const Result r =
      RunScrim(Command({"density", data_, "--sizes", "64x36", "128x72", "--csv", folder_ / "d.csv", "-q"}));
  ASSERT_EQ(r.status, 0) << r.err;
  const std::string csv = ReadFile(folder_ / "d.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 3) << csv;  // good, half and all at two sizes
  EXPECT_NE(csv.find("\n128x72,"), std::string::npos) << csv;
  EXPECT_EQ(RunScrim(Command({"density", data_, "--sizes", "64"})).status, 2);
}

TEST_F(EvalTest, MaskOfAnotherSizeIsNamed) {
  Draw(data_ + "/good/masks/0.png", 10, 20, 20);
  const Result r = RunScrim(Command({"eval", data_, "-q"}));
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("masks/0.png"), std::string::npos) << r.err;
  EXPECT_EQ(RunScrim(Command({"eval", folder_ / "nowhere"})).status, 1);
}

}  // namespace
}  // namespace scrim::test
