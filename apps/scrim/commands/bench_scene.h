// What `scrim bench` looks at, and on what.
#pragma once

#include <string>

#include "image/frame.h"

namespace scrim::app {

constexpr int kBenchWidth = 1280, kBenchHeight = 720;

// A drawn head and shoulders before a wall with a shelf, moving with t: enough of a person for the network to find an
// outline, whose length compose's time depends on.
void DrawScene(int t, const image::FrameView& rgba);

// The processor, as the system calls it.
std::string CpuName();

}  // namespace scrim::app
