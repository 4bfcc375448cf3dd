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

// Of three planes, half of whose pixels are unknown where `unknown`.
void ExpectAgreesWithDouble(int planes, bool unknown) {
  torch::manual_seed(1);
  for (const auto& [height, width] : {std::pair(1, 1), {5, 7}, {16, 16}, {33, 50}})
    for (const double edges : {0., 0.7}) {
      SCOPED_TRACE(::testing::Message() << width << "x" << height << " edges " << edges);
      torch::Tensor logits = (torch::randn({3, planes, height, width}) * 5).requires_grad_();
      torch::Tensor exact = logits.detach().to(torch::kDouble).requires_grad_();
      const torch::Tensor truth = torch::rand(logits.sizes());
      torch::Tensor weight = torch::rand(logits.sizes()) + 1;
      if (unknown) weight = weight * (torch::rand(logits.sizes()) > 0.5);
      const torch::Tensor fast = SegmentationLoss(logits, truth, weight, edges);
      const torch::Tensor slow = SegmentationLoss(exact, truth.to(torch::kDouble), weight.to(torch::kDouble), edges);
      fast.backward();
      slow.backward();
      EXPECT_NEAR(fast.item<double>(), slow.item<double>(), 1e-6 * slow.item<double>());
      EXPECT_LT((logits.grad() - exact.grad()).norm().item<double>(), 2e-6 * exact.grad().norm().item<double>());
    }
}

TEST(LossesTest, AgreesWithDoublePrecision) {
  for (const int planes : {1, 3}) ExpectAgreesWithDouble(planes, false);
  ExpectAgreesWithDouble(3, true);
}

TEST(LossesTest, PlanesAddUp) {
  torch::manual_seed(4);
  const torch::Tensor logits = torch::randn({2, 3, 8, 8}), truth = torch::rand({2, 3, 8, 8}),
                      weight = torch::rand({2, 3, 8, 8}) + 1;
  double sum = 0;
  for (int p = 0; p < 3; ++p)
    sum += SegmentationLoss(logits.narrow(1, p, 1), truth.narrow(1, p, 1), weight.narrow(1, p, 1), 0.3).item<double>();
  EXPECT_NEAR(SegmentationLoss(logits, truth, weight, 0.3).item<double>(), sum, 1e-5 * sum);
}

TEST(LossesTest, WhatIsUnknownDoesNotCount) {
  torch::manual_seed(5);
  torch::Tensor weight = torch::ones({1, 1, 8, 8});
  weight.narrow(3, 4, 4).zero_();
  const torch::Tensor known = torch::randn({1, 1, 8, 4}), truth = torch::rand({1, 1, 8, 4});
  double losses[2];
  for (double& loss : losses) {
    torch::Tensor logits = torch::cat({known, torch::randn({1, 1, 8, 4})}, 3).requires_grad_();
    const torch::Tensor value =
        SegmentationLoss(logits, torch::cat({truth, torch::rand({1, 1, 8, 4})}, 3), weight, 0.5);
    value.backward();
    loss = value.item<double>();
    EXPECT_EQ(logits.grad().narrow(3, 4, 4).abs().max().item<float>(), 0.f);
    EXPECT_GT(logits.grad().narrow(3, 0, 4).abs().min().item<float>(), 0.f);
  }
  EXPECT_EQ(losses[0], losses[1]);
  // Nothing known at all: nothing to learn.
  EXPECT_EQ(SegmentationLoss(known, truth, torch::zeros_like(known), 0.5).item<double>(), 0.);
}

TEST(LossesTest, EmptyPicturesStayFinite) {
  const torch::Tensor truth = torch::zeros({2, 1, 8, 8});
  EXPECT_LT(Loss(truth, truth, 1), 0.01);
  EXPECT_GT(Loss(torch::full_like(truth, 0.9), truth, 1), 1.);
}

}  // namespace
}  // namespace scrim::train
