// Pictures for the tests of kernels: zero borders as kernels expect them, and traps everywhere else. What a kernel may
// load but not use is not a number; what it may not store to is compared bit by bit.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/aligned.h"
#include "nn/kernels/view.h"
#include "nn/targets.h"
#include "nn/testing.h"

namespace scrim::nn {

inline constexpr size_t kTrap = 256;  // floats before and behind

// Memory that remembers what it held.
class TrappedMemory {
 public:
  explicit TrappedMemory(size_t size) : floats_(size + 2 * kTrap) { std::fill_n(floats_.data(), floats_.size(), NAN); }
  float* data() { return floats_.data() + kTrap; }
  void Remember() { before_.assign(floats_.data(), floats_.data() + floats_.size()); }
  // Whether the float has changed since Remember.
  bool Changed(size_t i) const { return std::memcmp(&before_[i], floats_.data() + i, sizeof(float)) != 0; }
  size_t CountChanged() const {
    size_t count = 0;
    for (size_t i = 0; i < floats_.size(); ++i) count += Changed(i);
    return count;
  }
  size_t IndexOf(const float* p) const { return static_cast<size_t>(p - floats_.data()); }

 private:
  AlignedFloats floats_;
  std::vector<float> before_;
};

// Channels-last; random inside, zero in the border.
class TestPicture {
 public:
  TestPicture(int height, int width, int channels, unsigned seed, int border = 0, bool tight = false)
      : pixel_(tight ? static_cast<size_t>(channels) : RoundUp(static_cast<size_t>(channels), kChannelAlign)),
        row_(pixel_ * static_cast<size_t>(width + 2 * border)),
        memory_(row_ * static_cast<size_t>(height + 2 * border)),
        view{memory_.data() + static_cast<size_t>(border) * (row_ + pixel_), height, width, channels, row_, pixel_} {
    const std::vector<float> values = RandomFloats(static_cast<size_t>(height * width * channels), seed);
    size_t i = 0;
    for (int y = -border; y < height + border; ++y)
      for (int x = -border; x < width + border; ++x)
        for (int c = 0; c < channels; ++c) *Address(y, x, c) = Inside(y, x) ? values[i++] : 0.f;
    memory_.Remember();
  }
  TestPicture(const TestPicture&) = delete;

  bool Inside(int y, int x) const { return y >= 0 && y < view.height && x >= 0 && x < view.width; }
  float at(int y, int x, int c) const { return Inside(y, x) ? *Address(y, x, c) : 0.f; }

  // Checks every pixel against expected(y, x, c), and that nothing but pixels was written; `group` channels at a time.
  template <typename Expected>
  void Check(Expected expected, size_t group = kChannelAlign, float tolerance = 1e-5f) const {
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x)
        for (int c = 0; c < view.channels; ++c) {
          const float want = expected(y, x, c), got = at(y, x, c);
          ASSERT_NEAR(got, want, tolerance * std::max(1.f, std::abs(want))) << "y " << y << " x " << x << " c " << c;
        }
    size_t allowed = 0;
    const size_t written = std::min(pixel_, RoundUp(static_cast<size_t>(view.channels), group));
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x)
        for (size_t c = 0; c < written; ++c)
          allowed += memory_.Changed(memory_.IndexOf(Address(y, x, static_cast<int>(c))));
    ASSERT_EQ(memory_.CountChanged(), allowed) << "wrote outside of its pixels";
  }

 private:
  float* Address(int y, int x, int c) const {
    return view.data + static_cast<ptrdiff_t>(y) * static_cast<ptrdiff_t>(row_) +
           static_cast<ptrdiff_t>(x) * static_cast<ptrdiff_t>(pixel_) + c;
  }

  size_t pixel_, row_;
  TrappedMemory memory_;

 public:
  TensorView view;
};

// Planes of one size; random inside, zero in the border.
class TestPlanes {
 public:
  TestPlanes(int count, int height, int width, unsigned seed, int border = 0)
      : height_(height),
        width_(width),
        row_(static_cast<size_t>(width + 2 * border)),
        plane_(row_ * static_cast<size_t>(height + 2 * border)),
        memory_(plane_ * static_cast<size_t>(count)) {
    const std::vector<float> values = RandomFloats(static_cast<size_t>(count * height * width), seed);
    size_t i = 0;
    for (int p = 0; p < count; ++p) {
      planes.push_back(
          {memory_.data() + static_cast<size_t>(p) * plane_ + static_cast<size_t>(border) * (row_ + 1), row_});
      for (int y = -border; y < height + border; ++y)
        for (int x = -border; x < width + border; ++x) *Address(p, y, x) = Inside(y, x) ? values[i++] : 0.f;
    }
    memory_.Remember();
  }
  TestPlanes(const TestPlanes&) = delete;

  bool Inside(int y, int x) const { return y >= 0 && y < height_ && x >= 0 && x < width_; }
  float at(int p, int y, int x) const { return Inside(y, x) ? *Address(p, y, x) : 0.f; }

  // Checks every pixel against expected(plane, y, x), and that nothing else was written.
  template <typename Expected>
  void Check(Expected expected, float tolerance = 1e-5f) const {
    size_t allowed = 0;
    for (int p = 0; p < static_cast<int>(planes.size()); ++p)
      for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width_; ++x) {
          const float want = expected(p, y, x), got = at(p, y, x);
          ASSERT_NEAR(got, want, tolerance * std::max(1.f, std::abs(want)))
              << "plane " << p << " y " << y << " x " << x;
          allowed += memory_.Changed(memory_.IndexOf(Address(p, y, x)));
        }
    ASSERT_EQ(memory_.CountChanged(), allowed) << "wrote outside of its planes";
  }

 private:
  float* Address(int p, int y, int x) const {
    const Plane& plane = planes[static_cast<size_t>(p)];
    return plane.data + static_cast<ptrdiff_t>(y) * static_cast<ptrdiff_t>(plane.row_stride) + x;
  }

  int height_, width_;
  size_t row_, plane_;
  TrappedMemory memory_;

 public:
  std::vector<Plane> planes;
};

// What ends a convolution, in scalar code.
template <typename Args>
float Finish(const Args& args, float sum, float residual) {
  if (args.residual != nullptr) sum = std::max(sum, args.low) + residual;
  return std::max(sum, args.low_after);
}
inline float ScalarEnd(Ending ending, const float* slope, int channel, float v) {
  if (ending == Ending::kHardSwish) return v * std::min(std::max(v / 6 + 0.5f, 0.f), 1.f);
  return ending == Ending::kPRelu && v < 0 ? v * slope[channel] : v;
}
inline float ScalarSigmoid(float x) { return 1.f / (1.f + std::exp(-x)); }

// A test that runs once for each target of this machine.
class KernelTest : public testing::TestWithParam<std::string> {
 protected:
  Target target() const { return ChooseTarget(GetParam()).value(); }
};
#define SCRIM_KERNEL_TESTS(suite) \
  INSTANTIATE_TEST_SUITE_P(All, suite, testing::ValuesIn(SupportedTargets()), [](const auto& i) { return i.param; })

}  // namespace scrim::nn
