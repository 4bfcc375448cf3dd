// Convolutions of few outputs, or of one: several rows of an output at a time share what they read.
#pragma once

#include <cstddef>

#include "graph/graph.h"

namespace scrim::train::cpu {

inline constexpr int kMostKernel = 7;

// Square kernels of 3, 5 or 7; a stride of 1, or of 2 without dilation.
bool RowsSupport(const graph::ConvAttributes& conv);

// Rows of a source: of a stride's phases, or of gradients. A kernel's rows are `dilation` of them apart.
struct Rows {
  const float* data;
  size_t pitch;
  int dilation;
};

// Line y of the output, vector after vector, is the sum over `count` columns and `height` taps k of
// weights[column * height + k] * row (stride * y + dilation * k), read from columns[column] on. Columns of several
// channels may follow each other. height: 1 to 5, or 7; with a stride of 2 one that RowsSupport names.
void SumRows(const Rows& rows, int stride, int height, const ptrdiff_t* columns, int count, const float* weights,
             int lines, int vectors, float* out, size_t out_pitch);

// Adds to the gradients of a kernel × kernel weights: tap (k, column) gets the products of row (stride * y + dilation *
// k), from columns[column] on, and line y of d.
void AddRowProducts(const Rows& rows, int stride, int kernel, const ptrdiff_t* columns, const float* d, size_t d_pitch,
                    int lines, int vectors, float* weight_gradient);

}  // namespace scrim::train::cpu
