// How a convolution's kernel slides over the pictures of a batch, and copies of rows with zeros around them.
#pragma once

#include <cstddef>
#include <vector>

#include "cpu/batch_norm.h"
#include "cpu/tensor.h"
#include "graph/graph.h"

namespace scrim::train::cpu {

// Rows of several pictures lie side by side in one wide row with zeros between them, so that rows of 4 or 8 pixels
// fill vectors, and no edge needs a condition. With a stride of s a wide row is split into s phases (columns
// p, p + s, ... of the padded picture): each tap of the kernel then reads neighbouring floats.
//
// Position j of phase p is column s * j + p of the padded picture. Outputs have the same positions.
struct Window {
  // channels: whose blocks lie in the cache together.
  Window(const graph::ConvAttributes& conv, int channels, int n, int h, int w, int out_h, int out_w);

  int kernel_h, kernel_w, stride, dilation, pad_top, pad_left;
  int n, h, w, out_h, out_w;
  int reach_x, reach_y;  // the last tap's distance, in positions
  int pictures;          // side by side
  int picture_pitch;     // positions from one to the next
  int lines;             // positions down of a block: rows of outputs
  int positions_y;       // down the whole padded picture
  size_t width;          // positions of a wide row
  // Of copies: phase after phase of one row after the other. d: of gradients, with a margin for taps to the left.
  size_t phase_pitch, row_pitch, d_margin, d_pitch;

  int source_rows() const { return stride * (lines - 1) + (kernel_h - 1) * dilation + 1; }
  int d_rows() const { return lines + reach_y; }
  size_t source_size() const { return size_t(source_rows()) * row_pitch; }  // floats of one channel's block
  size_t d_size() const { return size_t(d_rows()) * d_pitch; }
  std::vector<int> first_position;  // by phase: of those that are in the picture
};

// Values of one channel, of all pictures; what is copied is their activation, if there is one.
struct Source {
  const float* x;
  const Activation* activation;
};
inline Source SourceOf(const Tensor& x, const BatchNorm* norm, int channel) {
  return {x.channel(channel), norm == nullptr ? nullptr : &norm->activation(channel)};
}

// Gradients of one channel of outputs; if there is a batch norm behind it, x are its inputs and what is copied are its
// inputs' gradients.
struct GradientSource {
  const float *d, *x;
  const ActivationGradient* gradient;
};

// Copies rows [first, first + rows) of the padded picture, of pictures [picture, picture + count).
// `to` must hold zeros where nothing is copied to, but for the rows above and below the picture. clear: writes those,
// too; else they must be zero. Reads up to kLanes - 1 floats behind the channel.
void CopyIn(const Window& window, const Source& channel, int picture, int count, int first, int rows, bool clear,
            float* to);

// The same of gradients: rows [first, first + rows) of the output, with the margin in front.
void CopyGradientsIn(const Window& window, const GradientSource& channel, int picture, int count, int first, int rows,
                     bool clear, float* to);

// `lines` wide rows of outputs, `pitch` floats from one to the next, to rows y, y + 1, ... of the pictures.
void CopyOut(const Window& window, const float* wide, size_t pitch, int picture, int count, int y, int lines,
             float* channel);

// Lines of a wide row for each phase of columns, `pitch` floats from one to the next, to rows y, y + stride, ... of the
// input's pictures.
void CopyPhasesOut(const Window& window, const float* wide, size_t pitch, int picture, int count, int y, int lines,
                   bool accumulate, float* channel);

}  // namespace scrim::train::cpu
