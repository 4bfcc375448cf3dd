// Frame in, alpha out: sampling, network, stabiliser and refinement in order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/budget.h"
#include "engine/mask_network.h"
#include "engine/matting.h"
#include "graph/model.h"
#include "image/frame.h"
#include "image/sampler.h"
#include "matte/refiner.h"
#include "matte/stabiliser.h"

namespace scrim::engine {

struct SegmenterOptions : matte::MaskLoopOptions {
  graph::Density density;  // the network's input size; 0×0: the model's own, in the shape nearest to the frame's
  std::string target;      // SIMD target of the network; empty: the best
  int threads = 1;         // that run the network, the caller's included; 1 to 64
  matte::RefinerOptions refiner;
  double budget_ms = 0;  // of work for a frame, in all stages together, held by lowering the density; 0: none
};

// The densities that frames may be looked at with, the best first: the one that the options name, or the model's
// shapes.
std::vector<graph::Density> ShapesFor(const graph::Model& model, const SegmenterOptions& options);

// Every frame waits for its own mask. Keeps the previous mask and all scratch memory; a frame of the same size and
// format allocates nothing. The first frame of another shape, or at another density for a budget's sake, may make
// another network, which is kept: 5 ms or so.
class Segmenter final : public Matting {
 public:
  // The errors of MaskNetwork::Create.
  static StatusOr<std::unique_ptr<Segmenter>> Create(std::shared_ptr<const graph::Model> model,
                                                     const SegmenterOptions& options = {});
  static StatusOr<std::unique_ptr<Segmenter>> Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                     const SegmenterOptions& options = {},
                                                     std::vector<std::string> planes = {"person"});

  // Errors: kInvalidArgument for an impossible frame, kInternal when the network gives values that are not numbers; the
  // next frame starts cold then.
  Status Process(const image::ConstFrameView& frame, image::Bytes* alpha) override;
  void Reset() override { network_->Reset(); }
  void AddCompose(double ms) override { times_.compose = ms; }
  const std::vector<std::string>& planes() const override { return network_->planes(); }
  void Want(PlaneSet planes) override { wanted_ = planes; }
  const image::BoxedAlpha& plane(size_t plane) const override { return plane_alphas_.of(plane); }

  const image::Floats& mask() const override { return network_->mask(); }
  graph::Density density() const override { return network_->density(); }
  uint64_t masks() const override { return network_->runs(); }
  const StageTimes& times() const override { return times_; }
  const nn::Program& program() const { return network_->program(); }
  nn::Program& program() { return network_->program(); }

 private:
  Segmenter(std::unique_ptr<MaskNetwork> network, const SegmenterOptions& options);
  Status FitShape(int width, int height);
  void KeepBudget();
  StatusOr<MaskNetwork*> NetworkFor(graph::Density density);

  std::vector<std::unique_ptr<MaskNetwork>> networks_;
  MaskNetwork* network_;                       // the one in use
  std::shared_ptr<const graph::Model> model_;  // null: there is but one network, and
  std::vector<graph::Density> shapes_;         // no choice
  SegmenterOptions options_;
  graph::Density best_;  // the one in use while no budget lowers it
  std::optional<BudgetController> budget_;
  image::Sampler sampler_;
  matte::Refiner refiner_;
  PlaneSet wanted_ = 0;
  PlaneAlphas plane_alphas_;
  image::Bytes picture_, luma_;  // the frame at the network's size
  StageTimes times_;
};

}  // namespace scrim::engine
