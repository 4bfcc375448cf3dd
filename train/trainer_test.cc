#include "trainer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "checkpoint.h"
#include "datasets/folder.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

// A folder data set drawn by us: a dark "person" (an ellipse) on a bright noisy room; a pack made of it.
class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) /
            ("scrim_trainer_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "drawn/images");
    fs::create_directories(root_ / "drawn/masks");
    for (int i = 0; i < 24; ++i) {
      cv::Mat image(60, 80, CV_8UC3), mask = cv::Mat::zeros(60, 80, CV_8U);
      cv::randu(image, cv::Scalar::all(150), cv::Scalar::all(255));
      const cv::Point centre(20 + i * 2, 40);
      cv::ellipse(image, centre, {15, 22}, 0, 0, 360, cv::Scalar(40, 30, 60), cv::FILLED);
      cv::ellipse(mask, centre, {15, 22}, 0, 0, 360, cv::Scalar(255), cv::FILLED);
      const std::string stem = "p" + std::to_string(i);
      cv::imwrite((root_ / "drawn/images" / (stem + ".png")).string(), image);
      cv::imwrite((root_ / "drawn/masks" / (stem + ".png")).string(), mask);
    }
    const auto found = ReadFolder((root_ / "drawn").string(), Role::kPhoto);
    ASSERT_TRUE(found.ok()) << found.status().message();
    std::vector<PackEntry> entries;
    for (size_t i = 0; i < found->examples.size(); ++i)
      entries.push_back({found->examples[i], i % 6 == 0 ? Split::kVal : Split::kTrain});
    const auto counts = WritePack(entries, 320, 2, (root_ / "pack").string());
    ASSERT_TRUE(counts.ok());
    ASSERT_EQ(counts->written, 24);
  }

  TrainOptions Options(const std::string& run) const {
    TrainOptions o;
    o.pack = (root_ / "pack").string();
    o.output = (root_ / run).string();
    o.densities = {{64, 32}, {32, 32}};
    o.eval_density = {64, 32};
    o.batch = 4;
    o.epochs = 4;
    o.network.dropout = 0.05f;
    o.loader_threads = 2;
    o.previous_mask_from = 0.2, o.previous_mask_until = 0.5;
    return o;
  }

  fs::path root_;
};

TEST_F(TrainerTest, ResumesExactly) {
  at::set_num_threads(1);
  ASSERT_TRUE(Train(Options("whole")).ok());
  TrainOptions parts = Options("parts");
  parts.stop_after = 7;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Train(parts).ok());
  const auto a = LoadCheckpoint((root_ / "whole/checkpoint").string());
  const auto b = LoadCheckpoint((root_ / "parts/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->numbers.at("step"), 20);
  EXPECT_EQ(b->numbers.at("step"), 20);
  for (const auto& [name, tensor] : a->tensors) EXPECT_TRUE(torch::equal(tensor, b->tensors.at(name))) << name;
}

TEST_F(TrainerTest, RefusesToResumeAnotherRun) {
  TrainOptions o = Options("run");
  o.stop_after = 1;
  ASSERT_TRUE(Train(o).ok());
  o.seed = 2;
  EXPECT_EQ(Train(o).code(), Code::kInvalidArgument);
}

TEST_F(TrainerTest, LearnsAndWritesCurves) {
  TrainOptions o = Options("run");
  o.epochs = 40, o.eval_every = 20, o.average_decay = 0.95;
  ASSERT_TRUE(Train(o).ok());
  std::ifstream csv(root_ / "run/curves.csv");
  std::string header, first, last;
  std::getline(csv, header);
  std::getline(csv, first);
  std::getline(csv, last);
  EXPECT_EQ(header.substr(0, 10), "step,epoch");
  double step, epoch, minutes, images, rate, loss, iou;
  ASSERT_EQ(
      std::sscanf(last.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf,%lf", &step, &epoch, &minutes, &images, &rate, &loss, &iou),
      7);
  EXPECT_EQ(step, 200);
  EXPECT_GT(iou, 0.6);  // an untrained network finds everything or nothing
}

TEST_F(TrainerTest, NamesWhatIsMissing) {
  TrainOptions o = Options("run");
  o.sources = {{"nowhere", 1.f}};
  EXPECT_NE(Train(o).message().find("nowhere"), std::string::npos);
  o = Options("run");
  o.pack = "/no/such/pack";
  EXPECT_EQ(Train(o).code(), Code::kNotFound);
  std::ofstream(root_ / "cut") << "scrmpak1 and nothing more";
  o.pack = (root_ / "cut").string();
  EXPECT_EQ(Train(o).code(), Code::kCorrupt);
}

}  // namespace
}  // namespace scrim::train
