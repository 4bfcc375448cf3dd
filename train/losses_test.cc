#include "losses.h"

#include <gtest/gtest.h>

namespace scrim::train {
namespace {

namespace F = torch::nn::functional;

// The left half is a person; the outline as sharp as can be, or blurred over 2·radius + 1 pixels.
torch::Tensor LeftHalf(int64_t radius) {
  torch::Tensor x = torch::zeros({1, 1, 16, 32});
  x.narrow(3, 0, 16).fill_(1.);
  if (radius == 0) return x;
  const int64_t size = 2 * radius + 1;
  return F::avg_pool2d(F::pad(x, F::PadFuncOptions({radius, radius, 0, 0}).mode(torch::kReplicate)),
                       F::AvgPool2dFuncOptions({1, size}).stride(1));
}

double Loss(const torch::Tensor& probability, const torch::Tensor& truth, double edges) {
  const torch::Tensor p = probability.clamp(1e-4, 1 - 1e-4), logits = torch::log(p / (1 - p));
  return SegmentationLoss(logits, truth, torch::ones_like(truth), edges).item<double>();
}

TEST(LossesTest, SharpOutlineIsBestForASharpTruth) {
  const torch::Tensor truth = LeftHalf(0);
  const double sharp = Loss(LeftHalf(0), truth, 1), soft = Loss(LeftHalf(1), truth, 1),
               softer = Loss(LeftHalf(4), truth, 1);
  EXPECT_LT(sharp, 0.01);
  EXPECT_LT(sharp, soft);
  EXPECT_LT(soft, softer);
}

TEST(LossesTest, EdgesCountTheMissingGradient) {
  // A constant has no outline at all: the difference is the truth's whole gradient, sixteen ones, of a norm of
  // 16 + 0.01 · 512.
  const torch::Tensor truth = LeftHalf(0), grey = torch::full_like(truth, 0.5);
  EXPECT_NEAR(Loss(grey, truth, 1) - Loss(grey, truth, 0), 16 / (16 + 5.12), 1e-4);
}

TEST(LossesTest, SoftTruthWantsASoftOutline) {
  const torch::Tensor truth = LeftHalf(2);
  EXPECT_LT(Loss(LeftHalf(2), truth, 1), Loss(LeftHalf(0), truth, 1));
}

TEST(LossesTest, EmptyPicturesStayFinite) {
  const torch::Tensor truth = torch::zeros({2, 1, 8, 8});
  EXPECT_LT(Loss(truth, truth, 1), 0.01);
  EXPECT_GT(Loss(torch::full_like(truth, 0.9), truth, 1), 1.);
}

}  // namespace
}  // namespace scrim::train
