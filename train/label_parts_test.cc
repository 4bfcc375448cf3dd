#include "label_parts.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "folder_test.h"
#include "graph/testing.h"

namespace scrim::train {
namespace {

using PartLabellerTest = FolderTest;

// A network by hand: blue is hair, red is skin, and both are people.
std::string ColourModel(const std::filesystem::path& folder, std::vector<std::string> planes) {
  graph::Model model;
  model.name = "colours", model.licence = "of a test";
  graph::Node input, conv, end;
  input.name = "input", input.channels = 3;
  conv.name = "head", conv.op = graph::Op::kConv, conv.inputs = {0};
  conv.conv.out_channels = int(planes.size()), conv.conv.bias = true;
  end.name = "probability", end.op = graph::Op::kSigmoid, end.inputs = {1};
  model.graph.name = "colours", model.graph.nodes = {input, conv, end}, model.graph.output = 2;
  // Of red, green and blue from -1 to 1, for person, hair and skin.
  std::vector<float> weights{4, -4, 4, -8, -8, 8, 8, -8, -8}, bias{0, -8, -8};
  weights.resize(3 * planes.size()), bias.resize(planes.size());
  model.weights["head.weight"] = {{int(planes.size()), 3, 1, 1}, weights};
  model.weights["head.bias"] = {{int(planes.size())}, bias};
  model.planes = std::move(planes);
  model.density = {64, 64}, model.densities = {model.density};
  const std::string path = (folder / "colours.scrim").string();
  const Status saved = graph::SaveModel(model, graph::WeightType::kFloat32, path);
  EXPECT_TRUE(saved.ok()) << saved.message();
  return path;
}

struct Photo {
  cv::Mat bgr, mask;
};

// Somebody in a green shirt before a green wall: hair above a face, 60 pixels wide, 400 pixels high in all.
Photo Somebody(int x) {
  Photo photo{cv::Mat(480, 640, CV_8UC3, cv::Scalar(0, 200, 0)), cv::Mat::zeros(480, 640, CV_8U)};
  cv::rectangle(photo.mask, {x - 100, 160}, {x + 100, 480}, 255, cv::FILLED);
  cv::ellipse(photo.mask, {x, 110}, {30, 50}, 0, 0, 360, 255, cv::FILLED);
  cv::ellipse(photo.bgr, {x, 110}, {30, 50}, 0, 0, 360, cv::Scalar(0, 0, 255), cv::FILLED);
  cv::ellipse(photo.bgr, {x, 90}, {30, 30}, 0, 180, 360, cv::Scalar(255, 0, 0), cv::FILLED);
  return photo;
}

TEST_F(PartLabellerTest, FindsASmallHeadAndSaysWhatItDoesNotKnow) {
  auto labeller = PartLabeller::Open(ColourModel(root_, {"person", "hair", "skin"}));
  ASSERT_TRUE(labeller.ok()) << labeller.status().message();
  for (const int x : {200, 320, 480}) {
    const Photo photo = Somebody(x);
    const cv::Mat classes = labeller->Label(photo.bgr, photo.mask);
    ASSERT_EQ(classes.size(), photo.bgr.size()) << x;
    EXPECT_EQ(classes.at<uint8_t>(75, x), 3 * 1 + 0) << x;   // hair
    EXPECT_EQ(classes.at<uint8_t>(130, x), 3 * 0 + 1) << x;  // skin
    EXPECT_EQ(classes.at<uint8_t>(20, 20), 0) << x;          // wall
    EXPECT_EQ(classes.at<uint8_t>(470, x), 0) << x;          // far below: neither
  }
}

TEST_F(PartLabellerTest, LeavesOutWhatItCannotJudge) {
  auto labeller = PartLabeller::Open(ColourModel(root_, {"person", "hair", "skin"}));
  ASSERT_TRUE(labeller.ok());
  const Photo one = Somebody(160), other = Somebody(480);
  EXPECT_TRUE(labeller->Label(one.bgr, cv::Mat(one.mask | other.mask)).empty()) << "two people";
  EXPECT_TRUE(labeller->Label(one.bgr, cv::Mat::zeros(one.mask.size(), CV_8U)).empty()) << "nobody";
  EXPECT_TRUE(labeller->Label(cv::Mat(480, 640, CV_8UC3, cv::Scalar(0, 200, 0)), one.mask).empty()) << "no head";
}

TEST_F(PartLabellerTest, WantsAModelThatKnowsBoth) {
  const auto refused = PartLabeller::Open(ColourModel(root_, {"person", "hair"}));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("knows no hair or no skin"), std::string::npos);
}

}  // namespace
}  // namespace scrim::train
