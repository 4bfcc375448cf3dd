#include "datasets/classes.h"

#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "datasets/pack.h"
#include "folder_test.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

// Classes 0 room, 1 skin, 2 hair, 3 nobody knows.
constexpr char kClasses[] =
    R"({"planes": {"person": {"yes": [1, 2], "no": [0]}, "hair": {"yes": [2], "no": [0, 1]},
        "skin": {"yes": [1], "no": [0, 2]}}})";

class ClassesTest : public FolderTest {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "set/classes");
    cv::Mat classes(2, 4, CV_8U);
    for (int y = 0; y < 2; ++y)
      for (int x = 0; x < 4; ++x) classes.at<uint8_t>(y, x) = uint8_t(x);
    ASSERT_TRUE(cv::imwrite((root_ / "set/classes/a.png").string(), classes));
    ASSERT_TRUE(cv::imwrite((root_ / "set/a.png").string(), cv::Mat(2, 4, CV_8UC3, cv::Scalar(1, 2, 3))));
    example_.source = "set", example_.stem = "a", example_.image = (root_ / "set/a.png").string();
    example_.labels = [](cv::Size size) -> StatusOr<Labels> { return Labels{cv::Mat(size, CV_8U, 255), {}}; };
  }
  StatusOr<Classes> Read(const std::string& json) {
    std::ofstream(root_ / "set/classes.json") << json;
    return Classes::Read((root_ / "set").string());
  }
  Example example_;
};

cv::Mat Row(std::vector<uint8_t> values) { return cv::Mat(values, true).reshape(1, 1); }

TEST_F(ClassesTest, SayYesNoOrNothing) {
  const auto classes = Read(kClasses);
  ASSERT_TRUE(classes.ok()) << classes.status().message();
  ASSERT_TRUE(classes->AddTo(example_));
  const auto planes = example_.planes({4, 2});
  ASSERT_TRUE(planes.ok()) << planes.status().message();
  ASSERT_EQ(planes->size(), 2u);
  EXPECT_EQ(cv::norm(planes->at("hair").row(1), Row({0, 0, kPlaneYes, kPlaneUnknown}), cv::NORM_INF), 0);
  EXPECT_EQ(cv::norm(planes->at("skin").row(0), Row({0, kPlaneYes, 0, kPlaneUnknown}), cv::NORM_INF), 0);
  EXPECT_FALSE(example_.planes({5, 2}).ok());  // of another size than its photo
  example_.stem = "b";
  EXPECT_FALSE(classes->AddTo(example_));
}

TEST_F(ClassesTest, KeepTheLargestPieceOnly) {
  const auto classes = Read(R"({"planes": {"hair": {"yes": [1, 3], "no": [0, 2], "largest": true}}})");
  ASSERT_TRUE(classes.ok()) << classes.status().message();
  ASSERT_TRUE(cv::imwrite((root_ / "set/classes/a.png").string(), Row({1, 0, 3, 1})));
  ASSERT_TRUE(classes->AddTo(example_));
  const auto planes = example_.planes({4, 1});
  ASSERT_TRUE(planes.ok()) << planes.status().message();
  EXPECT_EQ(cv::norm(planes->at("hair"), Row({kPlaneUnknown, 0, kPlaneYes, kPlaneYes}), cv::NORM_INF), 0);
}

TEST_F(ClassesTest, TravelInTheCache) {
  const auto classes = Read(kClasses);
  ASSERT_TRUE(classes.ok());
  Example without = example_;
  without.stem = "without";
  ASSERT_TRUE(classes->AddTo(example_));
  const std::string path = (root_ / "pack").string();
  const auto counts =
      WritePack({{without, Split::kTrain}, {example_, Split::kTrain}, {without, Split::kVal}}, 320, 1, path);
  ASSERT_TRUE(counts.ok() && counts->written == 3) << counts.status().message();
  const auto pack = Pack::Open(path);
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  for (const Record& r : (*pack)->records()) {
    EXPECT_EQ((*pack)->Image(r).at<cv::Vec4b>(1, 3), cv::Vec4b(3, 2, 1, 255));
    const cv::Mat hair = (*pack)->Plane(r, "hair");
    ASSERT_EQ(hair.empty(), r.stem == "without");
    if (!hair.empty()) {
      EXPECT_EQ(cv::norm(hair.row(1), Row({0, 0, kPlaneYes, kPlaneUnknown}), cv::NORM_INF), 0);
      EXPECT_EQ(cv::norm((*pack)->Plane(r, "skin").row(0), Row({0, kPlaneYes, 0, kPlaneUnknown}), cv::NORM_INF), 0);
      EXPECT_TRUE((*pack)->Plane(r, "beard").empty());
    }
  }
  // Shrunk to half: what was half known is unknown, and values are means of what they cover.
  const auto halves = WritePack({{example_, Split::kTrain}}, 2, 1, path);
  ASSERT_TRUE(halves.ok());
  const auto small = Pack::Open(path);
  ASSERT_TRUE(small.ok());
  const cv::Mat skin = (*small)->Plane((*small)->records()[0], "skin");
  EXPECT_EQ(cv::norm(skin, Row({kPlaneYes / 2, kPlaneUnknown}), cv::NORM_INF), 0) << skin;
}

TEST_F(ClassesTest, MistakesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"[", "classes.json"},
      {"{}", "\"planes\""},
      {R"({"planes": {"person": {"yes": [1], "no": [0]}}})", "no plane beside"},
      {R"({"planes": {"hair": {"yes": [2]}}})", "plane 'hair' has no list 'no'"},
      {R"({"planes": {"hair": {"yes": [2], "no": [256]}}})", "no class from 0 to 255"},
      {R"({"planes": {"hair": {"yes": [2], "no": [2]}}})", "lists class 2 twice"},
      {R"({"planes": {"hair": {"yes": [2], "no": [0], "largest": 1}}})", "largest: wanted is true or false"},
      {R"({"planes": {"my hair": {"yes": [2], "no": [0]}}})", "no name for a plane"},
  };
  for (const auto& [json, message] : cases) {
    const auto classes = Read(json);
    ASSERT_FALSE(classes.ok()) << json;
    EXPECT_NE(classes.status().message().find(message), std::string::npos) << classes.status().message();
  }
}

}  // namespace
}  // namespace scrim::train
