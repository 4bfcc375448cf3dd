// The network with what it needs from frame to frame: a small picture in, a steady mask out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/planes.h"
#include "graph/model.h"
#include "image/frame.h"
#include "image/sampler.h"
#include "matte/mask_loop.h"
#include "matte/stabiliser.h"
#include "nn/program.h"

namespace scrim::engine {

// How pictures become the network's input.
struct InputSpec {
  image::Normalisation normalisation;
  bool previous_mask = false;
  graph::PreviousMaskRule previous_mask_rule;
};

class MaskNetwork;
// Makes the network for another size.
using MakeNetwork = std::function<StatusOr<std::unique_ptr<MaskNetwork>>(graph::Density)>;

// Not thread-safe.
class MaskNetwork {
 public:
  // The errors of nn::Program::Compile; kUnsupported where the network's input is not what the model says. density 0×0:
  // the model's own.
  static StatusOr<std::unique_ptr<MaskNetwork>> Create(const graph::Model& model, graph::Density density,
                                                       const nn::ProgramOptions& program,
                                                       const matte::MaskLoopOptions& options);
  // planes: what the program's output holds, by name, the person first.
  static StatusOr<std::unique_ptr<MaskNetwork>> Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                       const matte::MaskLoopOptions& options,
                                                       std::vector<std::string> planes = {"person"});

  graph::Density density() const { return {mask_.width(), mask_.height()}; }

  const std::vector<std::string>& planes() const { return planes_; }
  // Which planes are read from the next Run on; the others cost nothing.
  void Want(PlaneSet planes) { wanted_ = planes; }

  // picture: R, G, B and a fourth channel that is not read, of the network's size. kInternal when the network gives
  // values that are not numbers; the next picture starts cold then.
  Status Run(const image::Bytes& picture);
  // The mask of the last Run, and the same held still and without islands; 0..1.
  const image::Floats& mask() const { return mask_; }
  const image::Floats& steady() const { return steady_; }
  // The wanted planes of the last Run, held still; 0..1. Islands and holes of hair and skin are theirs: they stay.
  const PlaneMasks& steady_planes() const { return steady_planes_; }

  void Reset();
  // Takes the mask of another network, of any size, for the previous one.
  void Continue(const image::Floats& mask);

  uint64_t runs() const { return runs_; }
  double network_ms() const { return network_ms_; }        // of the last Run
  double stabiliser_ms() const { return stabiliser_ms_; }  // of the last Run that was no error
  nn::Program& program() { return *program_; }
  const nn::Program& program() const { return *program_; }

 private:
  MaskNetwork(std::unique_ptr<nn::Program> program, const InputSpec& input, const matte::MaskLoopOptions& options,
              std::vector<std::string> planes);
  void WriteInput(const image::Bytes& picture);
  Status ReadPlane(size_t plane, image::Floats* mask) const;
  Status ReadPlanes(const image::Bytes& picture);

  std::unique_ptr<nn::Program> program_;
  InputSpec input_;
  matte::MaskLoop loop_;
  image::Floats mask_, steady_;
  std::vector<std::string> planes_;
  PlaneSet wanted_ = 0;
  std::vector<matte::Stabiliser> stabilisers_;  // of each plane; the person's is in loop_
  PlaneMasks steady_planes_;
  uint64_t runs_ = 0;
  double network_ms_ = 0, stabiliser_ms_ = 0;
};

// A mask stretched to another size, bilinear or by areas.
image::Floats ResizeMask(const image::Floats& mask, int width, int height);

}  // namespace scrim::engine
