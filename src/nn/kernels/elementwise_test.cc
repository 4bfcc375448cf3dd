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
        ElementwiseArgs args{operation, a.view, b.view, out.view, ending == 1 ? 0.f : kNoLimit, ending == 2};
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

TEST_P(ElementwiseTest, SigmoidOfLargeValues) {
  const std::vector<float> values{-1e30f, -200.f, -90.f, -20.f, -1.f, -0.f, 0.f, 1.f, 20.f, 90.f, 200.f, 1e30f, 3.f};
  TestPicture in(1, 1, static_cast<int>(values.size()), 1), out(1, 1, static_cast<int>(values.size()), 2);
  std::copy(values.begin(), values.end(), in.view.data);
  SelectElementwise(target())({Elementwise::kCopy, in.view, in.view, out.view, kNoLimit, true});
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
    SelectGlobalAvgPool(target())({in.view, out.view});
    out.Check([&](int, int, int c) {
      double sum = 0;
      for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < 7; ++x) sum += in.at(y, x, c);
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
