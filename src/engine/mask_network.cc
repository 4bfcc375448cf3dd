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
                                                           const MaskOptions& options) {
  if (density == graph::Density{}) density = model.density;
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<nn::Program> program, nn::Program::Compile(model, density, program_options));
  InputSpec input;
  input.normalisation = {model.input_scale, model.input_offset};
  input.previous_mask = model.previous_mask;
  return Create(std::move(program), input, options);
}

StatusOr<std::unique_ptr<MaskNetwork>> MaskNetwork::Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                           const MaskOptions& options) {
  const int expected = input.previous_mask ? 4 : 3, channels = program->input().channels;
  if (channels != expected) {
    return Unsupported("model: the network has " + std::to_string(channels) + " input channels, its description says " +
                       std::to_string(expected));
  }
  return std::unique_ptr<MaskNetwork>(new MaskNetwork(std::move(program), input, options));
}

MaskNetwork::MaskNetwork(std::unique_ptr<nn::Program> program, const InputSpec& input, const MaskOptions& options)
    : program_(std::move(program)),
      input_(input),
      stabiliser_(options.stabiliser),
      regions_(options.regions),
      steady_share_(options.steady_share),
      previous_levels_(options.previous_levels) {
  const nn::TensorView tensor = program_->input();
  mask_.Resize(tensor.width, tensor.height);
  previous_.Resize(tensor.width, tensor.height);
}

void MaskNetwork::Reset() {
  warm_ = false;
  stabiliser_.Reset();
  regions_.Reset();
}

void MaskNetwork::Continue(const image::Floats& mask) {
  previous_ = ResizeMask(mask, mask_.width(), mask_.height());
  warm_ = true;
}

void MaskNetwork::WriteInput(const image::Bytes& picture) {
  const nn::TensorView tensor = program_->input();
  Normalise(picture, input_.normalisation, tensor.data, tensor.row_stride, tensor.pixel_stride);
  if (!input_.previous_mask) return;
  const matte::PreviousLevels levels = previous_levels_;  // a copy that `out` cannot alias: divides once
  for (int y = 0; y < tensor.height; ++y) {
    float* out = tensor.data + tensor.row_stride * y + 3;
    const float* in = previous_.row(y);
    for (int x = 0; x < tensor.width; ++x)
      out[x * tensor.pixel_stride] = warm_ ? levels(in[x]) * (1 - stabiliser_.Doubt(x, y)) : 0.f;
  }
}

Status MaskNetwork::ReadMask() {
  const float* output = program_->output();
  bool finite = true;
  for (size_t i = 0; i < mask_.size(); ++i) {
    finite &= std::isfinite(output[i]);
    mask_.data()[i] = std::clamp(output[i], 0.f, 1.f);
  }
  return finite ? Status() : Internal("model: the network's output is not a number; is the model damaged?");
}

Status MaskNetwork::Run(const image::Bytes& picture) {
  Stopwatch watch;
  ++runs_;
  stabiliser_.Look(picture);
  const double look_ms = watch.Lap();
  WriteInput(picture);
  program_->Run();
  Status status = ReadMask();
  network_ms_ = watch.Lap();
  if (!status.ok()) {
    Reset();
    return status;
  }
  steady_ = mask_;
  stabiliser_.Process(picture, &steady_);
  regions_.Process(&steady_);
  for (size_t i = 0; i < mask_.size(); ++i)
    previous_.data()[i] = mask_.data()[i] + steady_share_ * (steady_.data()[i] - mask_.data()[i]);
  warm_ = true;
  stabiliser_ms_ = look_ms + watch.Lap();
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
