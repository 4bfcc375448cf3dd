// Hair, skin and the room as it is, on the command line. parts.scrim takes bright pixels for a person, the blue ones of
// them for hair and the red ones for skin.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "io/image_io.h"
#include "support/live.h"
#include "support/process.h"

namespace scrim::test {
namespace {

// A dark room, blue hair in the middle, red skin below it; both uneven.
image::Frame Portrait() {
  image::Frame frame(image::PixelFormat::kRgba, 256, 144);
  for (int y = 0; y < 144; ++y) {
    for (int x = 0; x < 256; ++x) {
      uint8_t* p = frame.view().row(0, y) + 4 * x;
      p[0] = 20, p[1] = 30, p[2] = 10, p[3] = 255;
      if (x < 64 || x >= 192 || y < 16) continue;
      const auto more = static_cast<uint8_t>((x / 2 + y) % 3 * 4);
      if (y < 80) p[0] = p[1] = static_cast<uint8_t>(115 + more), p[2] = 240;
      if (y >= 80) p[0] = 240, p[1] = p[2] = static_cast<uint8_t>(135 + more);
    }
  }
  return frame;
}

class Parts : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(app::WriteImage(Portrait().view(), false, folder_ / "me.png").ok()); }
  Result Image(std::vector<std::string> more, const std::string& model = SCRIM_PARTS_MODEL) {
    more.insert(more.begin(), {"image", folder_ / "me.png", "-o", folder_ / "out.png", "--model", model});
    return RunScrim(more);
  }
  // The pixel of a file at hair, skin or room.
  std::vector<int> At(const std::string& name, int x, int y) {
    const auto frame = app::ReadImage(folder_ / name);
    if (!frame.ok()) return {};
    const uint8_t* p = frame->view().row(0, y) + 4 * x;
    return {p[0], p[1], p[2]};
  }
  std::vector<int> Hair(const std::string& name) { return At(name, 128, 50); }
  std::vector<int> Skin(const std::string& name) { return At(name, 128, 112); }
  std::vector<int> Room(const std::string& name) { return At(name, 20, 50); }

  TemporaryFolder folder_;
};

