// For tests of the live path: a network whose speed and health the test decides, and a room that nobody may see.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "engine/fake_program.h"
#include "engine/live_segmenter.h"
#include "image/convert.h"

namespace scrim::engine {

// What the fake networks of a test do; from any thread.
class NetworkControl {
 public:
  enum class Mode { kGreenIsPerson, kAllIsPerson, kNotANumber, kNoMemory, kThrows };

  void Set(Mode mode) { mode_ = mode; }
  void Slow(int ms) { slow_ms_ = ms; }
  void Stall() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stalled_ = true;
  }
  void Release() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stalled_ = false;
    }
    changed_.notify_all();
  }
  int runs() const { return runs_; }
  void RefuseDensities() { refuse_ = true; }

  std::unique_ptr<MaskNetwork> Make(graph::Density density) {
    InputSpec input;
    input.previous_mask = true;
    matte::MaskLoopOptions options;
    options.stabiliser.enabled = options.regions.enabled = false;
    auto program = std::make_unique<Program>(density, this);
    return MaskNetwork::Create(std::move(program), input, options).value();
  }
  MakeNetwork Maker() {
    return [this](graph::Density density) -> StatusOr<std::unique_ptr<MaskNetwork>> {
      if (refuse_) return Unsupported("no such density");
      return Make(density);
    };
  }

 private:
  class Program : public FakeProgram {
   public:
    Program(graph::Density density, NetworkControl* control)
        : FakeProgram(density.width, density.height, 4, [control](const float* c) { return control->MaskOf(c); }),
          control_(control) {}
    void Run() override {
      control_->BeforeRun();
      FakeProgram::Run();
    }

   private:
    NetworkControl* control_;
  };

  void BeforeRun() {
    ++runs_;
    if (slow_ms_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(slow_ms_));
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return !stalled_; });
    if (mode_ == Mode::kNoMemory) throw std::bad_alloc();
    if (mode_ == Mode::kThrows) throw 1;
  }
  float MaskOf(const float* c) const {
    switch (mode_) {
      case Mode::kGreenIsPerson:
        return c[1] > c[0] && c[1] > c[2] ? 1.f : 0.f;
      case Mode::kNotANumber:
        return std::numeric_limits<float>::quiet_NaN();
      default:
        return 1.f;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stalled_ = false;
  std::atomic<Mode> mode_{Mode::kGreenIsPerson};
  std::atomic<int> slow_ms_{0}, runs_{0};
  std::atomic<bool> refuse_{false};
};

constexpr image::Color kRoom{255, 0, 255}, kPerson{20, 220, 60}, kWall{20, 30, 120};

inline image::Frame Plain(image::PixelFormat format, int width, int height, image::Color color) {
  image::Frame frame(format, width, height);
  Fill(frame.view(), color);
  return frame;
}

// A person of half the frame's height and a quarter of its width before the room.
inline image::Frame Scene(image::PixelFormat format, int width, int height, int left) {
  image::Frame rgba = Plain(image::PixelFormat::kRgba, width, height, kRoom);
  for (int y = height / 4; y < height * 3 / 4; ++y) {
    for (int x = std::max(left, 0); x < std::min(left + width / 4, width); ++x) {
      uint8_t* p = rgba.view().row(0, y) + 4 * x;
      p[0] = kPerson.red, p[1] = kPerson.green, p[2] = kPerson.blue;
    }
  }
  image::Frame frame(format, width, height);
  EXPECT_TRUE(image::ConvertFromRgba(std::as_const(rgba).view(), frame.view()).ok());
  return frame;
}

// How many pixels are this colour, nearly, and not transparent.
inline int Count(const image::Frame& frame, image::Color color) {
  image::Frame rgba(image::PixelFormat::kRgba, frame.width(), frame.height());
  EXPECT_TRUE(image::ConvertToRgba(frame.view(), rgba.view()).ok());
  const bool alpha = image::HasAlpha(frame.format());
  int count = 0;
  for (int y = 0; y < frame.height(); ++y) {
    for (int x = 0; x < frame.width(); ++x) {
      const uint8_t* p = rgba.view().row(0, y) + 4 * x;
      const auto near = [](int a, int b) { return a - b < 60 && b - a < 60; };
      if (alpha && frame.view().row(0, y)[4 * x + 3] < 60) continue;
      count += near(p[0], color.red) && near(p[1], color.green) && near(p[2], color.blue);
    }
  }
  return count;
}

}  // namespace scrim::engine
