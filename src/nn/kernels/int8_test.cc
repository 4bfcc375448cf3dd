// Kernels on bytes against plain scalar code, bit by bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "nn/kernels/conv_gemm_int8.h"
#include "nn/kernels/conv_quads.h"
#include "nn/kernels/depthwise_int8.h"
#include "nn/kernels/dot_product.h"
#include "nn/kernels/gate_int8.h"
#include "nn/kernels/pool_int8.h"
#include "nn/kernels/quantise.h"
#include "nn/kernels/resize_int8.h"
#include "nn/kernels/testing.h"

namespace scrim::nn {
namespace {

// Bytes, channels-last, any values in pixels, borders and beyond; remembers what it held.
class BytePicture {
 public:
  BytePicture(int height, int width, int channels, unsigned seed, int border = 0)
      : pixel_(channels <= kQuad ? kQuad : RoundUp(static_cast<size_t>(channels), kChannelAlign)),
        row_(pixel_ * static_cast<size_t>(width + 2 * border)),
        memory_(row_ * static_cast<size_t>(height + 2 * border) + 2 * kTrap),
        view{memory_.data() + kTrap + static_cast<size_t>(border) * (row_ + pixel_),
             height,
             width,
             channels,
             row_,
             pixel_} {
    std::mt19937 random(seed);
    for (uint8_t& byte : memory_) byte = static_cast<uint8_t>(random() >> 13);
    before_ = memory_;
  }
  BytePicture(const BytePicture&) = delete;
  Quads quads() const { return {view.data, row_}; }
  const uint8_t* Window(int pad) const { return view.data - static_cast<size_t>(pad) * (row_ + pixel_); }
  int at(int y, int x, int c) const { return *Address(y, x, c); }

  // Every channel of every pixel; nothing else changed but what fills pixels.
  template <typename Expected>
  void Check(const Expected& expected) const {
    std::vector<uint8_t> rest = memory_;
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x) {
        for (int c = 0; c < view.channels; ++c)
          ASSERT_EQ(at(y, x, c), expected(y, x, c)) << "y " << y << " x " << x << " c " << c;
        const auto i = static_cast<size_t>(Address(y, x, 0) - memory_.data());
        std::copy_n(before_.begin() + static_cast<ptrdiff_t>(i), pixel_, rest.begin() + static_cast<ptrdiff_t>(i));
      }
    ASSERT_EQ(rest, before_) << "wrote outside of its pixels";
  }

 private:
  uint8_t* Address(int y, int x, int c) const {
    return view.data + static_cast<ptrdiff_t>(y) * static_cast<ptrdiff_t>(row_) +
           static_cast<ptrdiff_t>(x) * static_cast<ptrdiff_t>(pixel_) + c;
  }
  size_t pixel_, row_;
  std::vector<uint8_t> memory_, before_;

 public:
  ByteView view;
};

std::vector<int8_t> RandomWeights(size_t count, unsigned seed, int most) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> uniform(-most, most);
  std::vector<int8_t> weights(count);
  for (int8_t& w : weights) w = static_cast<int8_t>(uniform(random));
  return weights;
}
std::vector<int32_t> RandomBias(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> bias(count);
  for (int32_t& b : bias) b = static_cast<int32_t>(random() % 200000) - 60000;
  return bias;
}
int ToByte(float v) { return static_cast<int>(std::clamp(std::nearbyint(v), 0.f, 255.f)); }
float Times(float a, float b) {
  const volatile float product = a * b;
  return product;
}
size_t Padded(int channels) { return RoundUp(static_cast<size_t>(channels), kChannelAlign); }

class Int8KernelTest : public KernelTest {};

