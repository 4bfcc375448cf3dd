// The person in the new background's light.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "image/frame.h"

namespace scrim::compose {

// Brings the person's mean brightness nearer to the background's, by a curve that leaves black and white where they
// are: x + k·x·(1 - x) of what is 0 to 1. Chroma grows with the luma, so that colours keep their saturation. k follows
// over some ten frames, and is at most 0.7, so that nobody goes out in a dark room.
class BrightnessMatch {
 public:
  // strength: share of the difference that goes, 0 to 1; 0: nothing is done.
  void set_strength(float strength) { strength_ = strength, known_ = false; }
  bool enabled() const { return strength_ > 0; }

  // For each frame, before its rows. alpha at the frame's size; background in its format and size, looked at again
  // where it changed.
  void Prepare(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::ConstFrameView& background,
               bool background_changed);

  // Row of a plane, n bytes; byte_alpha: an alpha for each byte, and bytes without one stay. in and out may be the
  // same.
  void CorrectRow(int plane, const uint8_t* in, const uint8_t* byte_alpha, uint8_t* out, size_t n) const;

  float curve() const { return curve_; }  // k

 private:
  using Table = std::array<uint8_t, 256>;
  void MakeTables(float person);

  float strength_ = 0;
  bool known_ = false;       // there was a frame with a person
  float background_ = 0.5f;  // mean brightness, 0 to 1
  float curve_ = 0, drawn_curve_ = 0;
  image::PixelFormat format_ = image::PixelFormat::kRgba;
  image::YuvMatrix matrix_{};
  Table luma_{}, chroma_{};
};

}  // namespace scrim::compose