TEST_F(Parts, HairOfAnotherColour) {
  const Result result = Image({"-b", "room", "--hair-color", "#c83c14", "--hair-strength", "1"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_GT(Hair("out.png")[0], Hair("out.png")[2] + 60);
  EXPECT_EQ(Skin("out.png"), Skin("me.png"));
  EXPECT_EQ(Room("out.png"), Room("me.png"));
}

TEST_F(Parts, LessStrengthIsLessColour) {
  ASSERT_EQ(Image({"-b", "room", "--hair-color", "#c83c14", "--hair-strength", "1"}).status, 0);
  const int all = Hair("out.png")[2];
  ASSERT_EQ(Image({"-b", "room", "--hair-color", "#c83c14", "--hair-strength", "0.4"}).status, 0);
  EXPECT_GT(Hair("out.png")[2], all + 30);
  ASSERT_EQ(Image({"-b", "room"}).status, 0);
  EXPECT_EQ(Hair("out.png"), Hair("me.png"));
}

TEST_F(Parts, SmootherSkinBeforeAnotherBackground) {
  ASSERT_EQ(Image({"-b", "#0000ff", "--smooth-skin", "1"}).status, 0);
  EXPECT_EQ(Room("out.png"), (std::vector<int>{0, 0, 255}));
  const auto unevenness = [&](const std::string& name) {
    int sum = 0;
    for (int x = 100; x < 156; ++x) sum += std::abs(At(name, x, 112)[1] - At(name, x + 1, 112)[1]);
    return sum;
  };
  EXPECT_LT(unevenness("out.png"), 0.9 * unevenness("me.png"));
}

TEST_F(Parts, AMatteOfHair) {
  for (const std::string plane : {"person", "hair", "skin"}) {
    const Result result =
        RunScrim({"matte", folder_ / "me.png", "-o", folder_ / plane, "--plane", plane, "--model", SCRIM_PARTS_MODEL});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(Hair(plane + "/me.png")[0], plane == "skin" ? 0 : 255) << plane;
    EXPECT_EQ(Skin(plane + "/me.png")[0], plane == "hair" ? 0 : 255) << plane;
    EXPECT_EQ(Room(plane + "/me.png")[0], 0) << plane;
  }
}

TEST_F(Parts, AreJudgedByMasksOfTheirOwn) {
  const std::string data = folder_ / "data";
  std::filesystem::create_directories(data + "/images");
  std::filesystem::copy_file(folder_ / "me.png", data + "/images/me.png");
  ASSERT_EQ(
      RunScrim({"matte", folder_ / "me.png", "-o", data + "/hair", "--plane", "hair", "--model", SCRIM_PARTS_MODEL})
          .status,
      0);
  const Result good = RunScrim({"eval", data, "--plane", "hair", "--model", SCRIM_PARTS_MODEL, "-q"});
  ASSERT_EQ(good.status, 0) << good.err;
  EXPECT_NE(good.out.find("1  1.0000"), std::string::npos) << good.out;
  std::filesystem::rename(data + "/hair", data + "/skin");
  const Result bad = RunScrim({"eval", data, "--plane", "skin", "--model", SCRIM_PARTS_MODEL, "-q"});
  ASSERT_EQ(bad.status, 0) << bad.err;
  EXPECT_NE(bad.out.find("1  0.0000"), std::string::npos) << bad.out;
  const Result refused = RunScrim({"eval", data, "--plane", "skin", "--model", SCRIM_BRIGHT_MODEL, "-q"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("bright knows no skin"), std::string::npos) << refused.err;
}

TEST_F(Parts, WrongWordsAndModelsGetOneLine) {
  const auto fails = [](const Result& result, int status, const std::string& text) {
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
  };
  fails(Image({"-b", "room", "--hair-color", "red"}), 2, "six hexadecimal digits");
  fails(Image({"-b", "room", "--hair-color", "blur"}), 2, "six hexadecimal digits");
  fails(Image({"-b", "room", "--hair-color", "#c83c14", "--hair-strength", "2"}), 2, "--hair-strength");
  fails(Image({"-b", "room", "--smooth-skin", "-1"}), 2, "--smooth-skin");
  fails(Image({"-b", "room", "--hair-color", "#c83c14"}, SCRIM_BRIGHT_MODEL), 1, "bright knows no hair");
  fails(Image({"-b", "room", "--smooth-skin", "0.5"}, SCRIM_BRIGHT_MODEL), 1, "bright knows no skin");
  fails(RunScrim(
            {"matte", folder_ / "me.png", "-o", folder_ / "masks", "--plane", "hair", "--model", SCRIM_BRIGHT_MODEL}),
        1, "bright knows no hair");
  fails(RunScrim({"run", "-i", std::string(SCRIM_TESTDATA) + "/clips/thoughtful_sound.mp4", "-b", "room", "-o",
                  folder_ / "out.mp4", "--hair-color", "#c83c14", "--model", SCRIM_BRIGHT_MODEL}),
        1, "bright knows no hair");
  EXPECT_EQ(folder_.List(), std::vector<std::string>{"me.png"});
}

TEST_F(Parts, InfoNamesThem) {
  EXPECT_NE(RunScrim({"info", SCRIM_PARTS_MODEL}).out.find("person, hair, skin"), std::string::npos);
}

TEST_F(Parts, AClipWithTheRoomAsItIs) {
  const Result result = RunScrim({"run", "-i", std::string(SCRIM_TESTDATA) + "/clips/thoughtful_sound.mp4", "-b",
                                  "room", "-o", folder_ / "out.mp4", "--hair-color", "#c83c14", "--smooth-skin", "0.5",
                                  "-q", "--model", SCRIM_PARTS_MODEL});
  ASSERT_EQ(result.status, 0) << result.err;
}

TEST_F(Live, HairAndSkinWhileItRuns) {
  model_ = SCRIM_PARTS_MODEL;
  const Result result = Run({"-i", "test", "-b", "room", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_NE(Ask({"hair"}).status().message().find("no colour was named yet"), std::string::npos);
    EXPECT_TRUE(Ask({"hair", "#c83c14"}).ok());
    EXPECT_TRUE(Sees("hair: #c83c14"));
    EXPECT_TRUE(Ask({"hair"}).ok());
    EXPECT_TRUE(Sees("hair: off"));
    EXPECT_TRUE(Ask({"hair"}).ok());
    EXPECT_TRUE(Sees("hair: #c83c14"));
    EXPECT_TRUE(Ask({"skin"}).ok());
    EXPECT_TRUE(Sees("skin: on"));
    EXPECT_TRUE(Ask({"skin", "0.5"}).ok());
    EXPECT_TRUE(MoreFrames(3));
    EXPECT_NE(Ask({"hair", "red"}).status().message().find("six hexadecimal digits"), std::string::npos);
    EXPECT_NE(Ask({"skin", "2"}).status().message().find("0 to 1"), std::string::npos);
    EXPECT_NE(Ask({"skin", "much"}).status().message().find("0 to 1"), std::string::npos);
    EXPECT_FALSE(Ask({"hair", "#c83c14", "off"}).ok());
    EXPECT_TRUE(Ask({"hair", "off"}).ok());
    EXPECT_TRUE(Ask({"skin", "off"}).ok());
    EXPECT_TRUE(Sees("skin: off"));
    EXPECT_TRUE(Ask({"hide", "on"}).ok());
    EXPECT_TRUE(Shows(98, 128, 128));  // grey: hidden is hidden
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Printed().find("scrim: hair"), std::string::npos) << Printed();
}

TEST_F(Live, AModelThatKnowsNoHairSaysSoAndTheRunGoesOn) {
  const Result result = Run({"-i", "test", "-b", "#00ff00", "-o", "-"}, [&](int) {
    ASSERT_FALSE(NoFrames());
    EXPECT_NE(Ask({"hair", "#c83c14"}).status().message().find("bright knows no hair"), std::string::npos);
    EXPECT_NE(Ask({"skin", "1"}).status().message().find("bright knows no skin"), std::string::npos);
    EXPECT_TRUE(MoreFrames(3));
    EXPECT_TRUE(Ask({"quit"}).ok());
  });
  EXPECT_EQ(result.status, 0) << result.err;
}

}  // namespace
}  // namespace scrim::test
