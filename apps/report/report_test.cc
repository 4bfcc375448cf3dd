#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "inputs.h"
#include "page.h"
#include "sections.h"
#include "steps.h"

namespace scrim::report {
namespace {

namespace fs = std::filesystem;

// A folder that is the current one while a test runs.
class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    folder_ = fs::path(::testing::TempDir()) / ("scrim_report_test" + std::to_string(getpid()));
    fs::create_directories(folder_ / "out");
    fs::create_directories(folder_ / "docs");
    fs::current_path(folder_);
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  fs::path before_, folder_;
};

TEST_F(ReportTest, ReadsTablesAndNamesBrokenLines) {
  Write("good.csv", "name,value\n\"a, b\",1\nc,2\n");
  const auto good = ReadCsv("good.csv");
  ASSERT_TRUE(good.ok()) << good.status().message();
  ASSERT_EQ(good->rows.size(), 2u);
  EXPECT_EQ(good->rows[0][0], "a, b");
  EXPECT_EQ(good->Column("value"), 1);
  EXPECT_EQ(good->Column("other"), -1);
  Write("bad.csv", "name,value\nc,2\nd\n");
  EXPECT_NE(ReadCsv("bad.csv").status().message().find("bad.csv, line 3"), std::string::npos);
  EXPECT_EQ(ReadCsv("none.csv").status().code(), Code::kNotFound);
}

TEST_F(ReportTest, JsonThatLacksSomethingIsNamed) {
  const auto read = [](const nlohmann::json& file) { return file.at("frames").get<int>(); };
  std::ofstream("good.json") << R"({"frames": 3})";
  std::ofstream("other.json") << R"({"photos": 3})";
  std::ofstream("cut.json") << R"({"frames": )";
  const StatusOr<int> frames = ReadJson("good.json", read);
  ASSERT_TRUE(frames.ok()) << frames.status().message();
  EXPECT_EQ(*frames, 3);
  for (const std::string name : {"other.json", "cut.json", "none.json"}) {
    const StatusOr<int> missing = ReadJson(name, read);
    ASSERT_FALSE(missing.ok()) << name;
    EXPECT_NE(missing.status().message().find(name), std::string::npos) << missing.status().message();
  }
}

TEST(TextTest, IsAsLongAsItComes) {
  const std::string name(5000, 'n');
  EXPECT_EQ(app::Text("%s: %d", name.c_str(), 7), name + ": 7");
  EXPECT_EQ(app::Text("plain"), "plain");
}

TEST_F(ReportTest, PageEscapesAndMarks) {
  Page page;
  page.Heading("a < b");
  page.Table({"x", "y"}, {{"1", "<script>"}, {"2", "3"}}, {1});
  const std::string html = page.Html("title & more");
  EXPECT_NE(html.find("<h2 id=\"s1\">a &lt; b</h2>"), std::string::npos);
  EXPECT_NE(html.find("<td>&lt;script&gt;</td>"), std::string::npos);
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_NE(html.find("<tr class=\"marked\"><td>2</td>"), std::string::npos);
  EXPECT_NE(html.find("<title>title &amp; more</title>"), std::string::npos);
}

TEST_F(ReportTest, AblationIsAveragedOverSeedsOrSaidToBeMissing) {
  const report::Setup setup{"", "", "", "out", "out"};
  Page without;
  ASSERT_TRUE(AddAblation(setup, without).ok());
  EXPECT_NE(without.Html("").find("Not yet measured"), std::string::npos);
  const std::string header = "variant,seed,mmac,ms,portrait_iou,portrait_bf,scene_iou\n";
  Write("docs/ablation.csv", header +
                                 "all,1,43.7,1.2,0.90,0.60,0.5\nall,2,43.7,1.2,0.92,0.62,0.6\n"
                                 "skips=0,1,40,1.1,0.80,0.4,0.3\n");
  Page page;
  const Status status = AddAblation(setup, page);
  ASSERT_TRUE(status.ok()) << status.message();
  const std::string html = page.Html("");
  EXPECT_NE(html.find("<td>all</td><td>2</td><td>43.7</td><td>1.20</td><td>0.9100</td><td>0.9000–0.9200</td>"),
            std::string::npos)
      << html;
  EXPECT_GT(fs::file_size("out/ablation.svg"), 1000u);
  Write("docs/ablation.csv", "variant,seed\nall,1\n");
  EXPECT_NE(AddAblation(setup, page).message().find("the header must be"), std::string::npos);
}

TEST_F(ReportTest, FailedCommandsSayWhy) {
  EXPECT_TRUE(report::Run("true", {}, "out").ok());
  const Status status = report::Run("sh", {"-c", "echo 'it''s broken' >&2; exit 3"}, "out");
  EXPECT_NE(status.message().find("its broken"), std::string::npos) << status.message();
  EXPECT_EQ(Shown("/a/b/scrim", {"eval", "photos"}), "scrim eval photos");
}

TEST_F(ReportTest, WithoutResearchDataTheSamplesServe) {
  const report::Setup setup{"", "", "nowhere", "out", "out"};
  const auto photos = PreparePhotos(setup);
  ASSERT_TRUE(photos.ok()) << photos.status().message();
  EXPECT_FALSE(photos->research);
  EXPECT_NE(photos->name.find("testdata"), std::string::npos);
}

}  // namespace
}  // namespace scrim::report
