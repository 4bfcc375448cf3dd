#include "augment/teacher.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

constexpr char kPhoto[] = "000000537991";

cv::Mat Mask(const cv::Mat& rgba) {
  cv::Mat mask;
  cv::extractChannel(rgba, mask, 3);
  return mask;
}
double Difference(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }
double Mean(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_L1) / double(a.total()); }

class TeacherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string data = SCRIM_TESTDATA;
    const cv::Mat bgr = cv::imread(data + "/photos/" + kPhoto + ".jpg"),
                  mask = cv::imread(data + "/masks/" + kPhoto + ".png", cv::IMREAD_GRAYSCALE);
    ASSERT_FALSE(bgr.empty() || mask.empty());
    cv::cvtColor(bgr, photo_, cv::COLOR_BGR2RGBA);
    cv::insertChannel(mask, photo_, 3);
    cv::resize(photo_, photo_, Open(0.f)->SizeFor(192, 192), 0, 0, cv::INTER_AREA);
  }

  static std::unique_ptr<Teacher> Open(float share, const std::vector<std::string>& models = {"default"}) {
    std::vector<std::string> paths;
    for (const std::string& model : models) paths.push_back(SCRIM_MODELS "/" + model + ".scrim");
    return std::move(Teacher::Open(paths, share, {{192, 192}}).value());
  }
  static cv::Mat Taught(const cv::Mat& photo, float share, const std::vector<std::string>& models = {"default"}) {
    cv::Mat taught = photo.clone();
    Open(share, models)->Teach(taught);
    EXPECT_EQ(Difference(taught & cv::Scalar(255, 255, 255, 0), photo & cv::Scalar(255, 255, 255, 0)), 0);
    return Mask(taught);
  }

  cv::Mat photo_;
};

// 36,864 pixels are the default model's own.
TEST_F(TeacherTest, WantsToSeeAsMuchAsItWasTrainedFor) {
  const auto teacher = Open(0.5f);
  EXPECT_EQ(teacher->SizeFor(64, 64), cv::Size(192, 192));
  EXPECT_EQ(teacher->SizeFor(128, 72), cv::Size(256, 144));
  EXPECT_EQ(teacher->SizeFor(72, 128), cv::Size(144, 256));
  EXPECT_EQ(teacher->SizeFor(320, 320), cv::Size(320, 320));
}

TEST_F(TeacherTest, MovesTheMaskByItsShare) {
  const cv::Mat truth = Mask(photo_), none = Taught(photo_, 0.f), half = Taught(photo_, 0.5f),
                all = Taught(photo_, 1.f);
  EXPECT_EQ(Difference(none, truth), 0);
  EXPECT_GT(Mean(all, truth), 0.5);
  EXPECT_LT(Mean(all, truth), 20);
  cv::Mat middle;
  cv::addWeighted(truth, 0.5, all, 0.5, 0, middle);
  EXPECT_LE(Difference(half, middle), 1);
}

TEST_F(TeacherTest, TakesTheMeanOfItsModels) {
  const cv::Mat a = Taught(photo_, 1.f), b = Taught(photo_, 1.f, {"lite"}),
                both = Taught(photo_, 1.f, {"default", "lite"});
  EXPECT_GT(Mean(a, b), 0.5);
  cv::Mat middle;
  cv::addWeighted(a, 0.5, b, 0.5, 0, middle);
  EXPECT_LE(Difference(both, middle), 1);
  EXPECT_EQ(Open(1.f, {"default", "quality"})->SizeFor(64, 64), Open(1.f, {"quality"})->SizeFor(64, 64));
}

// Each model sees a picture at its own density and the mask comes back at the picture's size.
TEST_F(TeacherTest, SeesPicturesOfAnySize) {
  cv::Mat large, taught;
  cv::resize(photo_, large, {301, 333}, 0, 0, cv::INTER_LINEAR);
  cv::resize(Taught(large, 1.f), taught, photo_.size(), 0, 0, cv::INTER_AREA);
  EXPECT_LT(Mean(taught, Taught(photo_, 1.f)), 4);
}

TEST_F(TeacherTest, LeavesTheTruthWhereTheyDisagree) {
  cv::Mat wrong = photo_.clone();
  cv::insertChannel(255 - Mask(photo_), wrong, 3);
  EXPECT_EQ(Difference(Taught(wrong, 1.f), Mask(wrong)), 0);
}

TEST(Teacher, NamesTheFileThatIsMissing) {
  const auto teacher = Teacher::Open({"/no/such.scrim"}, 0.5f, {});
  EXPECT_EQ(teacher.status().code(), Code::kNotFound);
  EXPECT_NE(teacher.status().message().find("/no/such.scrim"), std::string::npos);
}

}  // namespace
}  // namespace scrim::train
