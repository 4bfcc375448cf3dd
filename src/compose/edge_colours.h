// The person's own colours along the outline, without the old room's light and with a little of the new one's.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "image/frame.h"

namespace scrim::compose {

struct EdgeOptions {
  bool decontaminate = true;  // take the old room's colour out of half-covered pixels
  float light_wrap = 0.15f;   // share of the new background's light on the outline, 0 to 1; 0: none
};

// A half-covered pixel shows I = α·F + (1 - α)·B. Drawn over another background as it is, it carries the room's B
// along: a halo. F is estimated by blur fusion (Forte 2021, "Approximate Fast Foreground Colour Estimation", section
// 2, equations 4 to 7, one pass): F = F̂ + α·(I - α·F̂ - (1 - α)·B̂) with F̂ and B̂ the mean colours of person and room
// around, weighted by α and 1 - α, here on a grid of some 96 cells a row. Light wrap is compositing practice
// (Brinkmann 2008, "The Art and Science of Digital Compositing", chapter 13): the outline gets a share of the blurred
// background.
//
// Works in the frame's own format, channel by channel; only pixels within about 2 % of the width of the outline are
// touched.
class EdgeColours {
 public:
  explicit EdgeColours(const EdgeOptions& options = {}) : options_(options) {}
  void set_options(const EdgeOptions& options) { options_ = options, light_known_ = false; }
  bool enabled() const { return options_.decontaminate || options_.light_wrap > 0; }

  // For each frame, before its rows. alpha: at the frame's size. background: what will be drawn behind, in the frame's
  // format and size; its light is looked at again where it changed. Null: no light wrap.
  void Prepare(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::ConstFrameView* background,
               bool background_changed);

  // Row y of a plane, in and out of its whole length; byte_alpha: an alpha for each byte. in and out may be the same.
  void CorrectRow(int plane, int y, const uint8_t* in, const uint8_t* byte_alpha, uint8_t* out);

 private:
  // A quantity on the grid, row by row.
  using Grid = std::vector<float>;
  void Measure(const image::ConstFrameView& frame, const image::Bytes* alpha, bool light);
  void FindOutline();
  void CorrectChannel(int channel, int y, int pixels_per_sample, size_t stride, size_t samples, const uint8_t* in,
                      const uint8_t* alpha, uint8_t* out);

  EdgeOptions options_;
  image::PixelFormat format_ = image::PixelFormat::kRgba;
  int width_ = 0, height_ = 0, step_ = 1, columns_ = 0, rows_ = 0;
  std::array<Grid, 3> person_, room_, light_;    // F̂, B̂ and the background's light, 0..255
  Grid cover_, trust_, wrap_;                    // mean alpha; how far F̂ is known; share of light; all 0..1
  std::vector<size_t> outline_, outline_begin_;  // spans of a row near the outline; where those of a grid row begin
  bool light_known_ = false;
  std::vector<float> line_;  // what the grid says of each sample of a row
  image::Floats sums_, other_sums_, scratch_;
};

}  // namespace scrim::compose
