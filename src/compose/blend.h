// Person over background, in the frame's own format.
#pragma once

#include <vector>

#include "compose/brightness.h"
#include "compose/edge_colours.h"
#include "image/frame.h"

namespace scrim::compose {

// out = frame·alpha + background·(1 - alpha), byte by byte; chroma uses the mean alpha of its pixels. All frames have
// one format and size, alpha (1 channel) the same size; out may be frame or background. Alpha bytes of RGBA and BGRA
// become the background's. Everything must be valid. `scratch` is resized as needed. edges, brightness: prepared for
// this frame; null leaves its colours as they are.
void Blend(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::ConstFrameView& background,
           const image::FrameView& out, std::vector<uint8_t>* scratch, EdgeColours* edges = nullptr,
           const BrightnessMatch* brightness = nullptr);

}  // namespace scrim::compose
