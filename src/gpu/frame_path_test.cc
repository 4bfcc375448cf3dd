#include "gpu/frame_path.h"

#include <gtest/gtest.h>

#include "gpu/testing.h"

namespace scrim::gpu {
namespace {

using Kind = compose::Background::Kind;

FrameOptions OptionsOf(Kind background) {
  FrameOptions options;
  options.width = 641, options.height = 359;
  options.network = {256, 144};
  options.previous_mask = true;
  options.background = background;
  return options;
}

TEST(FramePath, EveryBackgroundAndSwitchGivesAValidPlan) {
  for (const Kind kind : {Kind::kColor, Kind::kImage, Kind::kBlur, Kind::kTransparent})
    for (int switches = 0; switches < 32; ++switches) {
      SCOPED_TRACE(std::to_string(static_cast<int>(kind)) + ", switches " + std::to_string(switches));
      FrameOptions options = OptionsOf(kind);
      options.loop.stabiliser.enabled = (switches & 1) != 0;
      options.loop.regions.enabled = (switches & 2) != 0;
      options.refiner.guided = (switches & 4) != 0;
      options.edges = {(switches & 8) != 0, (switches & 16) != 0 ? 0.15f : 0.f};
      for (const Plan& plan : {LowerInput(options), LowerPicture(options), LowerAlone(options), LowerCover(options)})
        ExpectValid(plan);
    }
}

// The frame is read twice, three times before a blur, and the picture written once: nothing else is of its size.
TEST(FramePath, TouchesTheFrameNoMoreThanItMust) {
  for (const Kind kind : {Kind::kColor, Kind::kImage, Kind::kBlur, Kind::kTransparent}) {
    FrameOptions options = OptionsOf(kind);
    options.width = 1920, options.height = 1080;
    int reads = 0, writes = 0;
    for (const Plan& plan : {LowerInput(options), LowerPicture(options)}) {
      for (const Dispatch& d : plan.dispatches)
        for (const Binding& b : d.bindings) {
          reads += b.buffer == Binding::kFrame && d.name != "cells";  // some thousand pixels
          writes += b.buffer == Binding::kPicture;
        }
      for (const Buffer& buffer : plan.buffers) EXPECT_LT(buffer.bytes, size_t{1920 * 1080});
    }
    EXPECT_EQ(reads, kind == Kind::kBlur ? 3 : 2);
    EXPECT_EQ(writes, 1);
  }
}

}  // namespace
}  // namespace scrim::gpu
