// Changes the size of 8-bit pictures without aliasing: every output pixel is the mean of the area that it covers when
// shrinking, a bilinear interpolation (half-pixel centres, edges clamped) when enlarging.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/frame.h"

namespace scrim::image {

// A stretch of the input, in its own pixels; may start and end between pixels.
struct Span {
  double start = 0, length = 0;
};

// For each output position the input positions start, start+1, ... and their weights, which add up to `one`.
struct Taps {
  int count = 0;  // of weights for each output position
  std::vector<int> start;
  std::vector<uint16_t> weight;
};
Taps MakeTaps(int in_size, Span span, int out_size, int one);

// Resamples one interleaved plane of 1 to 4 channels. Keeps its tables and scratch from call to call: make one for each
// pair of sizes. Not thread-safe.
class Resampler {
 public:
  // Prepares to stretch the part x × y of an in_width × in_height plane to out_width × out_height. Does nothing when
  // nothing changed.
  void Configure(int in_width, int in_height, Span x, Span y, int out_width, int out_height);
  void Configure(int in_width, int in_height, int out_width, int out_height);

  // Strides count bytes.
  void Run(const uint8_t* in, size_t in_stride, int channels, uint8_t* out, size_t out_stride);

  // Whether Run makes fewer rows; then this one, prepared for the luma of a YUY2 picture, and `chroma`, prepared for
  // half as many columns, shrink both at once without taking them apart first. out: 4 channels, the fourth left as it
  // is.
  bool shrinks_rows() const { return shrink_rows_; }
  void ShrinkYuy2(const Resampler& chroma, const uint8_t* in, size_t in_stride, uint8_t* out, size_t out_stride);

 private:
  void SumRows(const uint8_t* in, size_t in_stride, size_t row_size, int y);
  void Shrink(const uint8_t* in, size_t in_stride, int channels, uint8_t* out, size_t out_stride);
  void Enlarge(const uint8_t* in, size_t in_stride, int channels, uint8_t* out, size_t out_stride);

  int in_width_ = 0, in_height_ = 0, out_width_ = 0, out_height_ = 0;
  Span x_span_, y_span_;
  bool shrink_rows_ = false;
  Taps x_, y_;
  std::vector<uint16_t> sums_;    // one input row, weighted vertically
  std::vector<uint8_t> rows_[2];  // two stretched rows, to interpolate between
};

}  // namespace scrim::image
