#include "nn/kernels/conv_dot.h"

#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

class ConvDotTest : public KernelTest {
 protected:
  void Check(int width, int channels, int planes, bool residual_on, bool sigmoid) {
    SCOPED_TRACE(testing::Message() << width << " pixels, " << channels << " to " << planes);
    constexpr int kHeight = 2;
    const TestPicture in(kHeight, width, channels, 1);
    const TestPlanes residual(planes, kHeight, width, 2);
    TestPlanes out(planes, kHeight, width, 3, 1);
    const std::vector<float> weights = RandomFloats(static_cast<size_t>(planes * channels), 4);
    const std::vector<float> bias = RandomFloats(static_cast<size_t>(planes), 5);
    ConvDotArgs args;
    args.in = in.view;
    args.weights = weights.data(), args.bias = bias.data();
    args.out = out.planes.data(), args.out_planes = planes;
    if (residual_on) args.residual = residual.planes.data(), args.low = args.low_after = 0.f;
    args.sigmoid = sigmoid;
    SelectConvDot(target())(args);
    out.Check([&](int o, int y, int x) {
      double sum = bias[static_cast<size_t>(o)];
      for (int c = 0; c < channels; ++c) sum += weights[static_cast<size_t>(o * channels + c)] * in.at(y, x, c);
      const float value = Finish(args, static_cast<float>(sum), residual.at(o, y, x));
      return sigmoid ? ScalarSigmoid(value) : value;
    });
  }
};

TEST_P(ConvDotTest, EveryWidthAndChannelCount) {
  for (int width = 1; width <= 20; ++width)
    for (int channels = 1; channels <= 40; ++channels) Check(width, channels, 1, false, false);
}

TEST_P(ConvDotTest, EveryEnding) {
  for (bool residual : {false, true})
    for (bool sigmoid : {false, true}) Check(21, 20, 3, residual, sigmoid);
}

SCRIM_KERNEL_TESTS(ConvDotTest);

}  // namespace
}  // namespace scrim::nn