// most: 63 as large as weights may be, so that pairs of groups would overflow 16 bits; 30 so that they fit.
void CheckGemm(Target target, int width, int in_channels, int out_channels, int kernel, int stride, bool residual,
               int most) {
  SCOPED_TRACE(testing::Message() << width << " wide, " << in_channels << " to " << out_channels << ", kernel "
                                  << kernel << ", stride " << stride << ", residual " << residual << ", most " << most);
  const int height = 3, pad = kernel / 2;
  const BytePicture in((height - 1) * stride + 1, (width - 1) * stride + 1, in_channels, 1, pad);
  const BytePicture added(height, width, out_channels, 2);
  BytePicture out(height, width, out_channels, 3, 1);
  const size_t channels = RoundUp(static_cast<size_t>(in_channels), kQuad), taps = static_cast<size_t>(kernel * kernel);
  std::vector<int8_t> weights = RandomWeights(static_cast<size_t>(out_channels) * taps * channels, 4, most);
  std::fill_n(weights.begin(), taps * channels, static_cast<int8_t>(most));  // the largest sums
  for (size_t i = 0; i < weights.size(); ++i)
    if (i % channels >= static_cast<size_t>(in_channels)) weights[i] = 0;
  std::vector<size_t> segments;
  for (int ky = 0; ky < kernel; ++ky)
    for (int kx = 0; kx < kernel; ++kx)
      segments.push_back(static_cast<size_t>(ky) * in.view.row_stride + static_cast<size_t>(kx) * in.view.pixel_stride);
  const std::vector<int8_t> packed = PackColumnsInt8(weights.data(), out_channels, taps * channels);
  const std::vector<int32_t> bias = RandomBias(Padded(out_channels), 5);
  const std::vector<float> multiplier = RandomFloats(Padded(out_channels), 6, 0.0005f, 0.003f);
  ConvGemmInt8Args args;
  args.in = in.Window(pad);
  args.in_row_stride = in.view.row_stride * static_cast<size_t>(stride);
  args.in_pixel_stride = in.view.pixel_stride * static_cast<size_t>(stride);
  args.segments = segments.data(), args.segment_count = segments.size(), args.segment_length = channels;
  args.weights = packed.data();
  args.two_groups = FitsTwoGroups(weights.data(), out_channels, taps * channels, channels);
  EXPECT_EQ(args.two_groups, most <= 30 || channels <= kQuad);
  const std::vector<int32_t> kernel_bias =
      KernelBias(weights.data(), static_cast<size_t>(out_channels), taps * channels, bias);
  args.bias = kernel_bias.data(), args.multiplier = multiplier.data();
  args.out = out.view;
  if (residual) {
    args.residual = added.view.data;
    args.residual_row_stride = added.view.row_stride, args.residual_pixel_stride = added.view.pixel_stride;
    args.residual_multiplier = 0.37f;
  }
  SelectConvGemmInt8(target)(args);
  out.Check([&](int y, int x, int o) {
    int sum = bias[static_cast<size_t>(o)];
    for (int ky = 0; ky < kernel; ++ky)
      for (int kx = 0; kx < kernel; ++kx)
        for (int c = 0; c < in_channels; ++c)
          sum += in.at(y * stride - pad + ky, x * stride - pad + kx, c) *
                 weights[(static_cast<size_t>(o) * taps + static_cast<size_t>(ky * kernel + kx)) * channels +
                         static_cast<size_t>(c)];
    float v = Times(static_cast<float>(sum), multiplier[static_cast<size_t>(o)]);
    if (residual) v += Times(static_cast<float>(added.at(y, x, o)), 0.37f);
    return ToByte(v);
  });
}

TEST_P(Int8KernelTest, GemmEqualsScalarCode) {
  for (int out : {1, 4, 6, 8, 16, 20, 24, 32, 40, 96})
    for (int width : {1, 5, 8, 13, 33})
      for (int most : {30, 63}) CheckGemm(target(), width, 12, out, 1, 1, width % 2 == 1, most);
  for (int in : {3, 4, 6, 8, 20, 40}) {
    CheckGemm(target(), 11, in, 16, 3, 1, false, 63);
    CheckGemm(target(), 11, in, 8, 3, 2, false, 30);
    CheckGemm(target(), 6, in, 12, 5, 4, true, 63);
  }
}

