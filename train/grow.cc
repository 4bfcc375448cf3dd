#include "grow.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace scrim::train {
namespace {

using graph::Node;
using graph::Op;

// For each channel of a value of the new network the one of the same value in the old network; -1: none.
using Origins = std::vector<int>;

const Node* Find(const graph::Graph& graph, const std::string& name) {
  const auto it = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& n) { return n.name == name; });
  return it == graph.nodes.end() ? nullptr : &*it;
}

Origins First(int channels, int old_channels) {
  Origins origins(static_cast<size_t>(channels), -1);
  std::iota(origins.begin(), origins.begin() + std::min(channels, old_channels), 0);
  return origins;
}

// Channels of every value, which do not depend on the picture's size.
std::vector<int> Channels(const graph::Graph& graph) {
  std::vector<int> channels;
  const auto shapes = graph::InferShapes(graph, 64, 64);
  if (shapes.ok())
    for (const graph::Shape& shape : *shapes) channels.push_back(shape.c);
  return channels;
}

struct Kernel {
  int h = 1, w = 1;
  size_t size() const { return size_t(h) * size_t(w); }
};

// A kernel in the middle of a larger one, with zeros around it, or the middle of it where that one is smaller.
void CopyKernel(const float* source, Kernel from, float* target, Kernel to) {
  const int top = (to.h - from.h) / 2, left = (to.w - from.w) / 2;
  for (int y = 0; y < to.h; ++y)
    for (int x = 0; x < to.w; ++x) {
      const int sy = y - top, sx = x - left;
      const bool inside = sy >= 0 && sy < from.h && sx >= 0 && sx < from.w;
      target[y * to.w + x] = inside ? source[sy * from.w + sx] : 0.f;
    }
}

// Copies old[o][i] to new[out[o]][in[i]], a kernel each. Old channels read new ones with weight zero.
int64_t CopyMatrix(const std::vector<float>& old, const Origins& out, const Origins& in, size_t old_in, Kernel from,
                   Kernel kernel, std::vector<float>* to) {
  int64_t taken = 0;
  for (size_t o = 0; o < out.size(); ++o) {
    if (out[o] < 0) continue;
    for (size_t i = 0; i < in.size(); ++i) {
      float* target = to->data() + (o * in.size() + i) * kernel.size();
      if (in[i] < 0) {
        std::fill(target, target + kernel.size(), 0.f);
        continue;
      }
      CopyKernel(old.data() + (size_t(out[o]) * old_in + size_t(in[i])) * from.size(), from, target, kernel);
      taken += static_cast<int64_t>(std::min(from.size(), kernel.size()));
    }
  }
  return taken;
}

}  // namespace

int64_t Grow(const graph::Graph& from_graph, const graph::Weights& from, const graph::Graph& to_graph,
             graph::Weights* to) {
  const std::vector<int> channels = Channels(to_graph), old_channels = Channels(from_graph);
  if (channels.empty() || old_channels.empty()) return 0;
  int64_t taken = 0;
  std::vector<Origins> origins;
  for (size_t n = 0; n < to_graph.nodes.size(); ++n) {
    const Node& node = to_graph.nodes[n];
    const Node* old = Find(from_graph, node.name);
    const auto of_input = [&](size_t k) -> const Origins& { return origins[size_t(node.inputs[k])]; };
    const auto old_count = [&](int index) { return old_channels[size_t(index)]; };
    const auto copy = [&](const std::string& suffix, const Origins& out, const Origins& in) {
      const auto source = from.find(node.name + suffix);
      const auto target = to->find(node.name + suffix);
      if (source == from.end() || target == to->end()) return;
      const std::vector<int>&a = source->second.dims, &b = target->second.dims;
      if (a.size() != b.size()) return;
      const auto kernel = [](const std::vector<int>& dims) {
        return dims.size() == 4 ? Kernel{dims[2], dims[3]} : Kernel{};
      };
      const size_t old_in = a.size() == 4 ? size_t(a[1]) : 1;
      const int64_t copied =
          CopyMatrix(source->second.data, out, in, old_in, kernel(a), kernel(b), &target->second.data);
      if (suffix != ".mean" && suffix != ".variance") taken += copied;
    };
    Origins out;
    // Of another stride, it reads other values.
    if (old == nullptr || old->op != node.op || old->conv.stride != node.conv.stride) {
      out.assign(size_t(channels[n]), -1);
      if (!node.inputs.empty() && node.op != Op::kConv && node.op != Op::kConcat) out = of_input(0);
      out.resize(size_t(channels[n]), -1);
    } else if (node.op == Op::kConv && node.conv.groups == 1) {
      out = First(channels[n], old->conv.out_channels);
      copy(".weight", out, of_input(0));
      copy(".bias", out, {0});
    } else if (node.op == Op::kConv) {  // depthwise
      out = of_input(0);
      copy(".weight", out, {0});
      copy(".bias", out, {0});
    } else if (node.op == Op::kConcat) {
      int offset = 0;
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        for (const int origin : of_input(k)) out.push_back(origin < 0 ? -1 : offset + origin);
        if (k < old->inputs.size()) offset += old_count(old->inputs[k]);
      }
    } else if (node.inputs.empty() || channels[n] != int(of_input(0).size())) {  // the input; means and maxima
      out = First(channels[n], old_count(int(old - from_graph.nodes.data())));
    } else {
      out = of_input(0);
      if (node.op == Op::kBatchNorm)
        for (const char* suffix : {".scale", ".offset", ".mean", ".variance"}) copy(suffix, out, {0});
    }
    // What a further residual block adds to is still what it was.
    if (node.op == Op::kAdd)
      for (size_t c = 0; c < out.size(); ++c)
        if (out[c] < 0) out[c] = of_input(1)[c];
    origins.push_back(std::move(out));
  }
  return taken;
}

}  // namespace scrim::train
