#include "engine/segmenter.h"

#include <algorithm>
#include <utility>

#include "engine/stopwatch.h"

namespace scrim::engine {

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(const graph::Model& model, const SegmenterOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> network,
                         MaskNetwork::Create(model, options.density, {options.target, options.threads}, options));
  return std::unique_ptr<Segmenter>(new Segmenter(std::move(network), options));
}

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                       const SegmenterOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<MaskNetwork> network, MaskNetwork::Create(std::move(program), input, options));
  return std::unique_ptr<Segmenter>(new Segmenter(std::move(network), options));
}

Segmenter::Segmenter(std::unique_ptr<MaskNetwork> network, const SegmenterOptions& options)
    : network_(std::move(network)), refiner_(options.refiner) {
  picture_.Resize(network_->density().width, network_->density().height, 4);
}

Status Segmenter::Process(const image::ConstFrameView& frame, image::Bytes* alpha) {
  if (Status status = Validate(frame); !status.ok()) {
    *alpha = {};
    Reset();
    return status;
  }
  Stopwatch watch;
  network_->program().Wake();
  sampler_.Sample(frame, &picture_);
  NativeToLuma(frame.format, picture_, &luma_);
  NativeToRgb(frame.format, frame.matrix, &picture_);
  times_.sample = watch.Lap();
  const Status status = network_->Run(picture_);
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