TEST_P(Int8KernelTest, QuadsEqualScalarCode) {
  for (int kernel : {1, 3, 5, 7})
    for (int outputs : {1, 2, 3, 4})
      for (int width : {1, 7, 16, 41, 100})
        for (int most : {20, 63}) {
          SCOPED_TRACE(testing::Message() << kernel << ", " << outputs << " outputs, " << width << " wide, " << most);
          const int height = 4, pad = kernel / 2;
          const BytePicture a(height, width, 4, 1, pad), b(height, width, 3, 2, pad);
          const std::vector<const BytePicture*> pictures{&a, &b};
          BytePicture out(height, width, outputs, 3, 1);
          const size_t taps = static_cast<size_t>(kernel * kernel), quads = pictures.size();
          const std::vector<int8_t> weights =
              RandomWeights(static_cast<size_t>(outputs) * quads * kQuad * taps, 4, most);
          const std::vector<int8_t> packed = PackQuads(weights.data(), outputs, 2, kernel, kernel);
          const std::vector<int32_t> bias = RandomBias(4, 5);
          const std::vector<float> multiplier = RandomFloats(4, 6, 0.0005f, 0.003f);
          std::vector<Quads> in;
          for (const BytePicture* p : pictures)
            in.push_back({p->view.data - static_cast<size_t>(pad) * (p->view.row_stride + kQuad), p->view.row_stride});
          ConvQuadsArgs args;
          args.in = in.data(), args.in_quads = 2, args.kernel_h = args.kernel_w = kernel;
          args.weights = packed.data(), args.run = RunOfTaps(packed.data(), outputs, 2, kernel, kernel);
          EXPECT_EQ(args.run, kernel < 3 || most == 63 ? 1 : 3);
          const std::vector<int32_t> kernel_bias =
              KernelBias(weights.data(), static_cast<size_t>(outputs), quads * kQuad * taps, bias);
          args.bias = kernel_bias.data(), args.multiplier = multiplier.data();
          args.out = out.quads();
          args.outputs = outputs, args.height = height, args.width = width;
          auto sum = [&](int y, int x, int o) {
            int total = bias[static_cast<size_t>(o)];
            for (size_t c = 0; c < quads * kQuad; ++c)
              for (int t = 0; t < kernel * kernel; ++t)
                total +=
                    pictures[c / kQuad]->at(y - pad + t / kernel, x - pad + t % kernel, static_cast<int>(c % kQuad)) *
                    weights[(static_cast<size_t>(o) * quads * kQuad + c) * taps + static_cast<size_t>(t)];
            return Times(static_cast<float>(total), multiplier[static_cast<size_t>(o)]);
          };
          SelectConvQuads(target())(args);
          out.Check([&](int y, int x, int o) { return ToByte(sum(y, x, o)); });
          TestPlanes real(outputs, height, width, 7, 1);
          std::copy(real.planes.begin(), real.planes.end(), args.real);
          SelectConvQuads(target())(args);
          real.Check([&](int o, int y, int x) { return sum(y, x, o); }, 0.f);
          args.sigmoid = true;
          SelectConvQuads(target())(args);
          real.Check([&](int o, int y, int x) { return ScalarSigmoid(sum(y, x, o)); }, 1e-6f);
        }
}

TEST_P(Int8KernelTest, DepthwiseEqualsScalarCode) {
  for (int channels : {5, 8, 16, 24, 40})
    for (int width : {1, 2, 9, 20})
      for (int kernel : {1, 3, 5})
        for (int stride : {1, 2})
          for (int dilation : {1, 2})
            for (int most : {20, 63}) {
              SCOPED_TRACE(testing::Message() << channels << " channels, " << width << " wide, kernel " << kernel
                                              << ", stride " << stride << ", dilation " << dilation);
              const int height = 3, pad = dilation * (kernel / 2), taps = kernel * kernel;
              const BytePicture in((height - 1) * stride + 1, (width - 1) * stride + 1, channels, 1, pad);
              BytePicture out(height, width, channels, 2, 1);
              std::vector<int8_t> weights = RandomWeights(static_cast<size_t>(channels * taps), 3, most);
              std::fill_n(weights.begin(), taps, static_cast<int8_t>(most));
              const size_t padded = Padded(channels);
              std::vector<int16_t> packed(padded * static_cast<size_t>(taps));
              for (int c = 0; c < channels; ++c)
                for (int t = 0; t < taps; ++t)
                  packed[static_cast<size_t>(t) * padded + static_cast<size_t>(c)] =
                      weights[static_cast<size_t>(c * taps + t)];
              const std::vector<int32_t> bias = RandomBias(padded, 4);
              const std::vector<float> multiplier = RandomFloats(padded, 5, 0.0005f, 0.003f);
              DepthwiseInt8Args args;
              args.in = in.Window(pad);
              args.in_row_stride = in.view.row_stride, args.in_pixel_stride = in.view.pixel_stride;
              args.kernel_h = args.kernel_w = kernel, args.stride = stride, args.dilation = dilation;
              args.weights = packed.data(), args.runs = FitsDepthwiseRuns(weights.data(), channels, taps);
              EXPECT_EQ(args.runs, kernel == 1 || most == 20);
              args.bias = bias.data(), args.multiplier = multiplier.data();
              args.out = out.view;
              SelectDepthwiseInt8(target())(args);
              out.Check([&](int y, int x, int c) {
                int sum = bias[static_cast<size_t>(c)];
                for (int t = 0; t < taps; ++t)
                  sum += weights[static_cast<size_t>(c * taps + t)] *
                         in.at(y * stride - pad + t / kernel * dilation, x * stride - pad + t % kernel * dilation, c);
                return ToByte(Times(static_cast<float>(sum), multiplier[static_cast<size_t>(c)]));
              });
            }
}

