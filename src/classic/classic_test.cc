#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "classic/closed_regions.h"
#include "classic/predecessor.h"
#include "graph/model.h"
#include "metrics/photo.h"

namespace scrim::classic {
namespace {

constexpr int kWidth = 160, kHeight = 90;

// A room of camera noise about a slope of light; somebody dark stands with the lower edge cut, from x on, where x >= 0.
struct Shot {
  image::Frame frame{image::PixelFormat::kRgba, kWidth, kHeight};
  image::Bytes truth{kWidth, kHeight};
};
Shot Draw(int x, int seed) {
  cv::Mat picture(kHeight, kWidth, CV_8UC4), noise(kHeight, kWidth, CV_8UC4);
  for (int column = 0; column < kWidth; ++column)
    picture.col(column).setTo(cv::Scalar(140 + column / 4, 170, 200, 255));
  cv::Mat1b mask = cv::Mat1b::zeros(kHeight, kWidth);
  if (x >= 0) {
    cv::rectangle(mask, cv::Rect(x, 40, 40, 50), 255, cv::FILLED);
    cv::circle(mask, {x + 20, 30}, 16, 255, cv::FILLED);
  }
  picture.setTo(cv::Scalar(60, 40, 30, 255), mask);
  cv::RNG(static_cast<uint64_t>(seed)).fill(noise, cv::RNG::UNIFORM, 0, 5);
  picture += noise;
  Shot shot;
  picture.copyTo(cv::Mat(kHeight, kWidth, CV_8UC4, shot.frame.view().planes[0]));
  mask.copyTo(cv::Mat(kHeight, kWidth, CV_8UC1, shot.truth.data()));
  return shot;
}

double Iou(const Shot& shot, const image::Bytes& mask) {
  return metrics::Compare(metrics::ViewOf(shot.truth), metrics::ViewOf(mask)).iou;
}

double Share(const image::Bytes& mask) {
  return double(cv::countNonZero(cv::Mat1b(mask.height(), mask.width(), const_cast<uint8_t*>(mask.data())) > 127)) /
         static_cast<double>(mask.size());
}

std::unique_ptr<Predecessor> Made(const std::string& text) {
  auto made = Create(text, "");
  EXPECT_TRUE(made.ok()) << made.status().message();
  return made.ok() ? *std::move(made) : nullptr;
}

class SubtractorTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SubtractorTest, FindsWhoEntersALearnedRoomAndForgetsAtReset) {
  const auto method = Made(GetParam());
  image::Bytes mask;
  for (int t = 0; t < 40; ++t) ASSERT_TRUE(method->Process(Draw(-1, t).frame.view(), &mask).ok());
  EXPECT_LT(Share(mask), 0.01);
  double iou = 0;
  for (int t = 0; t < 8; ++t) {
    const Shot shot = Draw(20 + 8 * t, 100 + t);
    ASSERT_TRUE(method->Process(shot.frame.view(), &mask).ok());
    iou += Iou(shot, mask) / 8;
  }
  EXPECT_GT(iou, 0.9);
  // The person was there from the first frame of another clip on: learned as the room.
  method->Reset();
  for (int t = 0; t < 40; ++t) ASSERT_TRUE(method->Process(Draw(60, t).frame.view(), &mask).ok());
  EXPECT_LT(Iou(Draw(60, 0), mask), 0.1);
}

INSTANTIATE_TEST_SUITE_P(All, SubtractorTest, ::testing::Values("gmg", "knn", "mog", "mog2"));

TEST(CannyTest, ClosedRegionIsThePersonAndEdgesAreThin) {
  const Shot shot = Draw(50, 1);
  image::Bytes mask;
  ASSERT_TRUE(Made("canny")->Process(shot.frame.view(), &mask).ok());
  EXPECT_GT(Iou(shot, mask), 0.9);
  ASSERT_TRUE(Made("canny:fill=0")->Process(shot.frame.view(), &mask).ok());
  EXPECT_GT(Share(mask), 0.005);
  EXPECT_LT(Share(mask), 0.03);
  ASSERT_TRUE(Made("canny:low=2000,high=4000")->Process(shot.frame.view(), &mask).ok());
  EXPECT_EQ(Share(mask), 0);
}

TEST(ClosedRegionsTest, OnlyWhatIsClosedStaysDry) {
  cv::Mat1b edges = cv::Mat1b::zeros(100, 100);
  cv::rectangle(edges, cv::Rect(20, 20, 30, 30), 255);
  cv::Mat1b inside = ClosedRegions(edges, {2, 0.01});
  EXPECT_EQ(inside(35, 35), 255);
  EXPECT_EQ(inside(60, 60), 0);
  EXPECT_NEAR(cv::countNonZero(inside), 900, 40);
  edges(cv::Rect(30, 20, 4, 1)).setTo(0);  // a gap of 4 is closed by discs of radius 2, one of 12 is not
  EXPECT_EQ(ClosedRegions(edges, {2, 0.01})(35, 35), 255);
  edges(cv::Rect(26, 20, 12, 1)).setTo(0);
  EXPECT_EQ(ClosedRegions(edges, {2, 0.01})(35, 35), 0);
  // Cut by the lower border, or low at the side: closed; higher at the side: open.
  edges.setTo(0);
  cv::rectangle(edges, cv::Rect(40, 60, 30, 60), 255);
  EXPECT_EQ(ClosedRegions(edges, {2, 0.01})(80, 55), 255);
  EXPECT_EQ(ClosedRegions(edges, {2, 0.01})(99, 55), 255);
  edges.setTo(0);
  cv::rectangle(edges, cv::Rect(-20, 75, 40, 30), 255);
  EXPECT_EQ(ClosedRegions(edges, {2, 0.01})(85, 5), 255);
  edges.setTo(0);
  cv::rectangle(edges, cv::Rect(-20, 20, 40, 30), 255);
  EXPECT_EQ(ClosedRegions(edges, {2, 0.01})(35, 5), 0);
}

TEST(ClosedRegionsTest, HolesAndIslands) {
  cv::Mat1b mask = cv::Mat1b::zeros(50, 50);
  cv::rectangle(mask, cv::Rect(5, 5, 20, 20), 255, 2);
  mask(40, 40) = 255;
  FillHoles(mask);
  EXPECT_EQ(mask(15, 15), 255);
  EXPECT_EQ(mask(0, 0), 0);
  DropIslands(mask, 0.01);
  EXPECT_EQ(mask(40, 40), 0);
  EXPECT_EQ(mask(15, 15), 255);
}

// A network that takes bright pixels for edges stands in for the trained one.
TEST(LearnedEdgesTest, RunsTheNetworkAndFillsItsEdges) {
  graph::Model model;
  model.name = "bright", model.licence = "Apache-2.0", model.previous_mask = true;
  graph::Node input, conv, sigmoid;
  input.name = "input", input.op = graph::Op::kInput, input.channels = 4;
  conv.name = "score", conv.op = graph::Op::kConv, conv.inputs = {0};
  conv.conv.out_channels = 1, conv.conv.bias = true;
  sigmoid.name = "mask", sigmoid.op = graph::Op::kSigmoid, sigmoid.inputs = {1};
  model.graph = {"bright", {input, conv, sigmoid}, 2};
  model.weights["score.weight"] = {{1, 4, 1, 1}, {10.f, 10.f, 10.f, 0.f}};
  model.weights["score.bias"] = {{1}, {0.f}};
  model.density = {kWidth, kHeight}, model.densities = {model.density};
  const std::string path = ::testing::TempDir() + "/bright" + std::to_string(getpid()) + ".scrim";
  ASSERT_TRUE(graph::SaveModel(model, graph::WeightType::kFloat32, path).ok());

  image::Frame frame(image::PixelFormat::kRgba, kWidth, kHeight);
  image::Fill(frame.view(), {0, 0, 0});
  cv::Mat picture(kHeight, kWidth, CV_8UC4, frame.view().planes[0]);
  cv::rectangle(picture, cv::Rect(60, 30, 40, 70), cv::Scalar::all(255), 2);
  image::Bytes region, edges;
  auto filled = Create("edges", path), thin = Create("edges:fill=0", path);
  ASSERT_TRUE(filled.ok() && thin.ok()) << filled.status().message();
  ASSERT_TRUE((*filled)->Process(frame.view(), &region).ok());
  ASSERT_TRUE((*thin)->Process(frame.view(), &edges).ok());
  std::remove(path.c_str());
  EXPECT_NEAR(Share(region), 40. * 60 / (kWidth * kHeight), 0.02);
  EXPECT_LT(Share(edges), 0.04);
  EXPECT_GT(Share(edges), 0.01);
}

TEST(PredecessorTest, FramesOfAnySizeAndFormat) {
  image::Frame large(image::PixelFormat::kNv12, 1282, 722);
  image::Fill(large.view(), {90, 90, 90});
  image::Bytes mask;
  for (const char* text : {"canny", "mog2", "knn:side=0"}) {
    const auto method = Made(text);
    ASSERT_TRUE(method->Process(large.view(), &mask).ok());
    EXPECT_EQ(mask.width(), 1282);
    EXPECT_EQ(mask.height(), 722);
    image::ConstFrameView bad = large.view();
    bad.width = 0;
    EXPECT_EQ(method->Process(bad, &mask).code(), Code::kInvalidArgument);
    EXPECT_TRUE(mask.empty());
  }
}

TEST(PredecessorTest, NamesWhatIsWrong) {
  EXPECT_EQ(Create("sobel", "").status().code(), Code::kNotFound);
  for (const auto& [text, part] : {std::pair("canny:highest=3", "'highest'"),
                                   {"mog2:history=many", "history=many"},
                                   {"gmg:threshold=2", "from 0 to 1"},
                                   {"knn:history", "history="}}) {
    const Status status = Create(text, "").status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << text;
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
  EXPECT_EQ(Create("edges", "/no/such.scrim").status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace scrim::classic
