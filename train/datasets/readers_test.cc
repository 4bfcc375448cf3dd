// Readers of other people's formats: COCO on genuine photos and annotations, all of them on small samples made by their
// documentation.
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "datasets/coco.h"
#include "datasets/pack.h"
#include "datasets/supervisely.h"
#include "datasets/voc.h"
#include "folder_test.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

class ReadersTest : public FolderTest {
 protected:
  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  void Write(const std::string& name, const cv::Mat& picture) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(cv::imwrite(Path(name), picture));
  }
  // Four columns by three rows.
  void WritePhoto(const std::string& name) { Write(name, cv::Mat(3, 4, CV_8UC3, cv::Scalar(1, 2, 3))); }
};

Labels Draw(const Example& example, cv::Size size = {4, 3}) {
  auto labels = example.labels(size);
  EXPECT_TRUE(labels.ok()) << labels.status().message();
  return labels.ok() ? *labels : Labels();
}

std::string Rows(const cv::Mat& mask) {
  std::string rows;
  for (int y = 0; y < mask.rows; ++y, rows += ' ')
    for (int x = 0; x < mask.cols; ++x) rows += mask.at<uint8_t>(y, x) > 127 ? '#' : '.';
  return rows;
}

// The masks in testdata were drawn from the same annotations by another program.
TEST_F(ReadersTest, CocoDrawsGenuinePolygons) {
  const std::string testdata = SCRIM_TESTDATA;
  const auto found = ReadCoco(testdata + "/coco/instances.json", testdata + "/photos");
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_TRUE(found->broken.empty());
  ASSERT_EQ(found->examples.size(), 6u);
  for (const Example& example : found->examples) {
    const cv::Mat photo = cv::imread(example.image),
                  truth = cv::imread(testdata + "/masks/" + example.stem + ".png", 0);
    const Labels labels = Draw(example, photo.size());
    const double both = cv::countNonZero((labels.person > 127) & (truth > 127)),
                 either = cv::countNonZero((labels.person > 127) | (truth > 127));
    EXPECT_GT(both / either, 0.98) << example.stem;
  }
}

std::string CocoFile(const std::string& annotations) {
  return R"({"images": [{"id": 7, "file_name": "a.png", "width": 4, "height": 3},
                        {"id": 8, "file_name": "gone.png", "width": 4, "height": 3}],
             "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "cat"}], "annotations": [)" +
         annotations + "]}";
}
std::string Annotation(int id, const std::string& segmentation, int crowd = 0, int category = 1, int image = 7) {
  return R"({"id": )" + std::to_string(id) + R"(, "image_id": )" + std::to_string(image) + R"(, "category_id": )" +
         std::to_string(category) + R"(, "iscrowd": )" + std::to_string(crowd) + R"(, "segmentation": )" +
         segmentation + "}";
}

TEST_F(ReadersTest, CocoReadsPolygonsAndBothRunLengths) {
  WritePhoto("photos/a.png");
  // Run lengths go down the columns: the last of four.
  Write("a.json", CocoFile(Annotation(1, "[[0, 0, 2, 0, 2, 3, 0, 3]]") + "," +
                           Annotation(2, R"({"size": [3, 4], "counts": [9, 3]})", 1) + "," +
                           Annotation(3, "[[0, 0, 4, 0, 4, 3, 0, 3]]", 0, 2)));
  auto found = ReadCoco(Path("a.json"), Path("photos"));
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->examples.size(), 1u);
  EXPECT_TRUE(found->broken.empty()) << found->broken[0];
  EXPECT_EQ(found->examples[0].source, "coco");
  EXPECT_EQ(found->examples[0].stem, "a");
  const Labels labels = Draw(found->examples[0]);
  EXPECT_EQ(Rows(labels.person), "##.. ##.. ##.. ");
  EXPECT_EQ(Rows(labels.ignored), "...# ...# ...# ");

  Write("b.json",
        CocoFile(Annotation(1, R"({"size": [3, 4], "counts": "333"})") + "," + Annotation(2, "[[9]]") + "," +
                 Annotation(3, "[[0, 0, 1, 1, 0, 1]]", 0, 1, 99) + "," +
                 Annotation(4, R"({"size": [9, 9], "counts": [81]})") + "," +
                 Annotation(5, R"({"size": [3, 4], "counts": [5]})") + "," +
                 Annotation(6, "[[0, 0, 1, 0, 1, 1]]", 0, 1, 8) + "," + Annotation(7, "[[0, 0, 1, 0, 1, 3]]")));
  found = ReadCoco(Path("b.json"), Path("photos"));
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->broken.size(), 6u);  // 1: nine pixels of twelve; 2 to 5: broken; image 8: no file
  for (int i = 0; i < 5; ++i)
    EXPECT_NE(found->broken[size_t(i)].find("annotation " + std::to_string(i + 1)), std::string::npos)
        << found->broken[size_t(i)];
}

