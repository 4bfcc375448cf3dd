// A network for tests that takes what it is told for a person.
#pragma once

#include <functional>
#include <vector>

#include "nn/program.h"

namespace scrim::engine {

// The mask of a pixel is mask(input channels). Keeps how often it ran.
class FakeProgram : public nn::Program {
 public:
  using Mask = std::function<float(const float* channels)>;
  FakeProgram(int width, int height, int channels, Mask mask)
      : width_(width),
        height_(height),
        channels_(channels),
        mask_(std::move(mask)),
        input_(size_t{1} * width * height * channels),
        output_(size_t{1} * width * height) {}

  nn::TensorView input() override {
    return {input_.data(), height_, width_, channels_, size_t{1} * width_ * channels_, static_cast<size_t>(channels_)};
  }
  void Run() override {
    ++runs_;
    for (size_t i = 0; i < output_.size(); ++i) output_[i] = mask_(input_.data() + i * channels_);
  }
  const float* output() const override { return output_.data(); }
  int64_t macs() const override { return 0; }
  size_t activation_bytes() const override { return 0; }
  size_t weight_bytes() const override { return 0; }
  const char* target() const override { return "fake"; }
  std::vector<Step> RunTimed() override {
    Run();
    return {};
  }
  int runs() const { return runs_; }

 private:
  int width_, height_, channels_;
  Mask mask_;
  std::vector<float> input_, output_;
  int runs_ = 0;
};

}  // namespace scrim::engine
