#include "engine/mask_network.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/stopwatch.h"
#include "image/resample.h"

namespace scrim::engine {

StatusOr<std::unique_ptr<MaskNetwork>> MaskNetwork::Create(const graph::Model& model, graph::Density density,
                                                           const nn::ProgramOptions& program_options,
                                                           const matte::MaskLoopOptions& options) {
  if (density == graph::Density{}) density = model.density;
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<nn::Program> program, nn::Program::Compile(model, density, program_options));
  InputSpec input;
  input.normalisation = {model.input_scale, model.input_offset};
  input.previous_mask = model.previous_mask;
  input.previous_mask_rule = model.previous_mask_rule;
  return Create(std::move(program), input, options, model.planes);
}

StatusOr<std::unique_ptr<MaskNetwork>> MaskNetwork::Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                           const matte::MaskLoopOptions& options,
                                                           std::vector<std::string> planes) {
  const int expected = input.previous_mask ? 4 : 3, channels = program->input().channels;
  if (channels != expected) {
    return Unsupported("model: the network has " + std::to_string(channels) + " input channels, its description says " +
                       std::to_string(expected));
  }
  return std::unique_ptr<MaskNetwork>(new MaskNetwork(std::move(program), input, options, std::move(planes)));
}

MaskNetwork::MaskNetwork(std::unique_ptr<nn::Program> program, const InputSpec& input,
                         const matte::MaskLoopOptions& options, std::vector<std::string> planes)
    : program_(std::move(program)),
      input_(input),
      loop_(options, input.previous_mask_rule),
      planes_(std::move(planes)),
      stabilisers_(planes_.size(), matte::Stabiliser(options.stabiliser)),
      steady_planes_(planes_.size()) {
  const nn::TensorView tensor = program_->input();
  mask_.Resize(tensor.width, tensor.height);
}

void MaskNetwork::Reset() {
  loop_.Reset();
  for (matte::Stabiliser& stabiliser : stabilisers_) stabiliser.Reset();
}

void MaskNetwork::Continue(const image::Floats& mask) {
  loop_.Continue(ResizeMask(mask, mask_.width(), mask_.height()));
}

void MaskNetwork::WriteInput(const image::Bytes& picture) {
  const nn::TensorView tensor = program_->input();
  Normalise(picture, input_.normalisation, tensor.data, tensor.row_stride, tensor.pixel_stride);
  if (input_.previous_mask)
    loop_.Show(tensor.width, tensor.height, tensor.data + 3, tensor.row_stride, tensor.pixel_stride);
}

Status MaskNetwork::ReadPlane(size_t plane, image::Floats* mask) const {
  mask->Resize(mask_.width(), mask_.height());
  const float* output = program_->output() + plane * mask_.size();
  bool finite = true;
  for (size_t i = 0; i < mask->size(); ++i) {
    finite &= std::isfinite(output[i]);
    mask->data()[i] = std::clamp(output[i], 0.f, 1.f);
  }
  return finite ? Status() : Internal("model: the network's output is not a number; is the model damaged?");
}

// Held still as the person is. A plane that nobody wanted before has no past.
Status MaskNetwork::ReadPlanes(const image::Bytes& picture) {
  for (size_t p = 1; p < planes_.size(); ++p) {
    if (!Has(wanted_, p)) {
      if (!steady_planes_[p].empty()) stabilisers_[p].Reset();
      steady_planes_[p] = {};
      continue;
    }
    SCRIM_RETURN_IF_ERROR(ReadPlane(p, &steady_planes_[p]));
    stabilisers_[p].Observe(picture);
    stabilisers_[p].Process(picture, &steady_planes_[p]);
  }
  return {};
}

Status MaskNetwork::Run(const image::Bytes& picture) {
  Stopwatch watch;
  ++runs_;
  loop_.Observe(picture);
  const double observe_ms = watch.Lap();
  WriteInput(picture);
  program_->Run();
  Status status = ReadPlane(0, &mask_);
  network_ms_ = watch.Lap();
  if (status.ok()) status = ReadPlanes(picture);
  if (!status.ok()) {
    Reset();
    return status;
  }
  loop_.Update(picture, mask_, &steady_);
  stabiliser_ms_ = observe_ms + watch.Lap();
  return {};
}

image::Floats ResizeMask(const image::Floats& mask, int width, int height) {
  if (mask.width() == width && mask.height() == height) return mask;
  image::Bytes from(mask.width(), mask.height()), to(width, height);
  for (size_t i = 0; i < mask.size(); ++i) from.data()[i] = static_cast<uint8_t>(std::lround(255 * mask.data()[i]));
  image::Resampler resampler;
  resampler.Configure(mask.width(), mask.height(), width, height);
  resampler.Run(from.data(), from.row_size(), 1, to.data(), to.row_size());
  image::Floats resized(width, height);
  for (size_t i = 0; i < resized.size(); ++i) resized.data()[i] = to.data()[i] / 255.f;
  return resized;
}

}  // namespace scrim::engine
