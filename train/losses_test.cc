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

TEST(LossesTest, AgreesWithDoublePrecision) {
  torch::manual_seed(1);
  for (const auto& [height, width] : {std::pair(1, 1), {5, 7}, {16, 16}, {33, 50}})
    for (const double edges : {0., 0.7}) {
      SCOPED_TRACE(::testing::Message() << width << "x" << height << " edges " << edges);
      torch::Tensor logits = (torch::randn({3, 1, height, width}) * 5).requires_grad_();
      torch::Tensor exact = logits.detach().to(torch::kDouble).requires_grad_();
      const torch::Tensor truth = torch::rand(logits.sizes()), weight = torch::rand(logits.sizes()) + 1;
      const torch::Tensor fast = SegmentationLoss(logits, truth, weight, edges);
      const torch::Tensor slow = SegmentationLoss(exact, truth.to(torch::kDouble), weight.to(torch::kDouble), edges);
      fast.backward();
      slow.backward();
      EXPECT_NEAR(fast.item<double>(), slow.item<double>(), 1e-6 * slow.item<double>());
      EXPECT_LT((logits.grad() - exact.grad()).norm().item<double>(), 2e-6 * exact.grad().norm().item<double>());
    }
}

TEST(LossesTest, EmptyPicturesStayFinite) {
  const torch::Tensor truth = torch::zeros({2, 1, 8, 8});
  EXPECT_LT(Loss(truth, truth, 1), 0.01);
  EXPECT_GT(Loss(torch::full_like(truth, 0.9), truth, 1), 1.);
}

}  // namespace
}  // namespace scrim::train
