#include "datasets/pack.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "datasets/folder.h"
#include "folder_test.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

class PackTest : public FolderTest {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "set/images");
    fs::create_directories(root_ / "set/masks");
    Write("set/images/a.png", cv::Mat(10, 20, CV_8UC3, cv::Scalar(1, 2, 3)));  // BGR
    Write("set/masks/a.png", cv::Mat(10, 20, CV_8U, cv::Scalar(255)));
    Write("set/images/large.png", cv::Mat(400, 800, CV_8UC3, cv::Scalar(9, 9, 9)));
    Write("set/masks/large.png", cv::Mat(400, 800, CV_8U, cv::Scalar(0)));
    Write("set/images/other_size.png", cv::Mat(10, 20, CV_8UC3));
    Write("set/masks/other_size.png", cv::Mat(10, 21, CV_8U));
    Write("set/masks/lonely.png", cv::Mat(10, 20, CV_8U));
    std::ofstream(root_ / "set/images/broken.png") << "not a picture";
    Write("set/masks/broken.png", cv::Mat(10, 20, CV_8U));
  }
  void Write(const std::string& name, const cv::Mat& image) {
    ASSERT_TRUE(cv::imwrite((root_ / name).string(), image));
  }
};

TEST_F(PackTest, KeepsWhatIsGoodAndListsWhatIsBroken) {
  const auto found = ReadFolder((root_ / "set").string(), Role::kPhoto);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->broken.size(), 1u);
  EXPECT_NE(found->broken[0].find("lonely.png"), std::string::npos);
  EXPECT_EQ(found->examples.size(), 4u);
  std::vector<PackEntry> entries;
  for (const Example& example : found->examples) entries.push_back({example, Split::kVal});
  const std::string path = (root_ / "pack").string();
  const auto counts = WritePack(entries, 320, 2, path);
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->written, 2);
  EXPECT_EQ(counts->broken.size(), 2u);

  const auto pack = Pack::Open(path);
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  ASSERT_EQ((*pack)->records().size(), 2u);
  for (const Record& r : (*pack)->records()) {
    EXPECT_EQ(r.source, "set");
    EXPECT_EQ(r.split, Split::kVal);
    const cv::Mat image = (*pack)->Image(r);
    if (r.stem == "a") EXPECT_EQ(image.at<cv::Vec4b>(5, 5), cv::Vec4b(3, 2, 1, 255));  // RGBA
    if (r.stem == "large") EXPECT_EQ(image.size(), cv::Size(320, 160));
  }
}

TEST_F(PackTest, RefusesCutFiles) {
  const auto found = ReadFolder((root_ / "set").string(), Role::kPhoto);
  ASSERT_TRUE(found.ok());
  const std::string path = (root_ / "pack").string();
  ASSERT_TRUE(WritePack({{found->examples[0], Split::kTrain}}, 320, 1, path).ok());
  fs::resize_file(path, fs::file_size(path) - 5);
  EXPECT_EQ(Pack::Open(path).status().code(), Code::kCorrupt);
}

TEST_F(PackTest, NamesMissingFolders) {
  EXPECT_EQ(ReadFolder((root_ / "none").string(), Role::kPhoto).status().code(), Code::kNotFound);
  EXPECT_NE(ReadFolder(root_.string(), Role::kPhoto).status().message().find("images/"), std::string::npos);
  EXPECT_EQ(WritePack({}, 320, 1, "/no/such/folder/pack").status().code(), Code::kIo);
}

}  // namespace
}  // namespace scrim::train
