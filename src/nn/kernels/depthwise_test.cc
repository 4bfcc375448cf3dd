#include "nn/kernels/depthwise.h"

#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

struct Case {
  int height, width, channels;
  int kernel = 3, stride = 1, dilation = 1;
  bool residual = false, relu_before = false, relu = false;
  Ending ending = Ending::kNone;
};

class DepthwiseTest : public KernelTest {
 protected:
  void Check(const Case& t) {
    SCOPED_TRACE(testing::Message() << t.height << "x" << t.width << "x" << t.channels << ", kernel " << t.kernel
                                    << ", stride " << t.stride << ", dilation " << t.dilation);
    const int pad = t.dilation * (t.kernel - 1) / 2, taps = t.kernel * t.kernel;
    const TestPicture in((t.height - 1) * t.stride + 1, (t.width - 1) * t.stride + 1, t.channels, 1, pad);
    const TestPicture residual(t.height, t.width, t.channels, 2);
    TestPicture out(t.height, t.width, t.channels, 3, 1);
    const size_t padded = RoundUp(static_cast<size_t>(t.channels), kChannelAlign);
    AlignedFloats weights(padded * static_cast<size_t>(taps)), bias(padded);
    const std::vector<float> values = RandomFloats(weights.size() + padded, 4);
    for (int c = 0; c < t.channels; ++c) {
      bias[static_cast<size_t>(c)] = values[static_cast<size_t>(c)];
      for (int k = 0; k < taps; ++k) {
        const size_t i = static_cast<size_t>(k) * padded + static_cast<size_t>(c);
        weights[i] = values[padded + i];
      }
    }

    DepthwiseArgs args;
    args.in = in.view.data - static_cast<size_t>(pad) * (in.view.row_stride + in.view.pixel_stride);
    args.in_row_stride = in.view.row_stride, args.in_pixel_stride = in.view.pixel_stride;
    args.kernel_h = args.kernel_w = t.kernel, args.stride = t.stride, args.dilation = t.dilation;
    args.weights = weights.data(), args.bias = bias.data();
    args.out = out.view;
    if (t.residual) {
      args.residual = residual.view.data;
      args.residual_row_stride = residual.view.row_stride, args.residual_pixel_stride = residual.view.pixel_stride;
    }
    if (t.relu_before) args.low = 0.f;
    if (t.relu) args.low_after = 0.f;
    const std::vector<float> slope =
        RandomFloats(RoundUp(static_cast<size_t>(t.channels), kChannelAlign), 5, -0.5f, 1.5f);
    args.ending = t.ending;
    if (t.ending == Ending::kPRelu) args.slope = slope.data();
    SelectDepthwise(target())(args);

    out.Check([&](int y, int x, int c) {
      double sum = bias[static_cast<size_t>(c)];
      for (int k = 0; k < taps; ++k)
        sum += weights[static_cast<size_t>(k) * padded + static_cast<size_t>(c)] *
               in.at(y * t.stride - pad + k / t.kernel * t.dilation, x * t.stride - pad + k % t.kernel * t.dilation, c);
      return ScalarEnd(args.ending, args.slope, c, Finish(args, static_cast<float>(sum), residual.at(y, x, c)));
    });
  }
};

TEST_P(DepthwiseTest, EveryWidthAndHeight) {
  for (int width = 1; width <= 20; ++width)
    for (int height : {1, 2, 3}) Check({height, width, 24});
}

TEST_P(DepthwiseTest, EveryChannelCount) {
  for (int channels = 1; channels <= 50; ++channels) Check({2, 5, channels});
}

TEST_P(DepthwiseTest, EveryKernel) {
  for (int kernel : {1, 3, 5, 7})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2, 3})
        for (int width : {3, 9}) Check({3, width, 24, kernel, stride, dilation});
}

TEST_P(DepthwiseTest, EveryEnding) {
  for (int bits = 0; bits < 8; ++bits)
    for (int dilation : {1, 2})
      for (Ending ending : {Ending::kNone, Ending::kHardSwish, Ending::kPRelu})
        Check({3, 11, 24, 3, 1, dilation, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, ending});
}

TEST_P(DepthwiseTest, RealLayers) {
  Check({5, 8, 192});
  Check({5, 8, 192, 3, 1, 3});
  Check({9, 16, 40, 3, 2});
  Check({12, 128, 16});
  Check({9, 16, 128, 5, 1, 1, false, false, false, Ending::kHardSwish});
  Check({9, 16, 96, 5, 2, 1, false, false, false, Ending::kHardSwish});
}

SCRIM_KERNEL_TESTS(DepthwiseTest);

}  // namespace
}  // namespace scrim::nn
