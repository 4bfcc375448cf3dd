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
  if (segmenter->shapes_.size() > 1) segmenter->model_ = std::move(model), segmenter->options_ = options;
  return segmenter;
}

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                       const SegmenterOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> network, MaskNetwork::Create(std::move(program), input, options));
  return std::unique_ptr<Segmenter>(new Segmenter(std::move(network), options));
}

Segmenter::Segmenter(std::unique_ptr<MaskNetwork> network, const SegmenterOptions& options)
    : network_(network.get()), refiner_(options.refiner) {
  networks_.push_back(std::move(network));
}

// Another shape is another source: its first frame is cold.
Status Segmenter::FitShape(int width, int height) {
  if (model_ == nullptr) return {};
  const graph::Density wanted = graph::NearestShape(shapes_, width, height);
  if (wanted == network_->density()) return {};
  auto found = std::find_if(networks_.begin(), networks_.end(), [&](auto& n) { return n->density() == wanted; });
  if (found == networks_.end()) {
    SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> made,
                           MaskNetwork::Create(*model_, wanted, {options_.target, options_.threads}, options_));
    networks_.push_back(std::move(made));
    found = networks_.end() - 1;
  }
  network_ = found->get();
  network_->Reset();
  return {};
}

Status Segmenter::Process(const image::ConstFrameView& frame, image::Bytes* alpha) {
  if (Status status = Validate(frame); !status.ok()) {
    *alpha = {};
    Reset();
    return status;
  }
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
  Status status = network_->Run(picture_);
  times_.network = network_->network_ms();
  if (!status.ok()) {
    alpha->Resize(frame.width, frame.height);
    std::fill(alpha->data(), alpha->data() + alpha->size(), uint8_t{0});
    return status;
  }
  watch.Lap();
  refiner_.Process(network_->steady(), luma_, frame, alpha);
  times_.matte = network_->stabiliser_ms() + watch.Lap();
  return {};
}

}  // namespace scrim::engine