TEST_P(Int8KernelTest, ResizeEqualsScalarCode) {
  for (int channels : {1, 4, 8, 24, 40})
    for (const auto& [in_h, in_w, out_h, out_w] : std::vector<std::array<int, 4>>{
             {3, 5, 6, 10}, {1, 1, 2, 2}, {2, 150, 4, 300}, {4, 6, 2, 3}, {5, 8, 9, 16}, {9, 16, 5, 8}, {1, 1, 5, 8}}) {
      SCOPED_TRACE(testing::Message() << channels << " channels, " << in_h << "x" << in_w << " to " << out_h);
      const BytePicture in(in_h, in_w, channels, 1);
      BytePicture out(out_h, out_w, channels, 2, 1);
      const Interpolation rows = MakeInterpolation(in_h, out_h), columns = MakeInterpolation(in_w, out_w);
      ResizeInt8Args args;
      args.in = in.view, args.out = out.view, args.vertical = &rows, args.horizontal = &columns;
      // In two parts: any rows of the output by themselves are the same.
      const int first = out_h / 2;
      args.out.height = first;
      SelectResizeInt8(target())(args);
      args.out.height = out_h - first, args.first_row = first;
      args.out.data += static_cast<size_t>(first) * out.view.row_stride;
      SelectResizeInt8(target())(args);
      const bool exact =
          (out_h == 2 * in_h && out_w == 2 * in_w) || (in_h == 2 * out_h && in_w == 2 * out_w && channels > kQuad);
      out.Check([&](int y, int x, int c) {
        const auto i = static_cast<size_t>(y), j = static_cast<size_t>(x);
        const float wx = columns.weight[j], wy = rows.weight[i];
        auto mix = [](float a, float b, float weight) { return a + Times(b - a, weight); };
        const auto at = [&](int r, int s) { return static_cast<float>(in.at(r, s, c)); };
        const float v = mix(mix(at(rows.first[i], columns.first[j]), at(rows.first[i], columns.second[j]), wx),
                            mix(at(rows.second[i], columns.first[j]), at(rows.second[i], columns.second[j]), wx), wy);
        return exact ? static_cast<int>(std::floor(v + 0.5f)) : ToByte(v);
      });
    }
}

TEST_P(Int8KernelTest, GateEqualsScalarCode) {
  for (int channels : {5, 8, 16, 24})
    for (int zero : {0, 97}) {
      const BytePicture in(3, 11, channels, 1), gate(3, 11, 1, 2);
      BytePicture out(3, 11, channels, 3, 1);
      std::vector<int16_t> table(256), zeros(Padded(channels), static_cast<int16_t>(zero));
      for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<int16_t>(i * 257 - 32767);
      SelectGateInt8(target())({in.view, out.view, gate.quads(), table.data(), zeros.data()});
      out.Check([&](int y, int x, int c) {
        const int product = (in.at(y, x, c) - zero) * table[static_cast<size_t>(gate.at(y, x, 0))];
        return std::clamp(zero + ((product + (1 << 14)) >> 15), 0, 255);
      });
    }
}

TEST_P(Int8KernelTest, StatisticsEqualScalarCode) {
  for (int channels : {1, 8, 16, 24, 40, 64})
    for (int width : {1, 9, 64, 70}) {
      const BytePicture in(2, width, channels, 1);
      BytePicture mean(2, width, 1, 2, 1), max(2, width, 1, 3, 1);
      const AffineFloat to_mean{1.7f / static_cast<float>(channels), 3.5f}, to_max{1.25f, -20.f};
      SelectChannelStatsInt8(target())({in.view, mean.view, max.view, to_mean, to_max});
      mean.Check([&](int y, int x, int) {
        int sum = 0;
        for (int c = 0; c < channels; ++c) sum += in.at(y, x, c);
        return ToByte(Times(static_cast<float>(sum), to_mean.multiplier) + to_mean.offset);
      });
      max.Check([&](int y, int x, int) {
        int most = 0;
        for (int c = 0; c < channels; ++c) most = std::max(most, in.at(y, x, c));
        return ToByte(Times(static_cast<float>(most), to_max.multiplier) + to_max.offset);
      });
    }
}

TEST_P(Int8KernelTest, QuantisesAndBack) {
  for (int channels : {1, 4, 6, 17}) {
    const TestPicture in(3, 29, channels, 1, 0, true);
    BytePicture out(3, 29, channels, 2, 1);
    SelectQuantise(target())({in.view, out.view, 100.f, 127.f});
    out.Check([&](int y, int x, int c) { return ToByte(Times(in.at(y, x, c), 100.f) + 127.f); });
    TestPicture back(3, 29, channels, 3, 1);
    const std::vector<float> scale(static_cast<size_t>(channels), 0.01f), zero(static_cast<size_t>(channels), 127.f);
    Dequantise({out.view, back.view, scale.data(), zero.data()});
    back.Check([&](int y, int x, int c) { return in.at(y, x, c); }, 1, 0.0051f);
  }
}

SCRIM_KERNEL_TESTS(Int8KernelTest);

}  // namespace
}  // namespace scrim::nn
