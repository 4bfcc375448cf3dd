// The kernels that do little arithmetic: elementwise, gate, pooling and changes of layout.
#include "nn/kernels/elementwise.h"

#include "nn/kernels/gate.h"
#include "nn/kernels/layout.h"
#include "nn/kernels/pool.h"
#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

constexpr int kHeight = 3;

class ElementwiseTest : public KernelTest {};

TEST_P(ElementwiseTest, EveryOperationWritesExactlyItsChannels) {
  for (Elementwise operation : {Elementwise::kCopy, Elementwise::kAdd, Elementwise::kMul})
    for (int channels = 1; channels <= 40; ++channels)
      for (int ending = 0; ending < 3; ++ending) {
        SCOPED_TRACE(testing::Message() << "operation " << static_cast<int>(operation) << ", " << channels);
        const TestPicture a(kHeight, 5, channels, 1), b(kHeight, 5, channels, 2, 0, true);
        TestPicture out(kHeight, 5, channels, 3, 1);
        ElementwiseArgs args{operation, a.view, b.view, out.view, ending == 1 ? 0.f : kNoLimit};
        args.sigmoid = ending == 2;
        SelectElementwise(target())(args);
        out.Check(
            [&](int y, int x, int c) {
              float v = a.at(y, x, c);
              if (operation == Elementwise::kAdd) v += b.at(y, x, c);
              if (operation == Elementwise::kMul) v *= b.at(y, x, c);
              return ending == 1 ? std::max(v, 0.f) : ending == 2 ? ScalarSigmoid(v) : v;
            },
            1);
      }
}

TEST_P(ElementwiseTest, HardSwishAndPRelu) {
  for (Ending ending : {Ending::kHardSwish, Ending::kPRelu})
    for (int channels = 1; channels <= 40; ++channels) {
      TestPicture a(kHeight, 5, channels, 1), out(kHeight, 5, channels, 3, 1);
      for (int c = 0; c < channels; ++c) a.view.data[c] *= 5.f;  // beyond both ends of the hard swish
      const std::vector<float> slope = RandomFloats(static_cast<size_t>(channels), 5, -0.5f, 1.5f);
      ElementwiseArgs args{Elementwise::kCopy, a.view, a.view, out.view};
      args.ending = ending, args.slope = slope.data();
      SelectElementwise(target())(args);
      out.Check([&](int y, int x, int c) { return ScalarEnd(ending, slope.data(), c, a.at(y, x, c)); }, 1);
    }
}

TEST_P(ElementwiseTest, Scale) {
  for (int channels = 1; channels <= 40; ++channels)
    for (bool add : {false, true}) {
      const TestPicture in(kHeight, 6, channels, 1), gain(1, 1, channels, 2), residual(kHeight, 6, channels, 4);
      TestPicture out(kHeight, 6, channels, 3, 1);
      ScaleArgs args{in.view, out.view, gain.view.data};
      if (add) {
        args.residual = residual.view.data;
        args.residual_row_stride = residual.view.row_stride, args.residual_pixel_stride = residual.view.pixel_stride;
      }
      SelectScale(target())(args);
      out.Check(
          [&](int y, int x, int c) { return in.at(y, x, c) * gain.at(0, 0, c) + (add ? residual.at(y, x, c) : 0.f); });
    }
}

TEST_P(ElementwiseTest, MaxPool) {
  for (int channels : {1, 7, 8, 16, 20, 24, 40})
    for (int kernel : {1, 2, 3, 5})
      for (int stride : {1, 2, 3})
        for (int pad = 0; pad < std::min(kernel, 2); ++pad)
          for (int width : {5, 8, 11}) {
            SCOPED_TRACE(testing::Message() << channels << ", kernel " << kernel << ", stride " << stride << ", pad "
                                            << pad << ", width " << width);
            TestPicture in(6, width, channels, 1);
            // All below zero: a kernel that lets the border's zeros in would be seen.
            for (int y = 0; y < 6; ++y)
              for (int x = 0; x < width; ++x)
                for (int c = 0; c < channels; ++c)
                  in.view.data[static_cast<size_t>(y) * in.view.row_stride +
                               static_cast<size_t>(x) * in.view.pixel_stride + static_cast<size_t>(c)] -= 2.f;
            TestPicture out((6 + 2 * pad - kernel) / stride + 1, (width + 2 * pad - kernel) / stride + 1, channels, 2,
                            1);
            SelectMaxPool(target())({in.view, out.view, kernel, kernel, stride, pad, pad});
            out.Check([&](int y, int x, int c) {
              float max = kNoLimit;
              for (int ky = 0; ky < kernel; ++ky)
                for (int kx = 0; kx < kernel; ++kx)
                  if (in.Inside(y * stride - pad + ky, x * stride - pad + kx))
                    max = std::max(max, in.at(y * stride - pad + ky, x * stride - pad + kx, c));
              return max;
            });
          }
}

TEST_P(ElementwiseTest, SelectChannels) {
  for (int from : {1, 3, 20})
    for (int channels = 1; channels <= 40; ++channels)
      for (bool tight : {false, true}) {
        const TestPicture in(kHeight, 5, from, 1, 0, tight);
        TestPicture out(kHeight, 5, channels, 2, 1);
        std::vector<int32_t> order;
        for (int c = 0; c < channels; ++c) order.push_back((c * 7 + 3) % from);
        SelectSelectChannels(target())({in.view, out.view, order.data()});
        out.Check([&](int y, int x, int c) { return in.at(y, x, order[static_cast<size_t>(c)]); }, 1, 0.f);
      }
}

