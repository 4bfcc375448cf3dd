#include "nn/kernels/conv_planar.h"

#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

struct Case {
  int height, width, in, out;
  int kernel = 3, dilation = 1;
  bool residual = false, relu_before = false, relu = false, sigmoid = false;
};

class ConvPlanarTest : public KernelTest {
 protected:
  void Check(const Case& t) {
    SCOPED_TRACE(testing::Message() << t.height << "x" << t.width << ", " << t.in << " to " << t.out << ", kernel "
                                    << t.kernel << ", dilation " << t.dilation);
    const int pad = t.dilation * (t.kernel - 1) / 2, taps = t.kernel * t.kernel;
    const TestPlanes in(t.in, t.height, t.width, 1, pad), residual(t.out, t.height, t.width, 2);
    TestPlanes out(t.out, t.height, t.width, 3, 1);
    const std::vector<float> weights = RandomFloats(static_cast<size_t>(t.out * t.in * taps), 4);
    const std::vector<float> bias = RandomFloats(static_cast<size_t>(t.out), 5);
    const AlignedFloats packed = PackPlanar(weights.data(), t.out, t.in, t.kernel, t.kernel);

    std::vector<Plane> windows = in.planes;
    for (Plane& plane : windows) plane.data -= static_cast<size_t>(pad) * (plane.row_stride + 1);
    ConvPlanarArgs args;
    args.in = windows.data(), args.in_planes = t.in;
    args.kernel_h = args.kernel_w = t.kernel, args.dilation = t.dilation;
    args.weights = packed.data(), args.bias = bias.data();
    args.out = out.planes.data(), args.out_planes = t.out, args.height = t.height, args.width = t.width;
    if (t.residual) args.residual = residual.planes.data();
    if (t.relu_before) args.low = 0.f;
    if (t.relu) args.low_after = 0.f;
    args.sigmoid = t.sigmoid;
    SelectConvPlanar(target())(args);

    out.Check([&](int o, int y, int x) {
      double sum = bias[static_cast<size_t>(o)];
      size_t w = static_cast<size_t>(o * t.in * taps);
      for (int i = 0; i < t.in; ++i)
        for (int k = 0; k < taps; ++k)
          sum += weights[w++] * in.at(i, y - pad + k / t.kernel * t.dilation, x - pad + k % t.kernel * t.dilation);
      const float value = Finish(args, static_cast<float>(sum), residual.at(o, y, x));
      return t.sigmoid ? ScalarSigmoid(value) : value;
    });
  }
};

TEST_P(ConvPlanarTest, EveryWidth) {
  for (int width = 1; width <= 200; width += width < 40 ? 1 : 13)
    for (int out : {1, 2, 3, 4}) Check({2, width, 3, out});
}

TEST_P(ConvPlanarTest, EveryPlaneCount) {
  for (int in = 1; in <= 12; ++in)
    for (int out = 1; out <= 9; ++out) Check({2, 37, in, out});
}

TEST_P(ConvPlanarTest, EveryKernel) {
  for (int kernel : {1, 3, 5, 7})
    for (int dilation : {1, 2, 3}) Check({4, 21, 2, 1, kernel, dilation});
}

TEST_P(ConvPlanarTest, EveryEnding) {
  for (int bits = 0; bits < 16; ++bits)
    Check({3, 21, 2, 2, 3, 1, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0});
}

TEST_P(ConvPlanarTest, RealLayers) {
  Check({3, 256, 10, 2, 3, 1, false, false, true});
  Check({3, 256, 12, 1, 1, 1, false, false, false, true});
}

SCRIM_KERNEL_TESTS(ConvPlanarTest);

}  // namespace
}  // namespace scrim::nn
