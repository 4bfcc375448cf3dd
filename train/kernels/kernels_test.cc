#include "kernels/kernels.h"

#include <gtest/gtest.h>

namespace scrim::train::kernels {
namespace {

using torch::Tensor;

double RelativeError(const Tensor& a, const Tensor& b) {
  return ((a.to(torch::kDouble) - b).norm() / (b.norm() + 1e-12)).item<double>();
}

struct Leaves {
  Tensor fast, exact;  // the same values in float and in double, both with gradients
  explicit Leaves(const Tensor& t) : fast(t.clone().requires_grad_()), exact(t.to(torch::kDouble).requires_grad_()) {}
  double GradientError() const { return RelativeError(fast.grad(), exact.grad()); }
};

graph::ConvAttributes Conv(int out, int kernel, int groups) {
  graph::ConvAttributes a;
  a.out_channels = out, a.kernel_h = a.kernel_w = kernel, a.groups = groups;
  a.pad_top = a.pad_left = a.pad_bottom = a.pad_right = kernel / 2;
  return a;
}

void CheckConvolution(int in, int height, int width, const graph::ConvAttributes& a) {
  SCOPED_TRACE(::testing::Message() << in << "->" << a.out_channels << " kernel " << a.kernel_h << " groups "
                                    << a.groups << " at " << width << "x" << height);
  Leaves x(torch::randn({3, in, height, width})),
      w(torch::randn({a.out_channels, in / a.groups, a.kernel_h, a.kernel_w}));
  ASSERT_TRUE(Supports(x.fast, w.fast, a));
  const Tensor d = torch::randn({3, a.out_channels, height, width});
  const Tensor fast = Convolve(x.fast, w.fast, a),
               exact = torch::conv2d(x.exact, w.exact, {}, 1, a.pad_top, 1, a.groups);
  fast.backward(d);
  exact.backward(d.to(torch::kDouble));
  EXPECT_LT(RelativeError(fast.detach(), exact.detach()), 6e-6);
  EXPECT_LT(x.GradientError(), 6e-6);
  EXPECT_LT(w.GradientError(), 6e-6);
}

TEST(Kernels, ConvolutionsAgreeWithDoublePrecision) {
  torch::manual_seed(1);
  for (int height : {1, 5, 20, 33})
    for (int in : {1, 2, 4, 10, 17})
      for (int out : {1, 2, 6, 8, 13})
        for (int kernel : {1, 3}) CheckConvolution(in, height, height + 2, Conv(out, kernel, 1));
}

TEST(Kernels, DepthwiseAgreesWithDoublePrecision) {
  torch::manual_seed(2);
  for (int height : {1, 5, 20, 33})
    for (int channels : {1, 3, 16, 40}) CheckConvolution(channels, height, 2 * height + 1, Conv(channels, 3, channels));
}

TEST(Kernels, LeaveOtherConvolutionsToLibtorch) {
  const Tensor x = torch::randn({1, 8, 9, 9}), w = torch::randn({8, 8, 3, 3});
  graph::ConvAttributes strided = Conv(8, 3, 1), atrous = Conv(8, 3, 1);
  strided.stride = 2, atrous.dilation = 2;
  EXPECT_FALSE(Supports(x, w, strided));
  EXPECT_FALSE(Supports(x, w, atrous));
  EXPECT_FALSE(Supports(x, w, Conv(8, 5, 1)));
  EXPECT_FALSE(Supports(x.to(torch::kDouble), w, Conv(8, 3, 1)));
}

TEST(Kernels, BatchNormAgreesWithDoublePrecision) {
  torch::manual_seed(3);
  for (int side : {1, 4, 9, 33})
    for (int mode = 0; mode < 4; ++mode) {
      const bool relu = mode % 2 != 0, fixed = mode / 2 != 0;
      SCOPED_TRACE(::testing::Message() << side << (relu ? " relu" : "") << (fixed ? " fixed" : ""));
      const int channels = 5;
      Leaves x(torch::randn({3, channels, side, side + 1}) * 2 + 7), scale(torch::randn({channels})),
          offset(torch::randn({channels}));
      Tensor mean = torch::randn({channels}) + 7, variance = torch::rand({channels}) + 3;
      Tensor mean2 = mean.to(torch::kDouble), variance2 = variance.to(torch::kDouble);
      const Tensor d = torch::randn(x.fast.sizes());
      const Tensor fast = BatchNormRelu(x.fast, scale.fast, offset.fast, mean, variance, 0.05, 1e-5, relu, fixed);
      Tensor exact = torch::batch_norm(x.exact, scale.exact, offset.exact, mean2, variance2, !fixed, 0.05, 1e-5, false);
      if (relu) exact = torch::relu(exact);
      fast.backward(d);
      exact.backward(d.to(torch::kDouble));
      EXPECT_LT(RelativeError(fast.detach(), exact.detach()), 6e-6);
      EXPECT_LT(x.GradientError(), 3e-5);
      EXPECT_LT(scale.GradientError(), 6e-6);
      EXPECT_LT(offset.GradientError(), 6e-6);
      EXPECT_LT(RelativeError(mean, mean2), 6e-6);
      EXPECT_LT(RelativeError(variance, variance2), 6e-6);
    }
}

}  // namespace
}  // namespace scrim::train::kernels
