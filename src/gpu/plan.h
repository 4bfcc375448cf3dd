// Work for a GPU as plain data: WGSL kernels, buffers, and the dispatches that run kernels on buffers, in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace scrim::gpu {

// What a kernel is bound to: bytes of a buffer, or a picture that the executor has at hand for each frame.
struct Binding {
  static constexpr int kFrame = -1;       // the camera's picture, an external texture
  static constexpr int kBackground = -2;  // texture_2d<f32> of the frame's size
  static constexpr int kPicture = -3;     // texture_storage_2d<rgba8unorm, write>: what leaves
  int buffer = 0;                         // of Plan::buffers, or one of these
  size_t offset = 0, size = 0;            // in bytes; size 0: all of the buffer
};

struct Kernel {
  std::string name;  // of its file
  std::string code;  // WGSL; the entry point is `main`, binding i of group 0 the dispatch's i-th
};

struct Buffer {
  size_t bytes = 0;       // a multiple of 16
  bool constant = false;  // holds Plan::constants; the others begin as zeros
};

struct Dispatch {
  int kernel = 0;
  std::vector<Binding> bindings;
  std::array<int, 3> groups{1, 1, 1};  // workgroups
  std::string name;                    // the graph's nodes that it stands for, joined by '+'
};

struct Plan {
  std::vector<Kernel> kernels;
  std::vector<Buffer> buffers;
  std::vector<Dispatch> dispatches;
  std::vector<uint8_t> constants;        // packed weights
  std::map<std::string, int> named;      // buffers that somebody outside writes or reads, by name
  std::vector<std::string> unsupported;  // nodes that this plan cannot run, with the reason; it must not run then
  // What the dispatches move if each of them reads or writes once what it is bound to.
  size_t bytes_moved = 0;
};

// The plan without its constants as JSON, for the executor.
std::string ToJson(const Plan& plan);

}  // namespace scrim::gpu
