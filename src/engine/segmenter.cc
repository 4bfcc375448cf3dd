#include "engine/segmenter.h"

#include <algorithm>
#include <utility>

#include "engine/stopwatch.h"

namespace scrim::engine {

std::vector<graph::Density> ShapesFor(const graph::Model& model, const SegmenterOptions& options) {
  if (!(options.density == graph::Density{})) return {options.density};
  return graph::ShapesOf(model);
}

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(std::shared_ptr<const graph::Model> model,
                                                       const SegmenterOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> network,
                         MaskNetwork::Create(*model, options.density, {options.target, options.threads}, options));
  std::unique_ptr<Segmenter> segmenter(new Segmenter(std::move(network), options));
  segmenter->shapes_ = ShapesFor(*model, options);
  segmenter->options_ = options;
  if (segmenter->shapes_.size() > 1 || options.budget_ms > 0) segmenter->model_ = std::move(model);
  if (options.budget_ms > 0) segmenter->budget_.emplace(SizeLevels(segmenter->best_));
  return segmenter;
}

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                       const SegmenterOptions& options,
                                                       std::vector<std::string> planes) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> network,
                         MaskNetwork::Create(std::move(program), input, options, std::move(planes)));
  return std::unique_ptr<Segmenter>(new Segmenter(std::move(network), options));
}

Segmenter::Segmenter(std::unique_ptr<MaskNetwork> network, const SegmenterOptions& options)
    : network_(network.get()), best_(network->density()), refiner_(options.refiner) {
  networks_.push_back(std::move(network));
}

StatusOr<MaskNetwork*> Segmenter::NetworkFor(graph::Density density) {
  auto found = std::find_if(networks_.begin(), networks_.end(), [&](auto& n) { return n->density() == density; });
  if (found != networks_.end()) return found->get();
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> made,
                         MaskNetwork::Create(*model_, density, {options_.target, options_.threads}, options_));
  networks_.push_back(std::move(made));
  return networks_.back().get();
}

// Another shape is another source: its first frame is cold.
Status Segmenter::FitShape(int width, int height) {
  if (model_ == nullptr || shapes_.size() < 2) return {};
  const graph::Density wanted = graph::NearestShape(shapes_, width, height);
  if (wanted == best_) return {};
  SCRIM_ASSIGN_OR_RETURN(network_, NetworkFor(wanted));
  network_->Reset();
  best_ = wanted;
  if (budget_) budget_.emplace(SizeLevels(best_));
  return {};
}

// The frame before is complete now: what it cost decides about this one.
void Segmenter::KeepBudget() {
  if (!budget_ || times_.network == 0) return;
  budget_->Add(times_.sample + times_.matte + times_.compose, times_.network, network_->density(), options_.budget_ms);
  times_ = {};
  if (budget_->level().density == network_->density()) return;
  auto made = NetworkFor(budget_->level().density);
  if (!made.ok()) {
    budget_->Refuse();
    return;
  }
  (*made)->Reset();
  (*made)->Continue(network_->mask());
  network_ = *made;
}

Status Segmenter::Process(const image::ConstFrameView& frame, image::Bytes* alpha) {
  plane_alphas_.Clear();
  if (Status status = Validate(frame); !status.ok()) {
    *alpha = {};
    Reset();
    return status;
  }
  KeepBudget();
  if (Status status = FitShape(frame.width, frame.height); !status.ok()) {
    *alpha = {};
    return status;
  }
  Stopwatch watch;
  picture_.Resize(network_->density().width, network_->density().height, 4);
  network_->program().Wake();
  sampler_.Sample(frame, &picture_);
  NativeToLuma(frame.format, picture_, &luma_);
  NativeToRgb(frame.format, frame.matrix, &picture_);
  times_.sample = watch.Lap();
  network_->Want(wanted_);
  Status status = network_->Run(picture_);
  times_.network = network_->network_ms();
  if (!status.ok()) {
    alpha->Resize(frame.width, frame.height);
    std::fill(alpha->data(), alpha->data() + alpha->size(), uint8_t{0});
    return status;
  }
  watch.Lap();
  refiner_.Process(network_->steady(), luma_, frame, alpha);
  plane_alphas_.Refine(wanted_, network_->steady_planes(), luma_, frame, *alpha, &refiner_);
  times_.matte = network_->stabiliser_ms() + watch.Lap();
  return {};
}

}  // namespace scrim::engine
