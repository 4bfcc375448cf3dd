// A model compiled for one input size, ready to run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/model.h"
#include "nn/tensor_view.h"

namespace scrim::nn {

struct ProgramOptions {
  std::string target;  // SIMD target by Highway's name ("AVX3", "AVX2", "SSE4"); empty: the best that the CPU has
  // 1 to 64. More than one: each Run wakes the others, they share the rows of every large step and sleep again. The
  // result is the same, bit for bit. A build without threads (WebAssembly) leaves all to the caller.
  int threads = 1;
};

// Not thread-safe: one Program serves one caller at a time. Owns all its memory and threads; Run allocates nothing.
class Program {
 public:
  // Errors: kUnsupported names the node that no kernel runs, or the unknown target; kInvalidArgument an impossible
  // size.
  static StatusOr<std::unique_ptr<Program>> Compile(const graph::Model& model, graph::Density density,
                                                    const ProgramOptions& options = {});
  virtual ~Program() = default;

  // Where the caller writes the whole input before each Run, which uses its memory for other values too:
  // height × width × channels, normalised as the model says.
  virtual TensorView input() = 0;
  // Run follows within a millisecond: threads that share it may wake up while the caller writes the input.
  virtual void Wake() {}
  virtual void Run() = 0;
  // The result of the last Run: planes × height × width probabilities, row by row without gaps; valid until the next
  // Run.
  virtual const float* output() const = 0;

  virtual int64_t macs() const = 0;             // multiply-accumulates of all convolutions
  virtual size_t activation_bytes() const = 0;  // size of the static memory plan
  virtual size_t weight_bytes() const = 0;      // packed weights
  virtual const char* target() const = 0;       // SIMD target in use

  struct Step {
    std::string name;  // the graph's node, with what was fused into it
    std::string kernel;
    int64_t macs = 0;
    double milliseconds = 0;  // of the last RunTimed
  };
  // Runs once on the calling thread and times every step (for `scrim bench --steps`).
  virtual std::vector<Step> RunTimed() = 0;
};

// Runs the graph node by node in plain scalar C++: the reference that every kernel and the whole Program are compared
// with. input: channels-last, without gaps. Returns every node's value, channels-last, indexed as graph.nodes.
StatusOr<std::vector<std::vector<float>>> RunReference(const graph::Graph& graph, const graph::Weights& weights,
                                                       int height, int width, const std::vector<float>& input);

// The same for a quantised model all of whose instructions run in int8, fused as the engine fuses them: the bytes
// inside are those of every target, bit by bit. Returns the output's values. Errors: kUnsupported names what runs in
// f32.
StatusOr<std::vector<float>> RunQuantisedReference(const graph::Model& model, graph::Density density,
                                                   const std::vector<float>& input);

// SIMD targets compiled in and supported by this CPU, best first, by Highway's names.
std::vector<std::string> SupportedTargets();

}  // namespace scrim::nn
