// A kernel's arguments for some of its output rows: how threads share one instruction. Every kernel gives each output
// row the same bits whichever rows it computes beside it.
#pragma once

#include <vector>

#include "nn/kernels/conv_dot.h"
#include "nn/kernels/conv_gemm.h"
#include "nn/kernels/conv_gemm_int8.h"
#include "nn/kernels/conv_planar.h"
#include "nn/kernels/conv_quads.h"
#include "nn/kernels/depthwise.h"
#include "nn/kernels/depthwise_int8.h"
#include "nn/kernels/elementwise.h"
#include "nn/kernels/gate.h"
#include "nn/kernels/gate_int8.h"
#include "nn/kernels/layout.h"
#include "nn/kernels/pool.h"
#include "nn/kernels/pool_int8.h"
#include "nn/kernels/quantise.h"
#include "nn/kernels/resize.h"
#include "nn/kernels/resize_int8.h"

namespace scrim::nn {

struct RowRange {
  int first = 0, count = 0;
  size_t offset(size_t row_stride) const { return static_cast<size_t>(first) * row_stride; }
};

inline TensorView Rows(TensorView view, RowRange rows) {
  if (view.data != nullptr) view.data += rows.offset(view.row_stride);
  view.height = rows.count;
  return view;
}

inline ByteView Rows(ByteView view, RowRange rows) {
  if (view.data != nullptr) view.data += rows.offset(view.row_stride);
  view.height = rows.count;
  return view;
}

inline Quads Rows(Quads quads, RowRange rows) {
  if (quads.data != nullptr) quads.data += rows.offset(quads.row_stride);
  return quads;
}

inline Plane Rows(Plane plane, RowRange rows) {
  if (plane.data != nullptr) plane.data += rows.offset(plane.row_stride);
  return plane;
}

inline std::vector<Plane> Rows(std::vector<Plane> planes, RowRange rows) {
  for (Plane& plane : planes) plane = Rows(plane, rows);
  return planes;
}

template <typename Args>
void MoveResidual(Args& args, RowRange rows) {
  if (args.residual != nullptr) args.residual += rows.offset(args.residual_row_stride);
}

inline ConvGemmArgs Rows(ConvGemmArgs args, RowRange rows) {
  args.in += rows.offset(args.in_row_stride);
  args.out = Rows(args.out, rows);
  MoveResidual(args, rows);
  return args;
}

inline DepthwiseArgs Rows(DepthwiseArgs args, RowRange rows) {
  args.in += rows.offset(args.in_row_stride * static_cast<size_t>(args.stride));
  args.out = Rows(args.out, rows);
  MoveResidual(args, rows);
  return args;
}

inline ElementwiseArgs Rows(ElementwiseArgs args, RowRange rows) {
  args.a = Rows(args.a, rows), args.b = Rows(args.b, rows), args.out = Rows(args.out, rows);
  return args;
}

inline GateArgs Rows(GateArgs args, RowRange rows) {
  args.in = Rows(args.in, rows), args.out = Rows(args.out, rows), args.gate = Rows(args.gate, rows);
  return args;
}

inline ScaleArgs Rows(ScaleArgs args, RowRange rows) {
  args.in = Rows(args.in, rows), args.out = Rows(args.out, rows);
  MoveResidual(args, rows);
  return args;
}

inline ChannelStatsArgs Rows(ChannelStatsArgs args, RowRange rows) {
  args.in = Rows(args.in, rows), args.mean = Rows(args.mean, rows), args.max = Rows(args.max, rows);
  return args;
}

inline SelectArgs Rows(SelectArgs args, RowRange rows) {
  args.in = Rows(args.in, rows), args.out = Rows(args.out, rows);
  return args;
}

inline ConvGemmInt8Args Rows(ConvGemmInt8Args args, RowRange rows) {
  args.in += rows.offset(args.in_row_stride);
  args.out = Rows(args.out, rows);
  MoveResidual(args, rows);
  return args;
}

inline DepthwiseInt8Args Rows(DepthwiseInt8Args args, RowRange rows) {
  args.in += rows.offset(args.in_row_stride * static_cast<size_t>(args.stride));
  args.out = Rows(args.out, rows);
  return args;
}

inline GateInt8Args Rows(GateInt8Args args, RowRange rows) {
  args.in = Rows(args.in, rows), args.out = Rows(args.out, rows), args.gate = Rows(args.gate, rows);
  return args;
}

inline ChannelStatsInt8Args Rows(ChannelStatsInt8Args args, RowRange rows) {
  args.in = Rows(args.in, rows), args.mean = Rows(args.mean, rows), args.max = Rows(args.max, rows);
  return args;
}

inline QuantiseArgs Rows(QuantiseArgs args, RowRange rows) {
  args.real = Rows(args.real, rows), args.bytes = Rows(args.bytes, rows);
  return args;
}

inline DequantiseArgs Rows(DequantiseArgs args, RowRange rows) {
  args.real = Rows(args.real, rows), args.bytes = Rows(args.bytes, rows);
  return args;
}

inline CopyInt8Args Rows(CopyInt8Args args, RowRange rows) {
  args.in = Rows(args.in, rows), args.out = Rows(args.out, rows);
  return args;
}

inline ResizeInt8Args Rows(ResizeInt8Args args, RowRange rows) {
  args.out = Rows(args.out, rows), args.first_row += rows.first;
  return args;
}

// The table for the rows alone; it still refers to all of the input.
inline Interpolation Rows(const Interpolation& table, RowRange rows) {
  auto cut = [&](const auto& all) {
    return std::decay_t<decltype(all)>(all.begin() + rows.first, all.begin() + rows.first + rows.count);
  };
  return {cut(table.first), cut(table.second), cut(table.weight), table.in, table.doubles, table.halves};
}

}  // namespace scrim::nn
