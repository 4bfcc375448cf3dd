#include "image/sampler.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "image/color.h"
#include "image/pixel_ops.h"

namespace scrim::image {

void Sampler::SamplePlane(const uint8_t* plane, size_t stride, int channels, int first, Resampler* resampler,
                          Bytes* out) {
  small_.Resize(out->width(), out->height(), channels);
  resampler->Run(plane, stride, channels, small_.data(), small_.row_size());
  const size_t pixels = size_t{1} * out->width() * out->height();
  for (size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < channels; ++c) out->data()[4 * i + first + c] = small_.data()[i * channels + c];
  }
}

void Sampler::Sample(const ConstFrameView& frame, Bytes* out) {
  const int width = out->width(), height = out->height();
  luma_.Configure(frame.width, frame.height, width, height);
  if (HasAlpha(frame.format)) {
    luma_.Run(frame.planes[0], frame.strides[0], 4, out->data(), out->row_size());
    if (frame.format == PixelFormat::kBgra) {
      for (size_t i = 0; i < out->size(); i += 4) std::swap(out->data()[i], out->data()[i + 2]);
    }
  } else if (frame.format == PixelFormat::kRgb) {
    SamplePlane(frame.planes[0], frame.strides[0], 3, 0, &luma_, out);
  } else {
    // With an odd side the last chroma sample reaches half a pixel beyond the picture.
    const int half_width = (frame.width + 1) / 2, half_height = (frame.height + 1) / 2;
    const bool yuy2 = frame.format == PixelFormat::kYuy2;
    chroma_.Configure(half_width, yuy2 ? frame.height : half_height, {0, frame.width / 2.0},
                      {0, yuy2 ? frame.height : frame.height / 2.0}, width, height);
    if (yuy2 && luma_.shrinks_rows()) {
      luma_.ShrinkYuy2(chroma_, frame.planes[0], frame.strides[0], out->data(), out->row_size());
    } else if (yuy2) {
      for (int p = 0; p < 3; ++p) split_[p].Resize(p == 0 ? frame.width : half_width, frame.height);
      for (int y = 0; y < frame.height; ++y) {
        SplitYuy2Row(frame.row(0, y), split_[0].row(y), split_[1].row(y), split_[2].row(y), frame.width);
      }
      for (int p = 0; p < 3; ++p) {
        SamplePlane(split_[p].data(), split_[p].row_size(), 1, p, p == 0 ? &luma_ : &chroma_, out);
      }
    } else {
      SamplePlane(frame.planes[0], frame.strides[0], 1, 0, &luma_, out);
      const int channels = frame.format == PixelFormat::kNv12 ? 2 : 1;
      for (int p = 1; p < PlaneCount(frame.format); ++p) {
        SamplePlane(frame.planes[p], frame.strides[p], channels, p, &chroma_, out);
      }
    }
  }
  for (size_t i = 3; i < out->size(); i += 4) out->data()[i] = 255;
}

void NativeToRgb(PixelFormat format, YuvMatrix matrix, Bytes* picture) {
  if (!IsYuv(format)) return;
  const YuvCoefficients& k = CoefficientsOf(matrix);
  for (size_t i = 0; i < picture->size(); i += 4) {
    uint8_t* p = picture->data() + i;
    const std::array<uint8_t, 3> rgb = YuvToRgb(k, p[0], p[1], p[2]);
    std::copy(rgb.begin(), rgb.end(), p);
  }
}

void NativeToLuma(PixelFormat format, const Bytes& picture, Bytes* out) {
  out->Resize(picture.width(), picture.height());
  if (!IsYuv(format)) return LumaRow(PixelFormat::kRgba, picture.data(), out->data(), out->size());
  for (size_t i = 0; i < out->size(); ++i) out->data()[i] = picture.data()[4 * i];
}

void Expander::ExpandPlane(const Bytes& picture, int first, int channels, Resampler* resampler, uint8_t* plane,
                           size_t stride) {
  small_.Resize(picture.width(), picture.height(), channels);
  const size_t pixels = size_t{1} * picture.width() * picture.height();
  for (size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < channels; ++c) small_.data()[i * channels + c] = picture.data()[4 * i + first + c];
  }
  resampler->Run(small_.data(), small_.row_size(), channels, plane, stride);
}

void Expander::Expand(const Bytes& picture, const FrameView& out) {
  const int width = picture.width(), height = picture.height();
  luma_.Configure(width, height, out.width, out.height);
  if (!IsYuv(out.format)) {
    ExpandPlane(picture, 0, HasAlpha(out.format) ? 4 : 3, &luma_, out.planes[0], out.strides[0]);
    if (out.format != PixelFormat::kBgra) return;
    for (int y = 0; y < out.height; ++y) {
      uint8_t* row = out.row(0, y);
      for (int x = 0; x < out.width; ++x) std::swap(row[4 * x], row[4 * x + 2]);
    }
    return;
  }
  const bool yuy2 = out.format == PixelFormat::kYuy2;
  const int half_width = (out.width + 1) / 2, half_height = (out.height + 1) / 2;
  const Span x{0, 2.0 * half_width * width / out.width};
  const Span y{0, yuy2 ? height : 2.0 * half_height * height / out.height};
  chroma_.Configure(width, height, x, y, half_width, yuy2 ? out.height : half_height);
  if (!yuy2) {
    ExpandPlane(picture, 0, 1, &luma_, out.planes[0], out.strides[0]);
    const int channels = out.format == PixelFormat::kNv12 ? 2 : 1;
    for (int p = 1; p < PlaneCount(out.format); ++p) {
      ExpandPlane(picture, p, channels, &chroma_, out.planes[p], out.strides[p]);
    }
    return;
  }
  for (int p = 0; p < 3; ++p) {
    split_[p].Resize(p == 0 ? out.width : half_width, out.height);
    ExpandPlane(picture, p, 1, p == 0 ? &luma_ : &chroma_, split_[p].data(), split_[p].row_size());
  }
  for (int row = 0; row < out.height; ++row) {
    JoinYuy2Row(split_[0].row(row), split_[1].row(row), split_[2].row(row), out.row(0, row), out.width);
  }
}

void Normalise(const Bytes& in, const Normalisation& normalisation, float* out, size_t row_stride,
               size_t pixel_stride) {
  for (int y = 0; y < in.height(); ++y) {
    const uint8_t* from = in.row(y);
    float* to = out + row_stride * y;
    for (int x = 0; x < in.width(); ++x, from += 4, to += pixel_stride) {
      for (int c = 0; c < 3; ++c) to[c] = from[c] * normalisation.scale[c] + normalisation.offset[c];
    }
  }
}

}  // namespace scrim::image
