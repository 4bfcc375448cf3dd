#include "nn/kernels/resize.h"

#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

class ResizeTest : public KernelTest {};

// at(y, x) of the input, interpolated as the definition says: half-pixel centres with edges repeated, or aligned
// corners.
template <typename At>
float Interpolate(At at, int in_h, int in_w, int out_h, int out_w, int y, int x, bool align_corners) {
  auto centre = [&](int i, int in, int out) {
    if (align_corners) return out == 1 ? 0. : double(i) * (in - 1) / (out - 1);
    return std::min(std::max((i + 0.5) * in / out - 0.5, 0.), in - 1.);
  };
  const double cy = centre(y, in_h, out_h), cx = centre(x, in_w, out_w);
  const int y0 = static_cast<int>(cy), x0 = static_cast<int>(cx);
  const int y1 = std::min(y0 + 1, in_h - 1), x1 = std::min(x0 + 1, in_w - 1);
  const double v = cy - y0, h = cx - x0;
  return static_cast<float>((1 - v) * ((1 - h) * at(y0, x0) + h * at(y0, x1)) +
                            v * ((1 - h) * at(y1, x0) + h * at(y1, x1)));
}

TEST_P(ResizeTest, ChannelsLast) {
  for (const auto& [in_h, in_w, out_h, out_w] : std::vector<std::array<int, 4>>{{1, 1, 1, 1},
                                                                                {1, 1, 5, 8},
                                                                                {5, 8, 9, 16},
                                                                                {9, 16, 5, 8},
                                                                                {3, 4, 6, 8},
                                                                                {4, 4, 8, 7},
                                                                                {7, 13, 7, 13},
                                                                                {9, 5, 2, 1},
                                                                                {2, 3, 11, 6}})
    for (int channels : {1, 7, 8, 16, 20, 24, 40}) {
      const bool align_corners = channels == 7 || channels == 16;
      SCOPED_TRACE(testing::Message() << in_h << "x" << in_w << " to " << out_h << "x" << out_w << ", " << channels);
      const TestPicture in(in_h, in_w, channels, 1);
      TestPicture out(out_h, out_w, channels, 2, 1);
      const Interpolation vertical = MakeInterpolation(in_h, out_h, align_corners),
                          horizontal = MakeInterpolation(in_w, out_w, align_corners);
      SelectResize(target())({in.view, out.view, &vertical, &horizontal});
      out.Check([&, in_h = in_h, in_w = in_w, out_h = out_h, out_w = out_w](int y, int x, int c) {
        return Interpolate([&](int a, int b) { return in.at(a, b, c); }, in_h, in_w, out_h, out_w, y, x, align_corners);
      });
    }
}

TEST_P(ResizeTest, Planar) {
  for (int in_w = 1; in_w <= 40; ++in_w)
    for (int out_w : {2 * in_w, in_w, 1, in_w + 3, in_w / 2 + 1})
      for (bool sigmoid : {false, true}) {
        const bool align_corners = in_w % 3 == 0;
        SCOPED_TRACE(testing::Message() << in_w << " to " << out_w);
        constexpr int kIn = 3, kOut = 5;
        const TestPlanes in(2, kIn, in_w, 1);
        TestPlanes out(2, kOut, out_w, 2, 1);
        const Interpolation vertical = MakeInterpolation(kIn, kOut, align_corners),
                            horizontal = MakeInterpolation(in_w, out_w, align_corners);
        AlignedFloats scratch(ResizePlanarScratch(in_w));
        SelectResizePlanar(target())(
            {in.planes.data(), out.planes.data(), 2, &vertical, &horizontal, scratch.data(), sigmoid});
        out.Check([&](int p, int y, int x) {
          const float v =
              Interpolate([&](int a, int b) { return in.at(p, a, b); }, kIn, in_w, kOut, out_w, y, x, align_corners);
          return sigmoid ? ScalarSigmoid(v) : v;
        });
      }
}

SCRIM_KERNEL_TESTS(ResizeTest);

}  // namespace
}  // namespace scrim::nn
