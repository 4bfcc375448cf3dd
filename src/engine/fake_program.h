// A network for tests that takes what it is told for a person.
#pragma once

#include <functional>
#include <vector>

#include "nn/program.h"

namespace scrim::engine {

// The mask of a pixel is mask(input channels), and so are those of further planes. Keeps how often it ran.
class FakeProgram : public nn::Program {
 public:
  using Mask = std::function<float(const float* channels)>;
  FakeProgram(int width, int height, int channels, Mask mask, std::vector<Mask> further = {})
      : width_(width),
        height_(height),
        channels_(channels),
        masks_(std::move(further)),
        input_(size_t{1} * width * height * channels) {
    masks_.insert(masks_.begin(), std::move(mask));
    output_.resize(masks_.size() * static_cast<size_t>(width) * static_cast<size_t>(height));
  }

  nn::TensorView input() override {
    return {input_.data(), height_, width_, channels_, size_t{1} * width_ * channels_, static_cast<size_t>(channels_)};
  }
  void Run() override {
    ++runs_;
    const size_t pixels = output_.size() / masks_.size();
    for (size_t p = 0; p < masks_.size(); ++p)
      for (size_t i = 0; i < pixels; ++i) output_[p * pixels + i] = masks_[p](input_.data() + i * channels_);
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
  std::vector<Mask> masks_;
  std::vector<float> input_, output_;
  int runs_ = 0;
};

}  // namespace scrim::engine