// The reference implementation's encoder, after its description.
std::string Compress(const std::vector<int64_t>& runs) {
  std::string text;
  for (size_t i = 0; i < runs.size(); ++i) {
    int64_t value = runs[i] - (i > 2 ? runs[i - 2] : 0);
    for (bool more = true; more;) {
      int bits = int(value & 31);
      value >>= 5;
      more = bits & 16 ? value != -1 : value != 0;
      text += char(48 + (bits | (more ? 32 : 0)));
    }
  }
  return text;
}

TEST_F(ReadersTest, CompressedRunLengthsComeBack) {
  for (const std::vector<int64_t>& runs :
       std::vector<std::vector<int64_t>>{{}, {5}, {0, 12}, {3, 2, 1, 4, 90000, 17, 15, 16, 31, 32, 1, 0, 640 * 480}}) {
    const auto decoded = DecodeRunLengths(Compress(runs));
    ASSERT_TRUE(decoded.ok()) << decoded.status().message();
    EXPECT_EQ(*decoded, runs);
  }
  EXPECT_FALSE(DecodeRunLengths("P").ok());  // ends within a number
  EXPECT_FALSE(DecodeRunLengths(" ").ok());  // below '0'
  EXPECT_FALSE(DecodeRunLengths("O").ok());  // -1
}

TEST_F(ReadersTest, CocoRefusesOtherFiles) {
  Write("list.json", "[1, 2]");
  Write("cut.json", CocoFile("").substr(0, 50));
  EXPECT_EQ(ReadCoco(Path("none.json"), ".").status().code(), Code::kNotFound);
  EXPECT_EQ(ReadCoco(Path("list.json"), ".").status().code(), Code::kCorrupt);
  EXPECT_NE(ReadCoco(Path("cut.json"), ".").status().message().find("not JSON"), std::string::npos);
}

TEST_F(ReadersTest, VocKnowsPeopleByColourAndByNumber) {
  const cv::Vec3b person(128, 128, 192), unknown(192, 224, 224), cat(0, 0, 64);  // blue, green, red
  cv::Mat palette(3, 4, CV_8UC3, cv::Scalar(0, 0, 0)), numbers(3, 4, CV_8U, cv::Scalar(0));
  for (int y = 0; y < 3; ++y) {
    palette.at<cv::Vec3b>(y, 0) = person, palette.at<cv::Vec3b>(y, 1) = unknown, palette.at<cv::Vec3b>(y, 3) = cat;
    numbers.at<uint8_t>(y, 0) = 15, numbers.at<uint8_t>(y, 1) = 255, numbers.at<uint8_t>(y, 3) = 8;
  }
  for (const char* stem : {"colours", "numbers", "small"})
    Write(std::string("voc/JPEGImages/") + stem + ".jpg", cv::Mat(3, 4, CV_8UC3));
  Write("voc/SegmentationClass/colours.png", palette);
  Write("voc/SegmentationClass/numbers.png", numbers);
  Write("voc/SegmentationClass/lonely.png", numbers);
  Write("voc/SegmentationClass/small.png", cv::Mat(2, 2, CV_8U, cv::Scalar(0)));
  const auto found = ReadVoc(Path("voc"));
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->examples.size(), 3u);
  ASSERT_EQ(found->broken.size(), 1u);
  for (int i = 0; i < 2; ++i) {
    const Labels labels = Draw(found->examples[size_t(i)]);
    EXPECT_EQ(Rows(labels.person), "#... #... #... ");
    EXPECT_EQ(Rows(labels.ignored), ".#.. .#.. .#.. ");
  }
  EXPECT_EQ(found->examples[2].labels({4, 3}).status().code(), Code::kCorrupt);
  EXPECT_EQ(ReadVoc(Path("")).status().code(), Code::kNotFound);
}

std::string ToBase64(const std::vector<uint8_t>& bytes) {
  const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < bytes.size() ? bytes[i + k] : 0);
    for (size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : digits[bits >> (18 - 6 * k) & 63];
  }
  return text;
}

