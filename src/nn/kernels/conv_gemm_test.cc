#include "nn/kernels/conv_gemm.h"

#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

struct Case {
  int height, width, in, out;
  int kernel = 1, stride = 1, dilation = 1;
  bool residual = false, relu_before = false, relu = false, tight = false;
  Ending ending = Ending::kNone;
};

class ConvGemmTest : public KernelTest {
 protected:
  void Check(const Case& t) {
    SCOPED_TRACE(testing::Message() << t.height << "x" << t.width << ", " << t.in << " to " << t.out << ", kernel "
                                    << t.kernel << ", stride " << t.stride << ", dilation " << t.dilation);
    const int pad = t.dilation * (t.kernel - 1) / 2;
    const TestPicture in((t.height - 1) * t.stride + 1, (t.width - 1) * t.stride + 1, t.in, 1, pad, t.tight);
    const TestPicture residual(t.height, t.width, t.out, 2);
    TestPicture out(t.height, t.width, t.out, 3, 1);
    const int depth = t.kernel * t.kernel * t.in;
    const std::vector<float> weights = RandomFloats(static_cast<size_t>(t.out * depth), 4);

    ConvGemmArgs args;
    args.in = in.view.data - static_cast<size_t>(pad) * (in.view.row_stride + in.view.pixel_stride);
    args.in_row_stride = in.view.row_stride * static_cast<size_t>(t.stride);
    args.in_pixel_stride = in.view.pixel_stride * static_cast<size_t>(t.stride);
    std::vector<size_t> segments;
    for (int ky = 0; ky < t.kernel; ++ky)
      for (int kx = 0; kx < t.kernel; ++kx)
        segments.push_back(static_cast<size_t>(ky * t.dilation) * in.view.row_stride +
                           static_cast<size_t>(kx * t.dilation) * in.view.pixel_stride);
    args.segments = segments.data(), args.segment_count = segments.size();
    args.segment_length = static_cast<size_t>(t.in);
    const std::vector<ColumnBlock> blocks = SplitColumns(t.out, target());
    const AlignedFloats packed = PackColumns(weights.data(), t.out, depth, blocks);
    AlignedFloats bias(RoundUp(static_cast<size_t>(t.out), kChannelAlign));
    for (int o = 0; o < t.out; ++o) bias[static_cast<size_t>(o)] = 0.1f * static_cast<float>(o % 7);
    args.weights = packed.data(), args.bias = bias.data();
    args.blocks = blocks.data(), args.block_count = blocks.size();
    args.out = out.view;
    if (t.residual) {
      args.residual = residual.view.data;
      args.residual_row_stride = residual.view.row_stride, args.residual_pixel_stride = residual.view.pixel_stride;
    }
    if (t.relu_before) args.low = 0.f;
    if (t.relu) args.low_after = 0.f;
    const std::vector<float> slope = RandomFloats(RoundUp(static_cast<size_t>(t.out), kChannelAlign), 5, -0.5f, 1.5f);
    args.ending = t.ending;
    if (t.ending == Ending::kPRelu) args.slope = slope.data();
    SelectConvGemm(target())(args);

    out.Check([&](int y, int x, int o) {
      double sum = bias[static_cast<size_t>(o)];
      size_t k = static_cast<size_t>(o * depth);
      for (int ky = 0; ky < t.kernel; ++ky)
        for (int kx = 0; kx < t.kernel; ++kx)
          for (int i = 0; i < t.in; ++i)
            sum += weights[k++] * in.at(y * t.stride - pad + ky * t.dilation, x * t.stride - pad + kx * t.dilation, i);
      return ScalarEnd(args.ending, args.slope, o, Finish(args, static_cast<float>(sum), residual.at(y, x, o)));
    });
  }
};

TEST_P(ConvGemmTest, EveryWidth) {
  for (int width = 1; width <= 40; ++width)
    for (int out : {1, 8, 16, 24, 33}) Check({2, width, 5, out});
}

TEST_P(ConvGemmTest, EveryChannelCount) {
  for (int out = 1; out <= 72; ++out) Check({2, 13, 7, out});
  for (int in = 1; in <= 40; ++in) Check({2, 13, in, 12});
}

TEST_P(ConvGemmTest, EveryKernel) {
  for (int kernel : {1, 3, 5, 7})
    for (int stride : {1, 2, 3, 4})
      for (int dilation : {1, 2, 3}) Check({3, 9, 3, 10, kernel, stride, dilation});
}

TEST_P(ConvGemmTest, EveryEnding) {
  for (int bits = 0; bits < 8; ++bits)
    for (int out : {4, 16, 24, 40})
      for (Ending ending : {Ending::kNone, Ending::kHardSwish, Ending::kPRelu})
        Check({3, 11, 6, out, 1, 1, 1, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, false, ending});
}

TEST_P(ConvGemmTest, RealLayers) {
  Check({5, 8, 192, 192, 1, 1, 1, true, false, true});
  Check({9, 16, 160, 64, 1, 1, 1, true, false, true});
  Check({5, 8, 240, 128});
  Check({6, 20, 4, 16, 5, 4, 1, false, false, true, true});
  Check({6, 20, 3, 8, 3, 2, 1, false, false, true, true});
}

SCRIM_KERNEL_TESTS(ConvGemmTest);

}  // namespace
}  // namespace scrim::nn