TEST_P(ElementwiseTest, DepthToSpace) {
  for (int block : {1, 2, 3, 4})
    for (int width = 1; width <= 20; ++width) {
      for (int channels : {1, 3}) {
        const TestPicture in(kHeight, width, channels * block * block, 1);
        TestPicture out(kHeight * block, width * block, channels, 2, 1);
        SelectDepthToSpace(target())({in.view, out.view, block});
        out.Check([&](int y, int x,
                      int c) { return in.at(y / block, x / block, (c * block + y % block) * block + x % block); },
                  1, 0.f);
      }
      for (bool sigmoid : {false, true}) {
        const TestPicture in(kHeight, width, block * block, 1);
        TestPlanes out(1, kHeight * block, width * block, 2, 1);
        const Plane& plane = out.planes[0];
        SelectDepthToSpace(target())(
            {in.view, {plane.data, kHeight * block, width * block, 1, plane.row_stride, 1}, block, sigmoid});
        out.Check([&](int, int y, int x) {
          const float v = in.at(y / block, x / block, y % block * block + x % block);
          return sigmoid ? ScalarSigmoid(v) : v;
        });
      }
    }
}

TEST_P(ElementwiseTest, SigmoidOfLargeValues) {
  const std::vector<float> values{-1e30f, -200.f, -90.f, -20.f, -1.f, -0.f, 0.f, 1.f, 20.f, 90.f, 200.f, 1e30f, 3.f};
  TestPicture in(1, 1, static_cast<int>(values.size()), 1), out(1, 1, static_cast<int>(values.size()), 2);
  std::copy(values.begin(), values.end(), in.view.data);
  ElementwiseArgs args{Elementwise::kCopy, in.view, in.view, out.view};
  args.sigmoid = true;
  SelectElementwise(target())(args);
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(out.view.data[i], ScalarSigmoid(values[i]), 1e-6f) << values[i];
}

TEST_P(ElementwiseTest, Gate) {
  for (int channels = 1; channels <= 40; ++channels)
    for (int width : {1, 6}) {
      const TestPicture in(kHeight, width, channels, 1);
      const TestPlanes gate(1, kHeight, width, 2);
      TestPicture out(kHeight, width, channels, 3, 1);
      SelectGate(target())({in.view, out.view, gate.planes[0]});
      out.Check([&](int y, int x, int c) { return in.at(y, x, c) * gate.at(0, y, x); });
    }
}

TEST_P(ElementwiseTest, GlobalAvgPool) {
  for (int channels = 1; channels <= 40; ++channels) {
    const TestPicture in(kHeight, 7, channels, 1);
    TestPicture out(1, 1, channels, 2);
    const TestPicture added(kHeight, 7, channels, 3);
    const bool two = channels % 2 == 0;
    SelectGlobalAvgPool(target())({in.view, out.view, two ? added.view : TensorView()});
    out.Check([&](int, int, int c) {
      double sum = 0;
      for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < 7; ++x) sum += in.at(y, x, c) + (two ? added.at(y, x, c) : 0.f);
      return static_cast<float>(sum / (kHeight * 7));
    });
  }
}

TEST_P(ElementwiseTest, ChannelStats) {
  for (int channels = 1; channels <= 70; ++channels)
    for (int width : {1, 5, 17, 33}) {
      SCOPED_TRACE(testing::Message() << width << " pixels of " << channels);
      TestPicture in(kHeight, width, channels, 1);
      // All below zero in one pixel: a kernel that lets a zero in would be seen.
      for (int c = 0; c < channels; ++c) in.view.data[c] = -1.f - std::abs(in.view.data[c]);
      TestPlanes mean(1, kHeight, width, 2, 1), max(1, kHeight, width, 3, 1), alone(1, kHeight, width, 4, 1);
      SelectChannelStats(target())({in.view, mean.planes[0], max.planes[0]});
      SelectChannelStats(target())({in.view, {}, alone.planes[0]});
      mean.Check([&](int, int y, int x) {
        double sum = 0;
        for (int c = 0; c < channels; ++c) sum += in.at(y, x, c);
        return static_cast<float>(sum / channels);
      });
      auto largest = [&](int, int y, int x) {
        float value = in.at(y, x, 0);
        for (int c = 1; c < channels; ++c) value = std::max(value, in.at(y, x, c));
        return value;
      };
      max.Check(largest);
      alone.Check(largest);
    }
}

TEST_P(ElementwiseTest, ChangesOfLayout) {
  for (int channels = 1; channels <= 9; ++channels)
    for (int width = 1; width <= 40; ++width)
      for (bool tight : {false, true}) {
        const TestPicture in(kHeight, width, channels, 1, 0, tight);
        TestPlanes planes(channels, kHeight, width, 2, 1);
        SelectToPlanar(target())({in.view, planes.planes.data()});
        planes.Check([&](int c, int y, int x) { return in.at(y, x, c); }, 0.f);
        TestPicture back(kHeight, width, channels, 3, 1, tight);
        ToChannelsLast({back.view, planes.planes.data()});
        back.Check([&](int y, int x, int c) { return in.at(y, x, c); }, 1, 0.f);
      }
}

SCRIM_KERNEL_TESTS(ElementwiseTest);

}  // namespace
}  // namespace scrim::nn
