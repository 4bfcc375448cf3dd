// How the elements of an ONNX tensor lie in one of our pictures. Reshape, Transpose and their kin move nothing here:
// they change the view, and what networks do with them (NHWC borders, channel shuffles, softmax over the last axis)
// becomes visible in it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace scrim::graph {

enum class Axis : uint8_t { kChannel, kRow, kColumn };

// A run of indices along an axis of the picture: `extent` of them, `stride` apart. Never of extent 1.
struct Atom {
  Axis axis = Axis::kChannel;
  int extent = 1, stride = 1;
  bool operator==(const Atom& o) const { return axis == o.axis && extent == o.extent && stride == o.stride; }
};

// A dimension of the tensor counts through its atoms, the last one fastest. None: extent 1.
using Dimension = std::vector<Atom>;

struct View {
  int node = -1;  // whose value it is
  std::vector<Dimension> dims;
};

View PictureView(int node, const Shape& shape);       // 1×c×h×w
View ChannelsLastView(int node, const Shape& shape);  // 1×h×w×c

int Extent(const Dimension& dimension);
std::vector<int64_t> Extents(const View& view);

// nullopt where the new dimensions cut through a run, do not hold as many elements, or the permutation is none. As in
// ONNX a dimension of -1 is what remains and 0 the old one.
std::optional<View> Reshape(const View& view, std::vector<int64_t> dims);
std::optional<View> Transpose(const View& view, const std::vector<int>& permutation);

// The dimension is the whole axis, in order.
bool IsWhole(const Dimension& dimension, Axis axis, int extent);

// Of a view of 1×c×h×w whose rows and columns are in order: the picture's channels in the order of the view.
std::optional<std::vector<int>> ChannelOrder(const View& view, const Shape& shape);

}  // namespace scrim::graph
