#include "graph/onnx_view.h"

#include <utility>

namespace scrim::graph {
namespace {

Dimension Whole(Axis axis, int extent) { return extent == 1 ? Dimension{} : Dimension{{axis, extent, 1}}; }

// Appends, joining what lies side by side.
void Append(Dimension& to, const Atom& atom) {
  if (!to.empty() && to.back().axis == atom.axis && to.back().stride == atom.stride * atom.extent) {
    to.back() = {atom.axis, to.back().extent * atom.extent, atom.stride};
  } else {
    to.push_back(atom);
  }
}

int64_t Product(const std::vector<int64_t>& values) {
  int64_t product = 1;
  for (int64_t v : values) product *= v;
  return product;
}

}  // namespace

View PictureView(int node, const Shape& s) {
  return {node, {{}, Whole(Axis::kChannel, s.c), Whole(Axis::kRow, s.h), Whole(Axis::kColumn, s.w)}};
}

View ChannelsLastView(int node, const Shape& s) {
  return {node, {{}, Whole(Axis::kRow, s.h), Whole(Axis::kColumn, s.w), Whole(Axis::kChannel, s.c)}};
}

int Extent(const Dimension& dimension) {
  int extent = 1;
  for (const Atom& atom : dimension) extent *= atom.extent;
  return extent;
}

std::vector<int64_t> Extents(const View& view) {
  std::vector<int64_t> extents;
  for (const Dimension& dimension : view.dims) extents.push_back(Extent(dimension));
  return extents;
}

std::optional<View> Reshape(const View& view, std::vector<int64_t> dims) {
  const std::vector<int64_t> old = Extents(view);
  const int64_t size = Product(old);
  int rest = -1;
  int64_t known = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && i < old.size()) dims[i] = old[i];
    if (dims[i] == -1 && rest < 0) {
      rest = static_cast<int>(i);
      continue;
    }
    if (dims[i] < 1 || dims[i] > size / known) return std::nullopt;
    known *= dims[i];
  }
  if (rest >= 0) dims[static_cast<size_t>(rest)] = size / known;
  if (Product(dims) != size) return std::nullopt;

  Dimension atoms;
  for (const Dimension& dimension : view.dims)
    for (const Atom& atom : dimension) Append(atoms, atom);
  View to{view.node, {}};
  size_t next = 0;
  for (int64_t wanted : dims) {
    Dimension dimension;
    while (wanted > 1) {
      Atom& atom = atoms[next];
      if (wanted % atom.extent == 0) {
        dimension.push_back(atom);
        wanted /= atom.extent;
        ++next;
      } else if (atom.extent % wanted == 0) {
        const int inner = atom.extent / static_cast<int>(wanted);
        dimension.push_back({atom.axis, static_cast<int>(wanted), atom.stride * inner});
        atom.extent = inner;
        wanted = 1;
      } else {
        return std::nullopt;
      }
    }
    to.dims.push_back(std::move(dimension));
  }
  return to;
}

std::optional<View> Transpose(const View& view, const std::vector<int>& permutation) {
  const size_t rank = view.dims.size();
  View to{view.node, {}};
  std::vector<bool> used(rank);
  for (int from : permutation) {
    if (from < 0 || static_cast<size_t>(from) >= rank || used[static_cast<size_t>(from)]) return std::nullopt;
    used[static_cast<size_t>(from)] = true;
    to.dims.push_back(view.dims[static_cast<size_t>(from)]);
  }
  if (to.dims.size() != rank) return std::nullopt;
  return to;
}

bool IsWhole(const Dimension& dimension, Axis axis, int extent) { return dimension == Whole(axis, extent); }

std::optional<std::vector<int>> ChannelOrder(const View& view, const Shape& shape) {
  if (view.dims.size() != 4 || !view.dims[0].empty() || !IsWhole(view.dims[2], Axis::kRow, shape.h) ||
      !IsWhole(view.dims[3], Axis::kColumn, shape.w) || Extent(view.dims[1]) != shape.c)
    return std::nullopt;
  std::vector<int> channels{0};
  for (const Atom& atom : view.dims[1]) {
    if (atom.axis != Axis::kChannel) return std::nullopt;
    std::vector<int> outer = std::move(channels);
    channels.clear();
    for (int base : outer)
      for (int i = 0; i < atom.extent; ++i) channels.push_back(base + i * atom.stride);
  }
  return channels;
}

}  // namespace scrim::graph