std::string PackBitmap(const cv::Mat& mask) {
  std::vector<uint8_t> png;
  cv::imencode(".png", mask, png);
  std::vector<uint8_t> packed(compressBound(png.size()));
  uLongf size = packed.size();
  compress(packed.data(), &size, png.data(), png.size());
  packed.resize(size);
  return ToBase64(packed);
}

std::string Bitmap(const std::string& name, const cv::Mat& mask, int x, int y) {
  return R"({"classTitle": ")" + name + R"(", "geometryType": "bitmap", "bitmap": {"origin": [)" + std::to_string(x) +
         ", " + std::to_string(y) + R"(], "data": ")" + PackBitmap(mask) + R"("}})";
}
std::string Polygon(const std::string& name, const std::string& exterior, const std::string& interior) {
  return R"({"classTitle": ")" + name + R"(", "geometryType": "polygon", "points": {"exterior": )" + exterior +
         R"(, "interior": )" + interior + "}}";
}
std::string SuperviselyFile(const std::string& objects) {
  return R"({"size": {"width": 4, "height": 3}, "objects": [)" + objects + "]}";
}

TEST_F(ReadersTest, SuperviselyDrawsBitmapsAndPolygonsWithHoles) {
  Write("people/meta.json", "{}");
  for (const char* name : {"bitmap.png", "polygon.png", "order.png", "broken.png", "alone.png"})
    WritePhoto(std::string("people/ds1/img/") + name);
  const cv::Mat two(2, 2, CV_8U, cv::Scalar(255));
  Write("people/ds1/ann/bitmap.png.json", SuperviselyFile(Bitmap("person_bmp", two, 3, 1)));  // sticks out on the right
  Write("people/ds1/ann/polygon.json",                                                        // the older name
        SuperviselyFile(Polygon("person_poly", "[[0, 0], [3, 0], [3, 2], [0, 2]]", "[[[1, 1], [2, 1], [2, 1]]]")));
  Write("people/ds1/ann/order.png.json",
        SuperviselyFile(Polygon("person_poly", "[[0, 0], [3, 0], [3, 2], [0, 2]]", "[]") + "," +
                        Polygon("dog", "[[0, 0], [0, 2], [0, 1]]", "[]") + "," + Bitmap("neutral", two, 2, 0)));
  Write("people/ds1/ann/broken.png.json", SuperviselyFile(R"({"classTitle": "person_bmp", "geometryType": "bitmap",
        "bitmap": {"origin": [0, 0], "data": "AAAA"}})"));
  const auto found = ReadSupervisely(Path("people"));
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->broken.size(), 1u);
  EXPECT_NE(found->broken[0].find("alone.png"), std::string::npos);
  ASSERT_EQ(found->examples.size(), 4u);
  EXPECT_EQ(found->examples[0].stem, "ds1_bitmap");
  EXPECT_EQ(found->examples[0].source, "people");
  EXPECT_EQ(Rows(Draw(found->examples[0]).person), ".... ...# ...# ");
  const auto broken = found->examples[1].labels({4, 3});
  EXPECT_EQ(broken.status().code(), Code::kCorrupt);
  EXPECT_NE(broken.status().message().find("broken.png.json"), std::string::npos);
  const Labels order = Draw(found->examples[2]);
  EXPECT_EQ(Rows(order.person), ".#.. .#.. .### ");
  EXPECT_EQ(Rows(order.ignored), "..## ..## .... ");
  EXPECT_EQ(Rows(Draw(found->examples[3]).person), "#### #..# #### ");
  EXPECT_EQ(ReadSupervisely(Path("")).status().code(), Code::kNotFound);
}

TEST_F(ReadersTest, ScenesArePreparedWhenTheyArePacked) {
  const std::string testdata = SCRIM_TESTDATA;
  const auto found = ReadCoco(testdata + "/coco/instances.json", testdata + "/photos");
  ASSERT_TRUE(found.ok()) << found.status().message();
  std::vector<PackEntry> entries;
  for (const Example& example : found->examples) entries.push_back({example, Split::kTrain});
  Example nobody = found->examples[0];
  nobody.labels = [](cv::Size size) -> StatusOr<Labels> { return Labels{cv::Mat::zeros(size, CV_8U), {}}; };
  entries.push_back({nobody, Split::kTrain});
  const auto counts = WritePack(entries, 320, 2, Path("pack"));
  ASSERT_TRUE(counts.ok()) << counts.status().message();
  EXPECT_EQ(counts->written, 6);
  EXPECT_EQ(counts->unsuitable, (std::map<std::string, int>{{"nobody in it", 1}}));
}

}  // namespace
}  // namespace scrim::train
