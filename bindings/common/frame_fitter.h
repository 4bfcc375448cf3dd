// Decoded frames of any kind as frames that can be drawn on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "common/av.h"
#include "common/tone_map.h"

namespace scrim {

// A chain of libavfilter's elements, made anew when frames change.
class FilterChain {
 public:
  // frame: any; out: what the chain makes of it, with the frame's times.
  Status Run(const AVFrame& frame, const std::string& description, AVFrame* out);

 private:
  Av<AVFilterGraph> graph_;
  AVFilterContext *in_ = nullptr, *out_ = nullptr;
  std::string key_;
};

// Every frame comes out upright, with 8 bits, as AV_PIX_FMT_YUV420P in BT.601's or BT.709's colours (HDR and wide
// primaries become BT.709) or, where frames have alpha, as AV_PIX_FMT_RGBA; all in the size of the first one. Rows go
// down.
class FrameFitter {
 public:
  struct Options {
    bool even = false;                                     // sides are cut to even numbers, for 4:2:0
    bool mirror = false;                                   // left and right are exchanged
    std::optional<std::array<int32_t, 9>> display_matrix;  // of the stream
  };
  explicit FrameFitter(const Options& options) : options_(options) {}

  Status Fit(const AVFrame& in, AVFrame* out);

 private:
  std::string Turning(const AVFrame& in) const;

  Options options_;
  int width_ = 0, height_ = 0;  // of what comes out; 0: nothing did yet
  bool alpha_ = false;
  FilterChain to_ten_bits_, fitted_;
  std::unique_ptr<ToneMap> tone_map_;
};

// The matrix by which frames of unknown colours are taken: BT.709 above standard definition's 576 rows.
bool IsBt709(AVColorSpace matrix, int height);

}  // namespace scrim
