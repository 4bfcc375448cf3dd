// Frame in, alpha out: sampling, network, stabiliser and refinement in order.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "graph/model.h"
#include "image/frame.h"
#include "image/sampler.h"
#include "matte/refiner.h"
#include "matte/stabiliser.h"
#include "nn/program.h"

namespace scrim::engine {

struct SegmenterOptions {
  graph::Density density;  // the network's input size; 0×0: the model's own
  std::string target;      // SIMD target of the network; empty: the best
  int threads = 1;         // that run the network, the caller's included; 1 to 64
  matte::StabiliserOptions stabiliser;
  matte::RefinerOptions refiner;
};

// What the last frame cost, in milliseconds.
struct StageTimes {
  double sample = 0;  // frame to network input
  double network = 0;
  double matte = 0;    // stabiliser and refinement
  double compose = 0;  // background and blending; VirtualBackground only
  double total() const { return sample + network + matte + compose; }
};

// How frames become the network's input.
struct InputSpec {
  image::Normalisation normalisation;
  bool previous_mask = false;
};

// Keeps the previous mask and all scratch memory; a frame of the same size and format allocates nothing. One frame at a
// time: not thread-safe.
class Segmenter {
 public:
  // The errors of nn::Program::Compile; kUnsupported where the network's input is not what the model says.
  static StatusOr<std::unique_ptr<Segmenter>> Create(const graph::Model& model, const SegmenterOptions& options = {});
  static StatusOr<std::unique_ptr<Segmenter>> Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                     const SegmenterOptions& options = {});

  // alpha: resized to the frame, 0 room to 255 person. Errors: kInvalidArgument for an impossible frame, kInternal when
  // the network gives values that are not numbers; then alpha is all 0 (or empty) and the next frame starts cold.
  Status Process(const image::ConstFrameView& frame, image::Bytes* alpha);

  // Forgets the previous mask: the next frame is the first of another clip.
  void Reset();

  // The network's last mask as it came, 0..1, at the network's size.
  const image::Floats& mask() const { return mask_; }
  const nn::Program& program() const { return *program_; }
  nn::Program& program() { return *program_; }
  const StageTimes& times() const { return times_; }

 private:
  Segmenter(std::unique_ptr<nn::Program> program, const InputSpec& input, const SegmenterOptions& options);
  void WriteInput(const image::ConstFrameView& frame);
  Status ReadMask();

  std::unique_ptr<nn::Program> program_;
  InputSpec input_;
  image::Sampler sampler_;
  matte::Stabiliser stabiliser_;
  matte::Refiner refiner_;
  image::Bytes picture_, luma_;  // the frame at the network's size
  image::Floats mask_, steady_;
  bool warm_ = false;  // mask_ is of the frame before
  StageTimes times_;
};

}  // namespace scrim::engine
