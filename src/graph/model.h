// A model: a graph, its weights and everything that is needed to use them, as one file (*.scrim). C++17 (see
// base/status.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/previous_mask.h"

namespace scrim::graph {

struct Density {  // network input size in pixels
  int width = 0, height = 0;
  bool operator==(const Density& o) const { return width == o.width && height == o.height; }
};

// "256x144". Errors: kInvalidArgument unless both sides are 16 to 4096.
StatusOr<Density> ParseDensity(const std::string& text);

// The one whose shape is nearest to that of a picture, by the ratio of their aspects; the first of several such.
// densities: not empty.
Density NearestShape(const std::vector<Density>& densities, int width, int height);

// How a node of a quantised model runs. What its value holds, for readers in int8: real = scale * (byte - zero_point);
// both are there for nodes that run in f32, too.
struct Precision {
  bool int8 = false;
  float scale = 0.f;  // 0: never measured, nothing may read the value as bytes
  uint8_t zero_point = 0;
  bool operator==(const Precision& o) const { return int8 == o.int8 && scale == o.scale && zero_point == o.zero_point; }
};

struct Model {
  std::string name;         // "default"
  std::string description;  // one line
  std::string licence;      // terms of the weights, one line
  Graph graph;
  Weights weights;
  std::vector<Precision> precision;  // of each node; empty: everything runs in f32

  // What the input channels hold: channel c (0 red, 1 green, 2 blue) is value * scale[c] + offset[c] for 8-bit values.
  std::array<float, 3> input_scale{1 / 127.5f, 1 / 127.5f, 1 / 127.5f};
  std::array<float, 3> input_offset{-1.f, -1.f, -1.f};
  bool previous_mask = false;  // channel 3 is the previous mask, 0..1; zeros when there is none
  PreviousMaskRule previous_mask_rule;

  // What the output's planes say, the person first: the mask, for all who want only that.
  std::vector<std::string> planes{"person"};

  Density density;                 // the size it is meant for
  std::vector<Density> densities;  // all sizes that it was trained for

  std::vector<std::pair<std::string, double>> figures;  // name and value, as released: {"portrait_iou", 0.9}
};

// The model's own density and those of its others that cost about as much: other shapes of the same number of pixels.
std::vector<Density> ShapesOf(const Model& model);

// "f32", "int8", or "int8, 3 convolutions in f32".
std::string PrecisionName(const Model& model);

// How weights are stored, except those that are whole multiples of steps: they take one byte each.
enum class WeightType { kFloat32, kFloat16 };

// Reads and verifies a model: format, version, checksum, structure of the graph, every weight's shape. `what` stands
// for the file in error messages. Errors: kCorrupt, kUnsupported (another version), kNotFound and kIo (LoadModel).
StatusOr<Model> ParseModel(const uint8_t* bytes, size_t size, const std::string& what);
StatusOr<Model> LoadModel(const std::string& path);

// Writes beside the target and renames: an existing file is replaced whole or not at all.
Status SaveModel(const Model& model, WeightType type, const std::string& path);
StatusOr<std::vector<uint8_t>> SerializeModel(const Model& model, WeightType type);

}  // namespace scrim::graph
