// A frame of any format, stretched to a small picture: what the network, the guide and the room's blur start from.
// Colour conversion happens on the small picture, where it costs next to nothing.
#pragma once

#include "image/frame.h"
#include "image/resample.h"

namespace scrim::image {

// Keeps tables and scratch between frames. Not thread-safe.
class Sampler {
 public:
  // Stretches the whole frame (no letterbox) to out->width() × out->height() pixels of 4 channels: the frame's own
  // three colour components (R, G, B or Y, U, V) and 255. The frame must be valid.
  void Sample(const ConstFrameView& frame, Bytes* out);

 private:
  void SamplePlane(const uint8_t* plane, size_t stride, int channels, int first, Resampler* resampler, Bytes* out);

  Resampler luma_, chroma_;
  Bytes small_;
  Bytes split_[3];  // Y, U and V of a YUY2 frame
};

// What Sample gave for a frame of this format, as R, G, B, 255. In place.
void NativeToRgb(PixelFormat format, YuvMatrix matrix, Bytes* picture);

// The luma of such a picture, on the scale of the frame's own Y where it has one. out: one channel, resized.
void NativeToLuma(PixelFormat format, const Bytes& picture, Bytes* out);

// The way back: stretches a small picture in the frame's own components to a whole frame, alpha 255.
class Expander {
 public:
  void Expand(const Bytes& picture, const FrameView& out);

 private:
  void ExpandPlane(const Bytes& picture, int first, int channels, Resampler* resampler, uint8_t* plane, size_t stride);

  Resampler luma_, chroma_;
  Bytes small_;
  Bytes split_[3];
};

// out[i] = in[i]·scale[c] + offset[c] for the first three channels of a 4-channel picture, into channels-last floats
// whose pixels lie pixel_stride and rows row_stride floats apart.
struct Normalisation {
  std::array<float, 3> scale{1 / 127.5f, 1 / 127.5f, 1 / 127.5f};
  std::array<float, 3> offset{-1.f, -1.f, -1.f};
};
void Normalise(const Bytes& in, const Normalisation& normalisation, float* out, size_t row_stride, size_t pixel_stride);

}  // namespace scrim::image
