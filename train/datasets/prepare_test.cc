#include "datasets/prepare.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

struct Scene {
  cv::Mat photo{200, 300, CV_8UC3, cv::Scalar(50, 60, 70)};
  Labels labels{cv::Mat::zeros(200, 300, CV_8U), {}};
  Scene& Person(cv::Rect box) {
    labels.person(box).setTo(255);
    return *this;
  }
  Scene& Unknown(cv::Rect box) {
    if (labels.ignored.empty()) labels.ignored = cv::Mat::zeros(200, 300, CV_8U);
    labels.ignored(box).setTo(255);
    labels.person(box).setTo(0);
    return *this;
  }
  Status Prepare() { return train::Prepare({}, photo, labels); }
};

TEST(PrepareTest, LargePersonStaysWholeWithASoftOutline) {
  Scene scene = Scene().Person({50, 20, 200, 180});
  ASSERT_TRUE(scene.Prepare().ok());
  EXPECT_EQ(scene.photo.size(), cv::Size(300, 200));
  EXPECT_EQ(scene.labels.person.size(), cv::Size(300, 200));
  EXPECT_EQ(scene.labels.person.at<uint8_t>(100, 150), 255);
  EXPECT_EQ(scene.labels.person.at<uint8_t>(10, 10), 0);
  const int edge = scene.labels.person.at<uint8_t>(100, 50);
  EXPECT_GT(edge, 127);
  EXPECT_LT(edge, 255);
}

TEST(PrepareTest, SmallPeopleAreCroppedTogether) {
  Scene scene = Scene().Person({100, 80, 20, 40}).Person({140, 80, 20, 40});
  ASSERT_TRUE(scene.Prepare().ok());
  EXPECT_EQ(scene.photo.size(), cv::Size(60 + 2 * 21, 40 + 2 * 14));
  EXPECT_EQ(scene.labels.person.size(), scene.photo.size());
  EXPECT_EQ(scene.labels.person.at<uint8_t>(14 + 20, 21 + 10), 255);
  EXPECT_EQ(scene.labels.person.at<uint8_t>(14 + 20, 21 + 30), 0);
}

TEST(PrepareTest, SpecksVanish) {
  Scene scene = Scene().Person({50, 20, 200, 150}).Person({5, 190, 8, 8});
  ASSERT_TRUE(scene.Prepare().ok());
  EXPECT_EQ(cv::countNonZero(scene.labels.person(cv::Rect(0, 180, 20, 20))), 0);
}

TEST(PrepareTest, RefusesWhatTeachesNothing) {
  EXPECT_EQ(Scene().Prepare().message(), "nobody in it");
  EXPECT_EQ(Scene().Person({0, 0, 300, 198}).Prepare().message(), "nothing but a person");
  // Two thin people in the corners: the box is the photo.
  EXPECT_EQ(Scene().Person({0, 0, 30, 20}).Person({270, 180, 30, 20}).Prepare().message(), "too little of a person");
  EXPECT_EQ(Scene().Person({0, 0, 150, 200}).Unknown({200, 50, 60, 60}).Prepare().message(), "too much unknown");
  EXPECT_EQ(Scene().Prepare().code(), Code::kInvalidArgument);
}

// A seam of unknown pixels, ten wide, around the person, as VOC has it.
TEST(PrepareTest, SeamsTakeWhatLiesBesideThem) {
  Scene scene = Scene().Person({50, 20, 200, 180});
  for (const cv::Rect& seam : {cv::Rect(45, 15, 10, 185), cv::Rect(245, 15, 10, 185), cv::Rect(45, 15, 210, 10)})
    scene.Unknown(seam);
  ASSERT_TRUE(scene.Prepare().ok());
  EXPECT_GT(scene.labels.person.at<uint8_t>(100, 53), 200);  // the inner half of the seam
  EXPECT_LT(scene.labels.person.at<uint8_t>(100, 46), 55);   // the outer
}

}  // namespace
}  // namespace scrim::train
